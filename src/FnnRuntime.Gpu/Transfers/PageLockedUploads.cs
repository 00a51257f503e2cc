using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using static ILGPU.Runtime.Cuda.CudaAPI;

namespace FeedbackNN.Gpu;

/// <summary>
/// Uploads on a stream of their own, while the device computes. A run's tensors are put together in page-locked memory, go to the device in one copy, and from there to their places
/// in the arena, which the step before may still be using. There are two such ways, which take turns: while a step computes with what came on one, the next step's tensors come on
/// the other, and the host waits for neither.
/// </summary>
internal sealed unsafe class PageLockedUploads(GpuDevice device) : GpuUploads
{
    private readonly Way?[] _ways = new Way?[2];
    private readonly DirectUploads _direct = new(device);
    private int _next;

    // Null: there is no room for one, and the run's tensors are copied from where they lie.
    private Way? _current;

    // So much there was no room for.
    private long _refused = long.MaxValue;

    public override void Begin(long bytes)
    {
        device.Accelerator.Bind();
        _current = WayOf(bytes);
        _current?.Begin();
    }

    public override void Add(void* source, ArrayView<byte> target)
    {
        if (_current is null) _direct.Add(source, target);
        else _current.Add(source, target);
    }

    public override void End()
    {
        if (_current is null) return;
        _current.End();
        _next = 1 - _next;
    }

    // Who waits for each run, as a model's forward does, needs no second way.
    public override void Waited() => _next = 0;

    public override void Dispose()
    {
        for (var i = 0; i < _ways.Length; i++) Free(i);
    }

    private Way? WayOf(long bytes)
    {
        if (_ways[_next] is { } known && known.ByteLength >= bytes) return known;
        if (bytes >= _refused) return null;
        Free(_next);
        try
        {
            return _ways[_next] = new Way(device, bytes);
        }
        catch (Exception failure) when (failure is DeviceMemoryException or CudaException)
        {
            // A batch that fits into memory is trained with, if more slowly.
            _refused = bytes;
            return null;
        }
    }

    private void Free(int way)
    {
        _ways[way]?.Dispose();
        _ways[way] = null;
    }

    /// <summary>Room on both sides, and what says when each is free.</summary>
    private sealed class Way : IDisposable
    {
        private readonly GpuDevice _device;
        private readonly Accelerator _accelerator;
        private readonly List<(long Start, ArrayView<byte> Target)> _tensors = [];

        // Recorded behind the copy to the device, and behind the last copy from there to the arena.
        private readonly CudaEvent _uploaded;
        private readonly CudaEvent _taken;
        private MemoryBuffer1D<float, Stride1D.Dense>? _there;
        private nint _here;
        private long _length;

        public Way(GpuDevice device, long bytes)
        {
            (_device, _accelerator, ByteLength) = (device, device.Accelerator, bytes);
            (_uploaded, _taken) = (new CudaEvent(_accelerator), new CudaEvent(_accelerator));
            try
            {
                _there = device.AllocateFloats(bytes, "a batch on its way to the device");
                CudaException.ThrowIfFailed(CurrentAPI.AllocateHostMemory(out _here, (nint)bytes));
                // It has been zeroed on the stream that computes.
                _taken.Record(device.Stream);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public long ByteLength { get; }

        public void Begin()
        {
            // What this memory held two runs ago has left it.
            _uploaded.Synchronize();
            _tensors.Clear();
            _length = 0;
        }

        public void Add(void* source, ArrayView<byte> target)
        {
            Buffer.MemoryCopy(source, (byte*)_here + _length, ByteLength - _length, target.Length);
            _tensors.Add((_length, target));
            _length += RoomFor(target.Length);
        }

        public void End()
        {
            _device.Place(_taken);
            _taken.LetWait(_device.UploadStream);
            CudaException.ThrowIfFailed(CurrentAPI.MemcpyAsync(_there!.NativePtr, _here, (nint)_length, _device.UploadStream));
            _uploaded.Record(_device.UploadStream);
            _device.WaitFor(_uploaded);
            var there = _there.View.BaseView.Cast<byte>();
            foreach (var (start, target) in _tensors) _device.Move(there.SubView(start, target.Length), target);
            _device.Mark(_taken);
        }

        public void Dispose()
        {
            // The driver has freed it all with the connection.
            if (_accelerator.IsDisposed) return;
            _accelerator.Bind();
            // Memory must not be freed while it is read from; whether that failed is of no interest any more.
            _ = CurrentAPI.SynchronizeEvent(_uploaded.Pointer);
            if (_here != 0) _ = CurrentAPI.FreeHostMemory(_here);
            _here = 0;
            _device.Free(_there);
            _there = null;
            _uploaded.Dispose();
            _taken.Dispose();
        }
    }
}
