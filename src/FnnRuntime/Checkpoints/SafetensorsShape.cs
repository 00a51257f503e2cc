using System.Globalization;

namespace FeedbackNN;

/// <summary>What shapes and element types of the safetensors format mean in bytes and in words.</summary>
internal static class SafetensorsShape
{
    /// <summary>The bytes of a tensor; false when a size is negative or the product doesn't fit 63 bits.</summary>
    public static bool TryByteLength(IReadOnlyList<long> shape, SafetensorsDtype dtype, out long bytes)
    {
        bytes = 0;
        UInt128 product = (uint)dtype.Bytes();
        var empty = false;
        foreach (var size in shape)
        {
            if (size < 0)
                return false;
            empty |= size == 0;
            product *= Math.Max((ulong)size, 1);
            if (product > long.MaxValue)
                return false;
        }
        bytes = empty ? 0 : (long)product;
        return true;
    }

    /// <summary>Such as <c>F32[128, 64]</c>.</summary>
    public static string Describe(SafetensorsDtype dtype, IReadOnlyList<long> shape) =>
        dtype.Name() + "[" + string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture))) + "]";

    public static SafetensorsDtype DtypeOf<T>()
        where T : unmanaged =>
        typeof(T) == typeof(float) ? SafetensorsDtype.Float32
        : typeof(T) == typeof(double) ? SafetensorsDtype.Float64
        : typeof(T) == typeof(Half) ? SafetensorsDtype.Float16
        : typeof(T) == typeof(int) ? SafetensorsDtype.Int32
        : typeof(T) == typeof(long) ? SafetensorsDtype.Int64
        : typeof(T) == typeof(short) ? SafetensorsDtype.Int16
        : typeof(T) == typeof(sbyte) ? SafetensorsDtype.Int8
        : typeof(T) == typeof(byte) ? SafetensorsDtype.UInt8
        : typeof(T) == typeof(ushort) ? SafetensorsDtype.UInt16
        : typeof(T) == typeof(uint) ? SafetensorsDtype.UInt32
        : typeof(T) == typeof(ulong) ? SafetensorsDtype.UInt64
        : typeof(T) == typeof(bool) ? SafetensorsDtype.Bool
        : throw new ArgumentException($"{typeof(T).Name} is no element type of the safetensors format.");
}
