using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// What changes parameters: the optimizers' updates, each one pass over flat storage, with the formulas of the processor's; clipping; and the guard that
/// keeps a step whose loss is not finite from changing anything (<see cref="StepStatus"/>).
/// </summary>
internal static class UpdateKernels
{
    /// <summary>Groups that add up squares; each leaves one number.</summary>
    public const int NormParts = 256;

    public static void Sgd(ArrayView<float> w, ArrayView<float> g, ArrayView<float> direction, ArrayView<int> status, int count, SgdNumbers numbers)
    {
        if (StepStatus.IsLeftOut(status)) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            var weight = w[i];
            var gradient = g[i];
            if (numbers.WeightDecay != 0) gradient = (weight * numbers.WeightDecay) + gradient;
            if (numbers.HasDirection != 0)
            {
                // In the first step what is in the buffer means nothing, not even a number.
                var moved = gradient * numbers.Take;
                if (numbers.Keep != 0) moved = (direction[i] * numbers.Keep) + moved;
                direction[i] = moved;
                gradient = numbers.Ahead != 0 ? (moved * numbers.Ahead) + gradient : moved;
            }
            w[i] = weight - (gradient * numbers.LearningRate);
        }
    }

    public static void Adam(ArrayView<float> w, ArrayView<float> g, ArrayView<float> mean, ArrayView<float> square, ArrayView<int> status, int count, AdamNumbers numbers)
    {
        if (StepStatus.IsLeftOut(status)) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            var weight = w[i];
            var gradient = (weight * numbers.Decay) + g[i];
            var m = (mean[i] * numbers.Beta1) + (gradient * (1 - numbers.Beta1));
            var v = (square[i] * numbers.Beta2) + (gradient * gradient * (1 - numbers.Beta2));
            mean[i] = m;
            square[i] = v;
            w[i] = (weight * numbers.Shrink) - (m / ((MathF.Sqrt(v) * numbers.RootScale) + numbers.Epsilon) * numbers.StepSize);
        }
    }

    public static void Accumulate(ArrayView<float> sums, ArrayView<float> g, ArrayView<float> items, ArrayView<int> status, int count, int isFirst)
    {
        if (StepStatus.IsLeftOut(status)) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            var sum = g[i] * items[0];
            if (isFirst == 0) sum = sums[i] + sum;
            sums[i] = sum;
        }
    }

    /// <summary>One thread: the number of items so far.</summary>
    public static void Count(ArrayView<float> total, ArrayView<float> items, ArrayView<int> status, int isFirst)
    {
        if (StepStatus.IsLeftOut(status)) return;
        var before = 0f;
        if (isFirst == 0) before = total[0];
        total[0] = before + items[0];
    }

    public static void TakeMean(ArrayView<float> g, ArrayView<float> sums, ArrayView<float> total, ArrayView<float> items, ArrayView<int> status, int count)
    {
        if (StepStatus.IsLeftOut(status)) return;
        var scale = 1f / (total[0] + items[0]);
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) g[i] = (sums[i] + (g[i] * items[0])) * scale;
    }

    public static void Clamp(ArrayView<float> g, int count, float limit)
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            // A comparison with NaN is false: it stays. (As conditional values: ILGPU turns branches on comparisons into ones that hold for NaN.)
            var value = g[i];
            value = value > limit ? limit : value;
            g[i] = value < -limit ? -limit : value;
        }
    }

    /// <summary>The sum of squares of each group's share, behind those that are there.</summary>
    public static void SumSquares(ArrayView<float> g, ArrayView<float> sums, int count)
    {
        var sum = 0f;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) sum += g[i] * g[i];
        sum = default(WholeGroup).Reduce<float, SumReduction>(sum);
        if (Group.IdxX == 0) sums[Grid.IdxX] = sum;
    }

    /// <summary>One group: the norm of all gradients, and by what they are scaled (in front of the sums).</summary>
    public static void DecideScale(ArrayView<float> sums, ArrayView<float> scale, ArrayView<int> status, int parts, float limit, long step, int objective)
    {
        var sum = 0f;
        for (var i = Group.IdxX; i < parts; i += Group.DimX) sum += sums[i];
        sum = default(WholeGroup).Reduce<float, SumReduction>(sum);
        if (Group.IdxX != 0) return;
        var norm = MathF.Sqrt(sum);
        scale[0] = norm > limit ? limit / (norm + 1e-6f) : 1f;
        if (status[StepStatus.Skipped] == 0) StepStatus.Check(status, norm, step, objective, (int)FailedNumber.GradientNorm);
    }

    public static void Scale(ArrayView<float> g, ArrayView<float> scale, ArrayView<int> status, int count)
    {
        var factor = scale[0];
        if (factor == 1f || StepStatus.IsLeftOut(status)) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) g[i] *= factor;
    }

    /// <summary>One thread: looks at a loss.</summary>
    public static void CheckLoss(ArrayView<float> scalars, ArrayView<int> status, long step, int objective) =>
        StepStatus.Check(status, scalars[0] / scalars[1], step, objective, (int)FailedNumber.Loss);

    public static void MoveTowards(ArrayView<float> source, ArrayView<float> target, ArrayView<int> status, int count, float share)
    {
        if (status[StepStatus.Failed] != 0) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) target[i] = target[i] + ((source[i] - target[i]) * share);
    }

    public static void Copy(ArrayView<float> source, ArrayView<float> target, ArrayView<int> status, int count)
    {
        if (status[StepStatus.Failed] != 0) return;
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) target[i] = source[i];
    }
}

/// <summary>Where the device notes the first failure of a training, and that an update is left out: numbers of one small buffer.</summary>
internal static class StepStatus
{
    public const int Failed = 0, StepLow = 1, StepHigh = 2, Objective = 3, What = 4, Value = 5;

    /// <summary>A gradient of the objective's update is not finite; and one of this step's is.</summary>
    public const int Skipped = 6, Overflowed = 7;

    public const int Length = 8;

    /// <summary>Whether nothing is to be changed by a gradient.</summary>
    public static bool IsLeftOut(ArrayView<int> status) => (status[Failed] | status[Skipped]) != 0;

    /// <summary>Notes a value that is not finite, unless something has been noted before.</summary>
    public static void Check(ArrayView<int> status, float value, long step, int objective, int what)
    {
        var bits = Interop.FloatAsInt(value);
        var isFinite = ((int)bits & 0x7f800000) != 0x7f800000;
        if (isFinite || status[Failed] != 0) return;
        status[StepLow] = (int)step;
        status[StepHigh] = (int)(step >> 32);
        status[Objective] = objective;
        status[What] = what;
        status[Value] = (int)bits;
        status[Failed] = 1;
    }
}

/// <summary>A step of gradient descent, as the kernel takes it.</summary>
internal struct SgdNumbers
{
    public float LearningRate, WeightDecay, Keep, Take, Ahead;
    public int HasDirection;
}

/// <summary>A step of Adam, as the kernel takes it.</summary>
internal struct AdamNumbers
{
    public float Beta1, Beta2, Epsilon, Decay, Shrink, StepSize, RootScale;
}
