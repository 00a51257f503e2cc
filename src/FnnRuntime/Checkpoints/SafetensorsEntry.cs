using System.Runtime.InteropServices;

namespace FeedbackNN;

/// <summary>One tensor to be written: its name, type, shape and where its bytes are. The bytes are read while the file is written, not copied before.</summary>
public sealed unsafe class SafetensorsEntry
{
    private readonly ReadOnlyMemory<byte> _memory;
    private readonly byte* _pointer;
    private readonly object? _owner;

    /// <summary>A tensor whose bytes are in managed memory.</summary>
    /// <exception cref="ArgumentException">The shape and the type need another number of bytes, or a size is negative.</exception>
    public SafetensorsEntry(string name, SafetensorsDtype dtype, long[] shape, ReadOnlyMemory<byte> bytes)
        : this(name, dtype, shape, bytes.Length)
    {
        _memory = bytes;
    }

    /// <summary>A tensor whose bytes are in native memory, which may be larger than an array.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="dtype">The type of its elements.</param>
    /// <param name="shape">Its sizes, the outermost first; none for a single number.</param>
    /// <param name="pointer">The first byte; the elements lie in row-major order.</param>
    /// <param name="byteLength">How many bytes there are.</param>
    /// <param name="owner">What must stay alive for the memory to stay valid.</param>
    /// <exception cref="ArgumentException">The shape and the type need another number of bytes, or a size is negative.</exception>
    public SafetensorsEntry(string name, SafetensorsDtype dtype, long[] shape, void* pointer, long byteLength, object? owner)
        : this(name, dtype, shape, byteLength)
    {
        if (pointer == null && byteLength > 0)
            throw new ArgumentNullException(nameof(pointer));
        _pointer = (byte*)pointer;
        _owner = owner;
    }

    private SafetensorsEntry(string name, SafetensorsDtype dtype, long[] shape, long byteLength)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        if (name == SafetensorsFile.MetadataKey)
            throw new ArgumentException($"'{name}' is where the format keeps its metadata; give the tensor another name.", nameof(name));
        if (!SafetensorsShape.TryByteLength(shape, dtype, out var needed) || needed != byteLength)
            throw new ArgumentException($"'{name}' is {SafetensorsShape.Describe(dtype, shape)} but has {byteLength} bytes.", nameof(shape));

        Name = name;
        Dtype = dtype;
        Shape = shape;
        ByteLength = byteLength;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>The type of its elements.</summary>
    public SafetensorsDtype Dtype { get; }

    /// <summary>Its sizes, the outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>How many bytes its elements take.</summary>
    public long ByteLength { get; }

    /// <summary>A tensor of numbers in managed memory, seen as bytes without a copy.</summary>
    /// <typeparam name="T">One of float, double, Half, int, long, short, byte, sbyte, bool, uint, ulong and ushort.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is another type, or the shape has another number of elements.</exception>
    public static SafetensorsEntry From<T>(string name, long[] shape, T[] values)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(values);
        var dtype = SafetensorsShape.DtypeOf<T>();
        var bytes = (long)values.Length * dtype.Bytes();
        var owner = new PinnedArray(values);
        return new SafetensorsEntry(name, dtype, shape, owner.Address, bytes, owner);
    }

    /// <summary>Writes the bytes in pieces, so that no second copy of a large tensor is ever in memory.</summary>
    internal void WriteTo(Stream stream)
    {
        if (_pointer == null)
        {
            stream.Write(_memory.Span);
            return;
        }

        const int piece = 1 << 22;
        for (long done = 0; done < ByteLength; done += piece)
            stream.Write(new ReadOnlySpan<byte>(_pointer + done, (int)Math.Min(piece, ByteLength - done)));
        GC.KeepAlive(_owner);
    }

    /// <summary>Holds an array in its place for as long as the entry lives.</summary>
    private sealed class PinnedArray(Array array)
    {
        private GCHandle _handle = GCHandle.Alloc(array, GCHandleType.Pinned);

        ~PinnedArray() => _handle.Free();

        public void* Address => (void*)_handle.AddrOfPinnedObject();
    }
}
