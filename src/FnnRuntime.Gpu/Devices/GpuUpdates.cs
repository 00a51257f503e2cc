using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>A training's changes on a GPU: kernels that are handed over and not waited for. What goes wrong is noted on the device.</summary>
internal sealed class GpuUpdates : DeviceUpdates
{
    private readonly GpuDevice _device;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> _status;
    private readonly int[] _noted = new int[StepStatus.Length];
    private readonly StepGraphs _graphs;
    private MemoryBuffer1D<float, Stride1D.Dense>? _norm;

    public GpuUpdates(GpuDevice device)
    {
        (_device, _graphs) = (device, new StepGraphs(device));
        lock (device.Gate)
        {
            _status = device.Accelerator.Allocate1D<int>(StepStatus.Length);
            _status.MemSetToZero(device.Stream);
        }
    }

    public override bool IsDeferred => true;

    private ArrayView<int> Status => _status.View;

    public override void Apply(in ParameterSlice slice, in UpdateRule rule)
    {
        if (rule.IsAdaptive) Adam(slice, rule.Adam);
        else Sgd(slice, rule.Sgd);
    }

    private void Sgd(in ParameterSlice slice, in SgdStep step)
    {
        var numbers = new SgdNumbers
        {
            LearningRate = step.LearningRate,
            WeightDecay = step.WeightDecay,
            Keep = step.Keep,
            Take = step.Take,
            Ahead = step.IsNesterov ? step.Momentum : 0,
            HasDirection = step.HasDirection ? 1 : 0,
        };
        lock (_device.Gate)
        {
            var direction = step.HasDirection ? Written(slice.State!, slice.StateStart, slice.Length) : Written(slice.Parameters, slice.Start, slice.Length);
            _device.Start(UpdateKernels.Sgd, Launch.Over(slice.Length), Written(slice.Parameters, slice.Start, slice.Length), Read(slice.Gradients, slice.Start, slice.Length), direction, Status,
                (int)slice.Length, numbers);
        }
    }

    private void Adam(in ParameterSlice slice, in AdamStep step)
    {
        var numbers = new AdamNumbers
        {
            Beta1 = step.Beta1,
            Beta2 = step.Beta2,
            Epsilon = step.Epsilon,
            Decay = step.Decay,
            Shrink = step.Shrink,
            StepSize = step.StepSize,
            RootScale = step.RootScale,
        };
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.Adam, Launch.Over(slice.Length), Written(slice.Parameters, slice.Start, slice.Length), Read(slice.Gradients, slice.Start, slice.Length),
                Written(slice.State!, slice.StateStart, slice.Length), Written(slice.State!, slice.StateStart + slice.StateStride, slice.Length), Status, (int)slice.Length, numbers);
        }
    }

    public override void Unscale(ReadOnlySpan<ParameterSlice> slices, DeviceMemory scale, bool isFirst, long step, int objective)
    {
        lock (_device.Gate)
        {
            var numbers = Written(scale, 0, LossScale.Length);
            _device.Start(ScalingKernels.Begin, new KernelConfig(1, 1), numbers, Status, isFirst ? 1 : 0);
            foreach (ref readonly var slice in slices) _device.Start(ScalingKernels.Unscale, Launch.Over(slice.Length), Written(slice.Gradients, slice.Start, slice.Length), numbers, Status, (int)slice.Length);
            _device.Start(ScalingKernels.Adjust, new KernelConfig(1, 1), numbers, Status, step, objective);
        }
    }

    public override void Accumulate(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count, bool isFirst)
    {
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.Accumulate, Launch.Over(slice.Length), Written(sums.Memory, slice.StateStart, slice.Length), Read(slice.Gradients, slice.Start, slice.Length), Read(scalars, count, 1), Status,
                (int)slice.Length, isFirst ? 1 : 0);
        }
    }

    public override void Count(in GradientSums sums, DeviceMemory scalars, long count, bool isFirst)
    {
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.Count, new KernelConfig(1, 1), Written(sums.Memory, sums.Items, 1), Read(scalars, count, 1), Status, isFirst ? 1 : 0);
        }
    }

    public override void TakeMean(in ParameterSlice slice, in GradientSums sums, DeviceMemory scalars, long count)
    {
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.TakeMean, Launch.Over(slice.Length), Written(slice.Gradients, slice.Start, slice.Length), Read(sums.Memory, slice.StateStart, slice.Length), Read(sums.Memory, sums.Items, 1),
                Read(scalars, count, 1), Status, (int)slice.Length);
        }
    }

    public override void Clamp(in ParameterSlice slice, double limit)
    {
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.Clamp, Launch.Over(slice.Length), Written(slice.Gradients, slice.Start, slice.Length), (int)slice.Length, (float)limit);
        }
    }

    public override double? ClipNorm(ReadOnlySpan<ParameterSlice> slices, double limit, long step, int objective)
    {
        lock (_device.Gate)
        {
            var floats = (long)(slices.Length * UpdateKernels.NormParts) + 1;
            if (_norm is null || _norm.Length < floats)
            {
                _device.Free(_norm);
                _norm = _device.AllocateFloats(floats * sizeof(float), "the norm of gradients");
            }
            ArrayView<float> all = _norm.View;
            var (scale, sums) = (all.SubView(0, 1), all.SubView(1));
            var parts = 0;
            foreach (ref readonly var slice in slices)
            {
                var groups = (int)Math.Clamp((slice.Length + 1023) / 1024, 1, UpdateKernels.NormParts);
                _device.Start(UpdateKernels.SumSquares, new KernelConfig(groups, WholeGroup.MostThreads), Read(slice.Gradients, slice.Start, slice.Length), sums.SubView(parts), (int)slice.Length);
                parts += groups;
            }
            _device.Start(UpdateKernels.DecideScale, new KernelConfig(1, WholeGroup.MostThreads), sums, scale, Status, parts, (float)limit, step, objective);
            foreach (ref readonly var slice in slices)
            {
                _device.Start(UpdateKernels.Scale, Launch.Over(slice.Length), Written(slice.Gradients, slice.Start, slice.Length), scale, Status, (int)slice.Length);
            }
        }
        return null;
    }

    public override void Copy(DeviceMemory source, long sourceStart, DeviceMemory target, long targetStart, long count)
    {
        if (count == 0) return;
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.Copy, Launch.Over(count), Read(source, sourceStart, count), Written(target, targetStart, count), Status, (int)count);
        }
    }

    public override void MoveTowards(DeviceMemory source, DeviceMemory target, double share, long count)
    {
        if (count == 0) return;
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.MoveTowards, Launch.Over(count), Read(source, 0, count), Written(target, 0, count), Status, (int)count, (float)share);
        }
    }

    public override void Keep(ref DeviceMemory present, ref DeviceMemory next) => Copy(next, 0, present, 0, present.ByteLength / sizeof(float));

    public override void BeginStep()
    {
        lock (_device.Gate)
        {
            if (_device.UsesGraphs && !_device.WaitsForSteps && !_graphs.IsGivenUp) _device.BeginNotes();
        }
    }

    public override void EndStep()
    {
        lock (_device.Gate)
        {
            if (_device.EndNotes() is { } work) _graphs.Run(work);
        }
    }

    public override void CheckLoss(DeviceMemory scalars, long start, long step, int objective)
    {
        lock (_device.Gate)
        {
            _device.Start(UpdateKernels.CheckLoss, new KernelConfig(1, 1), Read(scalars, start, 2), Status, step, objective);
        }
    }

    public override StepFailure? TakeFailure()
    {
        lock (_device.Gate)
        {
            _device.Download(Status, _noted);
            if (_noted[StepStatus.Failed] == 0) return null;
            _status.MemSetToZero(_device.Stream);
        }
        var step = ((long)_noted[StepStatus.StepHigh] << 32) | (uint)_noted[StepStatus.StepLow];
        return new StepFailure(step, _noted[StepStatus.Objective], (FailedNumber)_noted[StepStatus.What], BitConverter.Int32BitsToSingle(_noted[StepStatus.Value]));
    }

    public override Exception? Told(Exception failure) => failure is AcceleratorException ? _device.FailedBefore(failure, null) : null;

    public override void Dispose()
    {
        lock (_device.Gate)
        {
            _graphs.Dispose();
            GpuDevice.Release(_status);
            _device.Free(_norm);
            _norm = null;
        }
    }

    private unsafe ArrayView<float> Read(DeviceMemory memory, long start, long length) => _device.ViewOf(memory.ForProgram(writes: false)).SubView(start, length);

    private unsafe ArrayView<float> Written(DeviceMemory memory, long start, long length) => _device.ViewOf(memory.ForProgram(writes: true)).SubView(start, length);
}
