using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Scaled losses (<see cref="LossScale"/>): the gradients divided by the scale, a step with one that is not finite left out, and the scale of the next step, all without the host.
/// </summary>
internal static class ScalingKernels
{
    /// <summary>One thread: nothing has overflowed yet, in this step and, where it is the first of its update, in the update.</summary>
    public static void Begin(ArrayView<float> scale, ArrayView<int> status, int isFirst)
    {
        if (status[StepStatus.Failed] != 0) return;
        if (isFirst != 0) scale[LossScale.Overflowed] = 0f;
        status[StepStatus.Skipped] = Interop.FloatAsInt(scale[LossScale.Overflowed]) != 0 ? 1 : 0;
        status[StepStatus.Overflowed] = 0;
    }

    public static void Unscale(ArrayView<float> g, ArrayView<float> scale, ArrayView<int> status, int count)
    {
        // Both are powers of two: exact.
        var factor = 1f / scale[LossScale.Scale];
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX)
        {
            var value = g[i];
            // Whichever thread writes it, it is the same.
            if (((int)Interop.FloatAsInt(value) & 0x7f800000) == 0x7f800000) status[StepStatus.Overflowed] = 1;
            g[i] = value * factor;
        }
    }

    /// <summary>One thread: whether the update is left out, and the scale from now on.</summary>
    public static void Adjust(ArrayView<float> scale, ArrayView<int> status, long step, int objective)
    {
        if (status[StepStatus.Failed] != 0) return;
        var now = scale[LossScale.Scale];
        if (status[StepStatus.Overflowed] != 0)
        {
            status[StepStatus.Skipped] = 1;
            scale[LossScale.Overflowed] = 1f;
            scale[LossScale.Good] = 0f;
            // Values instead of a branch: what stands in GpuMath about comparisons.
            StepStatus.Check(status, now > LossScale.Least ? 0f : float.PositiveInfinity, step, objective, (int)FailedNumber.Gradient);
            scale[LossScale.Scale] = now > LossScale.Least ? now * 0.5f : now;
        }
        else
        {
            // Whole numbers, exact as floats.
            var good = scale[LossScale.Good] + 1f;
            var doubled = now * 2f;
            doubled = doubled > LossScale.Greatest ? LossScale.Greatest : doubled;
            scale[LossScale.Scale] = good >= LossScale.GoodSteps ? doubled : now;
            scale[LossScale.Good] = good >= LossScale.GoodSteps ? 0f : good;
        }
    }
}
