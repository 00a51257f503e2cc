using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// How a batch is made of samples: all inputs begin with one run-time axis, and other run-time axes can be told from the lengths of the
/// first sample's parts.
/// </summary>
/// <param name="BatchAxis">The axis that counts samples.</param>
/// <param name="Others">Other run-time axes: the input whose length tells, and by what that length is divided.</param>
public sealed record SampleShape(string BatchAxis, IReadOnlyList<(string Axis, int Input, Size Divisor)> Others)
{
    /// <summary>The largest number of axes that typed tensors have.</summary>
    public const int MaximumRank = 6;

    /// <summary>Null when the training's batches cannot be made of samples.</summary>
    public static SampleShape? Of(EquatableArray<string> runtimeAxes, IReadOnlyList<BoundTensor> inputs)
    {
        if (inputs.Count == 0 || inputs.Any(input => input.Axes.Count is 0 or > MaximumRank)) return null;
        var batch = runtimeAxes.FirstOrDefault(axis => inputs.All(input => input.Axes[0].Size == Size.Axis(axis)));
        if (batch is null) return null;
        var rests = inputs.Select(input => input.Axes.Skip(1).Select(axis => axis.Size).ToList()).ToList();
        if (rests.SelectMany(rest => rest).Any(size => size.AxisNames.Contains(batch))) return null;
        var others = new List<(string, int, Size)>();
        foreach (var axis in runtimeAxes.Where(axis => axis != batch))
        {
            var input = rests.FindIndex(rest => rest.Count(size => size == Size.Axis(axis)) == 1 && rest.All(size => size.IsConstant || size == Size.Axis(axis)));
            if (input < 0) return null;
            others.Add((axis, input, Size.Product(rests[input].Where(size => size.IsConstant))));
        }
        return new SampleShape(batch, others);
    }

    /// <summary>Elements of one sample's part.</summary>
    public static Size Length(BoundTensor input) => Size.Product(input.Axes.Skip(1).Select(axis => axis.Size));
}
