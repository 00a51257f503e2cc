using System.ComponentModel;
using System.Globalization;
using System.Numerics;
using System.Text;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// Checks at the border of the generated API, for generated code: what is known at build has been checked there, and what remains are
/// the sizes and integers of the caller's own data.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Signature
{
    /// <summary>A single number as a program takes it.</summary>
    public static Tensor<T> Scalar<T>(T value) where T : unmanaged => new([value], []);

    /// <summary>An axis must have the size that the others say.</summary>
    /// <param name="tensor">The tensor's name in the signature.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="axis">Which axis.</param>
    /// <param name="expected">Its size.</param>
    /// <param name="why">The axis as the signature writes it: <c>batch</c>.</param>
    /// <exception cref="ArgumentException">It has another size.</exception>
    public static void CheckSize(string tensor, ReadOnlySpan<int> shape, int axis, long expected, string why)
    {
        if (shape[axis] == expected) return;
        var explained = long.TryParse(why, CultureInfo.InvariantCulture, out _) ? "" : string.Create(CultureInfo.InvariantCulture, $" ({why} = {expected})");
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Axis {axis} of '{tensor}' has {shape[axis]} elements and must have {expected}{explained}; its shape is {Tensor<float>.FormatShape(shape)}."), tensor);
    }

    /// <summary>All elements must be positions on an axis, or lengths along it.</summary>
    /// <param name="tensor">The tensor's name in the signature.</param>
    /// <param name="values">The tensor.</param>
    /// <param name="bound">They must be below.</param>
    /// <param name="isLength">Whether they are lengths.</param>
    /// <exception cref="ArgumentException">One is not.</exception>
    public static unsafe void CheckIndices<T>(string tensor, Tensor<T> values, long bound, bool isLength = false)
        where T : unmanaged, IBinaryInteger<T>
    {
        var position = TensorKernels.FirstOutOfRange(values.Pointer, values.Length, bound);
        if (position >= 0) throw IndexOutside(tensor, $"element {ElementText(values.Shape, position)}", long.CreateTruncating(values.Span[(int)position]), bound, isLength);
        GC.KeepAlive(values);
    }

    /// <summary>A number must be a position on an axis, or a length along it.</summary>
    /// <param name="name">Its name in the signature.</param>
    /// <param name="value">The number.</param>
    /// <param name="bound">It must be below.</param>
    /// <param name="isLength">Whether it is a length.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static void CheckIndex(string name, long value, long bound, bool isLength = false)
    {
        if ((ulong)value >= (ulong)bound) throw IndexOutside(name, "the value", value, bound, isLength);
    }

    /// <summary>A number must be in the range of the setting of <c>sample</c> that it is given to.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static void CheckSampling(string name, double value, string setting)
    {
        var (isRight, range) = setting switch
        {
            "temperature" => (value >= 0, "at least 0"),
            "top_k" => (value >= 0, "at least 0, where 0 is all"),
            "top_p" => (value > 0 && value <= 1, "above 0 and at most 1"),
            _ => (value >= 1, "at least 1"),
        };
        if (!isRight) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"'{name}' is {value}; a sample draws by it as its '{setting}', which must be {range}."), name);
    }

    /// <summary>For a <c>where</c> that does not hold.</summary>
    /// <param name="condition">As the <c>.fnn</c> file writes it.</param>
    /// <param name="left">The number left of the comparison.</param>
    /// <param name="comparison">The comparison's sign.</param>
    /// <param name="right">The number right of it.</param>
    /// <param name="axes">What it is about: axes with their sizes, and where the caller gave those; nothing where that was a number.</param>
    public static ArgumentException GuardFailed(string condition, long left, string comparison, long right, ReadOnlySpan<(string Name, long Size, string Whence)> axes)
    {
        var message = new StringBuilder();
        message.Append(CultureInfo.InvariantCulture, $"The condition 'where {condition}' does not hold for these sizes: {left} {comparison} {right} is false.");
        foreach (var (name, size, whence) in axes)
        {
            message.Append(CultureInfo.InvariantCulture, $" '{name}' is {size}");
            message.Append(whence.Length == 0 ? "." : size == 0 ? $": {whence} is empty." : $", {whence}.");
        }
        return new ArgumentException(message.ToString());
    }

    /// <summary>For a sample without elements where there must be some.</summary>
    /// <param name="name">The tensor's name in the signature.</param>
    /// <param name="index">Which sample of the data.</param>
    /// <param name="condition">What must hold.</param>
    public static ArgumentException SampleEmpty(string name, int index, string condition) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Sample {index} is empty: it has no elements in '{name}', and the training needs some ({condition}). Leave such samples out, or fill them up to a length."));

    /// <summary>For <c>Backward</c> without a forward run.</summary>
    public static InvalidOperationException NoForwardRun() =>
        new("There is nothing to go backward through: call ForwardTraining first, once before each Backward.");

    /// <summary>For samples whose parts do not fit a tensor of the batch.</summary>
    public static ArgumentException SampleLength(string name, int index, int actual, long expected) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Sample {index} has {actual} elements in '{name}' and must have {expected}, as its type or the first sample of the batch says."));

    /// <summary>A tensor must have so many axes; asked only where its type does not say.</summary>
    /// <exception cref="ArgumentException">It has another number.</exception>
    public static void CheckRank(string tensor, ReadOnlySpan<int> shape, int expected)
    {
        if (shape.Length == expected) return;
        throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"'{tensor}' must have {expected} axes; its shape is {Tensor<float>.FormatShape(shape)}."), tensor);
    }

    /// <summary>A training step needs at least one sample.</summary>
    /// <exception cref="ArgumentException">The size is zero.</exception>
    public static void CheckNotEmpty(string axis, int size)
    {
        if (size == 0) throw new ArgumentException($"The batch is empty: {axis} is 0.");
    }

    private static ArgumentException IndexOutside(string name, string what, long value, long bound, bool isLength) =>
        new(string.Create(CultureInfo.InvariantCulture, $"In '{name}', {what} is {value}; it is used as {(isLength ? "a length" : "an index")} and must be from 0 to {bound - 1}."), name);

    private static string ElementText(ReadOnlySpan<int> shape, nint position)
    {
        var indices = new int[shape.Length];
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            indices[axis] = (int)(position % shape[axis]);
            position /= shape[axis];
        }
        return Tensor<float>.FormatShape(indices);
    }
}
