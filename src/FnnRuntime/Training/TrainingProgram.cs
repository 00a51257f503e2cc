using System.Collections.Immutable;
using System.ComponentModel;

namespace FeedbackNN;

/// <summary>How a number that programs return for each batch is put together over batches.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum Accumulation
{
    /// <summary>Added up.</summary>
    Sum,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>The smallest.</summary>
    Min,

    /// <summary>Multiplied.</summary>
    Product,
}

/// <summary>A program that computes losses and metrics of a batch; for generated code.</summary>
/// <param name="program">The program.</param>
/// <param name="scalars">How each number it returns is put together over batches.</param>
/// <param name="axes">For each size it takes, which of the training's run-time sizes it is.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TrainingProgram(DeviceProgram program, ImmutableArray<Accumulation> scalars, ImmutableArray<int> axes)
{
    internal DeviceProgram Program => program;

    internal ImmutableArray<Accumulation> Scalars => scalars;

    internal ImmutableArray<int> Axes => axes;

    /// <summary>Adds a batch's numbers to those of the batches before it.</summary>
    internal void Accumulate(Span<double> total, ReadOnlySpan<double> batch, bool isFirst)
    {
        for (var i = 0; i < scalars.Length; i++)
        {
            total[i] = isFirst ? batch[i] : scalars[i] switch
            {
                Accumulation.Sum => total[i] + batch[i],
                Accumulation.Max => Math.Max(total[i], batch[i]),
                Accumulation.Min => Math.Min(total[i], batch[i]),
                _ => total[i] * batch[i],
            };
        }
    }
}
