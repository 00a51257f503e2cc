using System.Globalization;

namespace FeedbackNN;

/// <summary>What typed tensors ask of their axes: is a size right, and how is it written in a message.</summary>
internal static class Axes
{
    /// <exception cref="ArgumentException">The axis has a fixed size and this is another.</exception>
    public static void CheckSize<TAxis>(ReadOnlySpan<int> shape, int axis) where TAxis : IAxis
    {
        if (TAxis.FixedSize is not { } size || shape[axis] == size) return;
        var name = IsNumber<TAxis>() ? "" : $" ({TAxis.Name})";
        throw new ArgumentException($"Axis {axis}{name} has {size} elements, but the shape given is {Tensor<float>.FormatShape(shape)}.", nameof(shape));
    }

    /// <summary><c>batch = 32</c>, or just <c>10</c> for a number.</summary>
    public static string Text<TAxis>(int size) where TAxis : IAxis
    {
        var number = size.ToString(CultureInfo.InvariantCulture);
        return IsNumber<TAxis>() ? number : $"{TAxis.Name} = {number}";
    }

    private static bool IsNumber<TAxis>() where TAxis : IAxis => TAxis.Name.Length > 0 && char.IsDigit(TAxis.Name[0]);
}
