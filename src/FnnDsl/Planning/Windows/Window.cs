using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning.Windows;

/// <summary>
/// One axis p of a tensor that is read through overlapping windows: p = Stride·i + Step·u + Start for an index i of the image and an index u of the window.
/// </summary>
/// <param name="Axis">Of the tensor.</param>
/// <param name="Image">The axis of i in what was read.</param>
/// <param name="Own">The axis of u.</param>
/// <param name="Length">How many p there are.</param>
/// <param name="ImageLength">How many i.</param>
/// <param name="OwnLength">How many u.</param>
internal sealed record Window(int Axis, int Image, int Own, long Stride, long Step, Size Start, Size Length, Size ImageLength, Size OwnLength)
{
    /// <summary>
    /// The positions p = count·q + k, for each k below the count: which elements of the window reach them, and from where.
    /// </summary>
    /// <param name="count">The stride; or 1 for all positions in one phase, which reads an image with zeros between its elements.</param>
    public IReadOnlyList<WindowPhase> Phases(long count)
    {
        var phases = Enumerable.Range(0, (int)count).Select(k => Phase(k, count)).ToArray();
        // All of them read one image, with as much room around it as the one that needs most.
        var reached = phases.Where(phase => !phase.Elements.IsZero && phase.Start.TryGetConstant(out _) && phase.Elements.TryGetConstant(out _)).ToArray();
        if (reached.Length < 2) return phases;
        var before = reached.Max(phase => phase.Before.Value);
        var furthest = reached.OrderBy(phase => (phase.After - phases[0].After).Value).Last();
        return phases.Select(phase => reached.Contains(phase) ? phase with { Before = before, After = furthest.After } : phase).ToArray();
    }

    private WindowPhase Phase(long k, long count)
    {
        // u = first + every·m are those for which p leaves k; then q = (Stride/count)·i + (Step·every/count)·m + start.
        var every = count / GreatestCommonDivisor(count, Math.Abs(Step));
        for (var first = 0L; first < every; first++)
        {
            if (count > 1 && (Start.Value + Step * first - k) % count != 0) continue;
            var start = count == 1 ? Start : Size.Constant((Start.Value + Step * first - k) / count);
            return WindowPhase.Of(this, Stride / count, Step * every / count, start, first, every, Size.Divide(OwnLength - first + (every - 1), every), Size.Divide(Length + (count - 1), count));
        }
        return WindowPhase.Of(this, Stride / count, 0, Size.Zero, 0, every, Size.Zero, Size.Divide(Length + (count - 1), count));
    }

    private static long GreatestCommonDivisor(long a, long b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
