using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FeedbackNN;

/// <summary>
/// Numbers with a shape, in row-major order, in memory outside the managed heap (64-byte aligned, zeroed, with room behind the end for
/// vector loads). Dispose of it when you no longer need it; the finaliser frees what was forgotten.
/// </summary>
/// <remarks>
/// Reading from several threads is safe; writing needs that nobody else reads or writes. A <see cref="Span"/> is valid as long as
/// the tensor is alive and not disposed.
/// </remarks>
/// <typeparam name="T"><c>float</c>, <c>double</c>, <c>int</c>, <c>long</c> or <c>bool</c>.</typeparam>
public class Tensor<T> : IDisposable where T : unmanaged
{
    private NativeBuffer _memory;
    private readonly int[] _shape;

    /// <summary>Zeros.</summary>
    /// <param name="shape">Sizes of the axes, outermost first; none is a single number.</param>
    /// <exception cref="ArgumentException">A size is negative, or there are more than 2^31 - 1 elements.</exception>
    public Tensor(params ReadOnlySpan<int> shape)
    {
        CheckElementType();
        CheckShape(shape);
        _shape = shape.ToArray();
        Length = CountElements(shape);
        _memory = new NativeBuffer((long)Length * Unsafe.SizeOf<T>());
    }

    /// <summary>A copy of <paramref name="values"/>, which stand in row-major order.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the sizes.</exception>
    public Tensor(ReadOnlySpan<T> values, params ReadOnlySpan<int> shape) : this(shape) => CopyFrom(values);

    /// <summary>A copy of a vector.</summary>
    public Tensor(T[] values) : this([values.Length]) => CopyFrom(values);

    /// <summary>A copy of a matrix.</summary>
    public Tensor(T[,] values) : this([values.GetLength(0), values.GetLength(1)]) => CopyFromArray(values);

    /// <summary>A copy of an array of rank 3.</summary>
    public Tensor(T[,,] values) : this([values.GetLength(0), values.GetLength(1), values.GetLength(2)]) => CopyFromArray(values);

    /// <summary>A copy of an array of rank 4.</summary>
    public Tensor(T[,,,] values) : this([values.GetLength(0), values.GetLength(1), values.GetLength(2), values.GetLength(3)]) => CopyFromArray(values);

    /// <summary>The sizes of the axes, outermost first.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>The number of axes.</summary>
    public int Rank => _shape.Length;

    /// <summary>The number of elements.</summary>
    public int Length { get; private set; }

    /// <summary>The elements in row-major order. Valid as long as the tensor is alive and not disposed.</summary>
    public unsafe Span<T> Span => new(_memory.Pointer, Length);

    /// <summary>The first element's address, for generated code: valid as long as the tensor is alive and not disposed.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public unsafe T* Pointer => (T*)_memory.Pointer;

    /// <summary>The element of a vector.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside.</exception>
    public ref T this[int i] => ref Span[Index([i])];

    /// <summary>The element of a matrix.</summary>
    /// <exception cref="IndexOutOfRangeException">An index lies outside.</exception>
    public ref T this[int i, int j] => ref Span[Index([i, j])];

    /// <summary>The element of a tensor of rank 3.</summary>
    /// <exception cref="IndexOutOfRangeException">An index lies outside.</exception>
    public ref T this[int i, int j, int k] => ref Span[Index([i, j, k])];

    /// <summary>The element of a tensor of rank 4.</summary>
    /// <exception cref="IndexOutOfRangeException">An index lies outside.</exception>
    public ref T this[int i, int j, int k, int l] => ref Span[Index([i, j, k, l])];

    /// <summary>The elements along the axes after the first: row <paramref name="index"/> of a matrix.</summary>
    /// <exception cref="IndexOutOfRangeException">The index lies outside, or the tensor is a single number.</exception>
    public Span<T> Slice(int index)
    {
        if (Rank == 0 || (uint)index >= (uint)_shape[0]) throw OutOfRange([index]);
        var size = Length / _shape[0];
        return Span.Slice(index * size, size);
    }

    /// <summary>The elements in row-major order, copied.</summary>
    public T[] ToArray() => Span.ToArray();

    /// <summary>Overwrites the elements.</summary>
    /// <exception cref="ArgumentException">The number of values differs from <see cref="Length"/>.</exception>
    public void CopyFrom(ReadOnlySpan<T> values)
    {
        if (values.Length != Length)
        {
            throw new ArgumentException($"A tensor of shape {ShapeText} takes {Length} values; {values.Length} were given.", nameof(values));
        }
        values.CopyTo(Span);
    }

    /// <summary>
    /// Changes the sizes (not the number) of the axes, for memory that is used again: a short last batch. Memory is kept when it
    /// suffices, otherwise allocated anew; either way the elements are undefined afterwards.
    /// </summary>
    /// <exception cref="ArgumentException">The rank differs, a size is negative or not the fixed size of its axis.</exception>
    public void Resize(params ReadOnlySpan<int> shape)
    {
        if (shape.SequenceEqual(_shape)) return;
        if (shape.Length != Rank) throw new ArgumentException($"A tensor with {Rank} axes cannot get {shape.Length}.", nameof(shape));
        CheckShape(shape);
        var length = CountElements(shape);
        var bytes = (long)length * Unsafe.SizeOf<T>();
        if (bytes > _memory.ByteLength)
        {
            var memory = new NativeBuffer(bytes);
            _memory.Dispose();
            _memory = memory;
        }
        shape.CopyTo(_shape);
        Length = length;
    }

    /// <summary>Frees the memory. Using the tensor afterwards throws <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Element type, axes and sizes: <c>float[batch = 32, 784]</c>.</summary>
    public override string ToString() => ElementName + ShapeText;

    /// <summary>The shape as messages write it: <c>[32, 784]</c>.</summary>
    protected virtual string ShapeText => FormatShape(_shape);

    /// <summary>Checks the sizes of fixed axes; the typed tensors know them.</summary>
    private protected virtual void CheckShape(ReadOnlySpan<int> shape)
    {
        foreach (var size in shape)
        {
            if (size < 0) throw new ArgumentException($"A size cannot be negative: {FormatShape(shape)}.", nameof(shape));
        }
    }

    private protected void CopyFromArray(Array values)
    {
        if (values.Length == 0) return;
        ref var first = ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(values));
        MemoryMarshal.CreateReadOnlySpan(ref first, values.Length).CopyTo(Span);
    }

    internal static string ElementName => Type.GetTypeCode(typeof(T)) switch
    {
        TypeCode.Single => "float",
        TypeCode.Double => "double",
        TypeCode.Int32 => "int",
        TypeCode.Int64 => "long",
        TypeCode.Boolean => "bool",
        _ => typeof(T).Name,
    };

    internal static string FormatShape(ReadOnlySpan<int> shape)
    {
        var parts = new string[shape.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = shape[i].ToString(CultureInfo.InvariantCulture);
        return "[" + string.Join(", ", parts) + "]";
    }

    private static void CheckElementType()
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double) && typeof(T) != typeof(int) && typeof(T) != typeof(long) && typeof(T) != typeof(bool))
        {
            throw new ArgumentException($"A tensor holds float, double, int, long or bool, not {typeof(T).Name}.");
        }
    }

    private static int CountElements(ReadOnlySpan<int> shape)
    {
        long count = 1;
        var hasZero = shape.Contains(0);
        foreach (var size in shape)
        {
            count *= size;
            if (count > int.MaxValue && !hasZero) throw new ArgumentException($"A tensor of shape {FormatShape(shape)} has more than 2^31 - 1 elements.", nameof(shape));
        }
        return hasZero ? 0 : (int)count;
    }

    private int Index(ReadOnlySpan<int> indices)
    {
        if (indices.Length != Rank) throw OutOfRange(indices);
        var index = 0;
        for (var axis = 0; axis < indices.Length; axis++)
        {
            if ((uint)indices[axis] >= (uint)_shape[axis]) throw OutOfRange(indices);
            index = index * _shape[axis] + indices[axis];
        }
        return index;
    }

    private IndexOutOfRangeException OutOfRange(ReadOnlySpan<int> indices) => new($"{FormatShape(indices)} lies outside a tensor of shape {ShapeText}.");
}
