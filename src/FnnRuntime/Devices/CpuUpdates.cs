using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>A training's changes on the processor: made at once, by the kernels of <see cref="OptimizerKernels"/>.</summary>
internal sealed unsafe class CpuUpdates(WorkerPool pool) : DeviceUpdates
{
    public override bool IsDeferred => false;

    public override void Apply(in ParameterSlice slice, in UpdateRule rule)
    {
        var first = State(slice);
        OptimizerKernels.Update(pool, rule, Parameters(slice), Gradients(slice), first, first + slice.StateStride, (nint)slice.Length);
    }

    public override void Unscale(ReadOnlySpan<ParameterSlice> slices, DeviceMemory scale, bool isFirst, long step, int objective) { }

    public override void Accumulate(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count, bool isFirst)
    {
        var items = ((float*)scalars.ForReading())[count];
        OptimizerKernels.AddScaled(pool, Sums(slice, sums), isFirst ? 0 : 1, Gradients(slice), items, 1, Sums(slice, sums), (nint)slice.Length);
    }

    public override void Count(in GradientSums sums, DeviceMemory scalars, long count, bool isFirst)
    {
        var total = (float*)sums.Memory.ForWriting() + sums.Items;
        *total = (isFirst ? 0 : *total) + ((float*)scalars.ForReading())[count];
    }

    public override void TakeMean(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count)
    {
        var items = ((float*)scalars.ForReading())[count];
        var total = ((float*)sums.Memory.ForReading())[sums.Items] + items;
        OptimizerKernels.AddScaled(pool, Sums(slice, sums), 1, Gradients(slice), items, 1 / total, Gradients(slice), (nint)slice.Length);
    }

    public override void Clamp(in ParameterSlice slice, double limit) => OptimizerKernels.Clamp(pool, Gradients(slice), (nint)slice.Length, (float)limit);

    public override double? ClipNorm(ReadOnlySpan<ParameterSlice> slices, double limit, long step, int objective)
    {
        double sum = 0;
        foreach (ref readonly var slice in slices) sum += OptimizerKernels.SumOfSquares(pool, Gradients(slice), (nint)slice.Length);
        var norm = Math.Sqrt(sum);
        if (!double.IsFinite(norm) || norm <= limit) return norm;
        // As PyTorch's clip_grad_norm_ has it, with the same small number against division by zero.
        var factor = (float)(limit / (norm + 1e-6));
        foreach (ref readonly var slice in slices) OptimizerKernels.Scale(pool, Gradients(slice), (nint)slice.Length, factor);
        return norm;
    }

    public override void Copy(DeviceMemory source, long sourceStart, DeviceMemory target, long targetStart, long count)
    {
        var bytes = count * sizeof(float);
        Buffer.MemoryCopy((float*)source.ForReading() + sourceStart, (float*)target.ForWriting() + targetStart, bytes, bytes);
    }

    public override void MoveTowards(DeviceMemory source, DeviceMemory target, double share, long count) =>
        OptimizerKernels.MoveTowards(pool, (float*)target.ForWriting(), (float*)source.ForReading(), (float)share, (nint)count);

    public override void Keep(ref DeviceMemory present, ref DeviceMemory next) => (present, next) = (next, present);

    public override void CheckLoss(DeviceMemory scalars, long start, long step, int objective) { }

    public override StepFailure? TakeFailure() => null;

    public override void Dispose() { }

    private static float* Parameters(in ParameterSlice slice) => (float*)slice.Parameters.ForWriting() + slice.Start;

    private static float* Gradients(in ParameterSlice slice) => (float*)slice.Gradients.ForWriting() + slice.Start;

    private static float* Sums(in ParameterSlice slice, in GradientSums sums) => (float*)sums.Memory.ForWriting() + slice.StateStart;

    private static float* State(in ParameterSlice slice) => slice.State is null ? null : (float*)slice.State.ForWriting() + slice.StateStart;
}
