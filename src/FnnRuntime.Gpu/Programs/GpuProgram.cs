using System.ComponentModel;
using System.Globalization;
using FeedbackNN.Cpu;
using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>
/// A compiled program for a GPU: what generated code derives from. Everything it computes stays on the device: its arena also has a place for each
/// tensor that comes from the host or goes back to it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract unsafe partial class GpuProgram : DeviceProgram
{
    /// <summary>Kernels count elements of a buffer in 32 bits, with room for a last round of threads.</summary>
    private const long MostElements = 1L << 30;

    private readonly GpuDevice _device;
    private MemoryBuffer1D<float, Stride1D.Dense>? _arena;
    private GpuUploads? _uploads;
    private Arrangement? _current;
    private bool _isDisposed;

    // The step whose kernels are being handed over; -1 before the first.
    private int _step;

    /// <param name="device">A GPU.</param>
    /// <param name="lifetimes">One for each buffer, those of the host's tensors behind the program's own.</param>
    protected GpuProgram(Device device, BufferLifetime[] lifetimes) : base(lifetimes) => _device = (GpuDevice)device;

    /// <summary>The names of the sizes that a call gives.</summary>
    protected abstract ReadOnlySpan<string> AxisNames { get; }

    /// <inheritdoc/>
    protected sealed override int AxisCount => AxisNames.Length;

    /// <summary>The host's tensors.</summary>
    protected abstract ReadOnlySpan<HostTransfer> Transfers { get; }

    /// <inheritdoc/>
    public sealed override void Run(in ProgramCall call)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        lock (_device.Gate)
        {
            Arrange(call.Sizes);
            _step = -1;
            try
            {
                Upload(call, call.Backward ? HostTensor.ResultGradient : HostTensor.Input);
                if (call.Backward) ExecuteBackward(call);
                else Execute(call);
                if (_device.WaitsForSteps) _device.Stream.Synchronize();
                if (_step >= 0) Clock?.Lap(_step);
                if (Tracing) return;
                Download(call, call.Backward ? HostTensor.InputGradient : HostTensor.Result);
            }
            catch (Exception failure) when (failure is AcceleratorException or (DeviceException and not DeviceMemoryException))
            {
                throw Failed(failure);
            }
        }
    }

    /// <summary>A step begins: should it fail, its line is known.</summary>
    protected void Begin(int step)
    {
        if (_device.WaitsForSteps) _device.Stream.Synchronize();
        // Uploads are before the first step.
        if (_step < 0) Clock?.Skip();
        else Clock?.Lap(_step);
        _step = step;
    }

    // A kernel that is not compiled is known at once. What fails while it runs is told when the driver is next asked for something, which may be steps later.
    private DeviceException Failed(Exception failure)
    {
        var line = _step < 0 ? null : Sources[_step];
        if (failure is DeviceException) return new DeviceException($"{failure.Message} The kernel is of {line}", failure) { SourceLine = line };
        return line is null || !_device.WaitsForSteps
            ? _device.FailedBefore(failure, line)
            : new DeviceException($"{_device} failed at {line}: {GpuDevice.Reason(failure)}", failure) { SourceLine = line };
    }

    /// <inheritdoc/>
    public sealed override void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        lock (_device.Gate)
        {
            _uploads?.Dispose();
            _device.Free(_arena);
        }
        (_arena, _current) = (null, null);
    }

    // ---- Places ------------------------------------------------------------------------------------------------------

    /// <summary>A buffer of the arena.</summary>
    protected ArrayView<T> At<T>(int buffer) where T : unmanaged
    {
        var floats = (_current!.Lengths[buffer] + sizeof(float) - 1) / sizeof(float);
        return _arena!.View.SubView(_current.Offsets[buffer] / sizeof(float), Math.Max(2, floats + (floats & 1))).BaseView.Cast<T>();
    }

    /// <summary>A tensor from an element on. Behind its end nothing is read: a loop without rounds, a segment without rows.</summary>
    protected static ArrayView<T> From<T>(ArrayView<T> view, long offset) where T : unmanaged => offset < view.Length ? view.SubView(offset) : view;

    /// <summary>A net's flat storage from an offset on, in floats.</summary>
    protected ArrayView<float> Flat(void* storage, long offset) => _device.ViewOf(storage).SubView(offset);

    /// <summary>One of the numbers that go to the host.</summary>
    protected ArrayView<float> Scalar(in ProgramCall call, int index) => _device.ViewOf(call.Scalars).SubView(call.FirstScalar + index);

    // ---- Watching ----------------------------------------------------------------------------------------------------

    /// <summary>While tracing, looks at what a step wrote.</summary>
    protected void Trace(int step, ArrayView<float> values, long count)
    {
        if (Clock is not null || !IsLooking || count == 0) return;
        var host = new float[count];
        values.SubView(0, count).CopyToCPU(_device.Stream, host);
        fixed (float* pointer = host)
        {
            // The last few are looked at one by one: the array has no room behind its end.
            if (TensorKernels.FirstNonFinite(pointer, (nint)count) >= 0) FoundNonFinite(step);
        }
    }

    // ---- The host's tensors ------------------------------------------------------------------------------------------

    private void Upload(in ProgramCall call, HostTensor kind)
    {
        long room = 0;
        foreach (var transfer in Transfers)
        {
            if (transfer.Tensor == kind) room += GpuUploads.RoomFor(_current!.Lengths[transfer.Buffer]);
        }
        if (room == 0) return;
        _uploads ??= _device.CreateUploads();
        _uploads.Begin(room);
        foreach (var transfer in Transfers)
        {
            if (transfer.Tensor != kind || _current!.Lengths[transfer.Buffer] is not (> 0 and var bytes)) continue;
            _uploads.Add(kind == HostTensor.Input ? call.Inputs[transfer.Index] : call.ResultGradients[transfer.Index], At<byte>(transfer.Buffer).SubView(0, bytes));
        }
        _uploads.End();
    }

    private void Download(in ProgramCall call, HostTensor kind)
    {
        foreach (var transfer in Transfers)
        {
            if (transfer.Tensor != kind || _current!.Lengths[transfer.Buffer] is not (> 0 and var bytes)) continue;
            var target = kind == HostTensor.Result ? call.Results[transfer.Index] : call.InputGradients[transfer.Index];
            // Returns when the device has done all that came before.
            At<byte>(transfer.Buffer).SubView(0, bytes).CopyToCPU(_device.Stream, new Span<byte>(target, checked((int)bytes)));
            _uploads?.Waited();
        }
    }

    // ---- The arena ---------------------------------------------------------------------------------------------------

    private void Arrange(nint* sizes)
    {
        if (_current is not null && _current.Matches(sizes)) return;
        var arrangement = Find(sizes);
        if (!HasSmallTensors(arrangement)) throw TooLarge(new ReadOnlySpan<nint>(sizes, AxisCount).ToArray(), arrangement.Lengths.Max());
        if (_arena is null || arrangement.TotalBytes > _arena.LengthInBytes)
        {
            _device.Free(_arena);
            _arena = null;
            _current = null;
            var copy = new ReadOnlySpan<nint>(sizes, AxisCount).ToArray();
            _arena = _device.AllocateFloats(arrangement.TotalBytes, $"the intermediate values of {GetType().Name} at {SizesText(copy)}", free => Advice(copy, fitting => fitting.TotalBytes <= free));
        }
        _current = arrangement;
    }

    /// <summary>What would fit: the largest first size, which is as a rule the batch.</summary>
    private string Advice(nint[] sizes, Func<Arrangement, bool> fits)
    {
        const string other = "Use a smaller network, or dispose of models and trainers that are no longer needed.";
        if (sizes.Length == 0) return other;
        long known = 0, below = sizes[0];
        while (below - known > 1)
        {
            var middle = known + ((below - known) / 2);
            if (fits(At(sizes, (nint)middle))) known = middle;
            else below = middle;
        }
        return known == 0 ? other : string.Create(CultureInfo.InvariantCulture, $"At most {AxisNames[0]} = {known} fits, with the other sizes as they are.");
    }

    private Arrangement At(nint[] sizes, nint first)
    {
        var changed = (nint[])sizes.Clone();
        changed[0] = first;
        fixed (nint* pointer = changed) return Find(pointer);
    }

    private string SizesText(nint[] sizes)
    {
        if (sizes.Length == 0) return "its fixed sizes";
        var parts = new string[sizes.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = string.Create(CultureInfo.InvariantCulture, $"{AxisNames[i]} = {sizes[i]}");
        return string.Join(", ", parts);
    }

    private DeviceMemoryException TooLarge(nint[] sizes, long bytes) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"At {SizesText(sizes)} a single tensor of {GetType().Name} has {bytes} bytes; kernels for GPUs take tensors of up to {MostElements * sizeof(float)}. {Advice(sizes, HasSmallTensors)}"), bytes, null);

    private static bool HasSmallTensors(Arrangement arrangement) => arrangement.Lengths.All(bytes => bytes <= MostElements * sizeof(float));
}
