using System.Globalization;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;
using Google.Protobuf;

namespace FeedbackNN.Onnx;

/// <summary>Element types, tensors and shapes as the format writes them.</summary>
internal static class OnnxTypes
{
    /// <summary>The number of an element type in the format.</summary>
    public static int Code(this ElementType element) => (int)(element switch
    {
        ElementType.F32 => TensorProto.Types.DataType.Float,
        ElementType.F64 => TensorProto.Types.DataType.Double,
        ElementType.I32 => TensorProto.Types.DataType.Int32,
        ElementType.I64 => TensorProto.Types.DataType.Int64,
        _ => TensorProto.Types.DataType.Bool,
    });

    /// <summary>A number of some element type, little-endian.</summary>
    public static byte[] Bytes(double value, ElementType element) => element switch
    {
        ElementType.F32 => LittleEndian(BitConverter.GetBytes((float)value)),
        ElementType.F64 => LittleEndian(BitConverter.GetBytes(value)),
        ElementType.I32 => LittleEndian(BitConverter.GetBytes((int)value)),
        ElementType.I64 => LittleEndian(BitConverter.GetBytes((long)value)),
        _ => [value != 0 ? (byte)1 : (byte)0],
    };

    /// <summary>A tensor of whole numbers.</summary>
    public static TensorProto Integers(string name, IReadOnlyList<long> dims, IReadOnlyList<long> values)
    {
        var bytes = new byte[values.Count * sizeof(long)];
        for (var k = 0; k < values.Count; k++) System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(k * sizeof(long)), values[k]);
        return Tensor(name, ElementType.I64, dims, bytes);
    }

    /// <summary>A tensor of given bytes, which nobody changes afterwards.</summary>
    public static TensorProto Tensor(string name, ElementType element, IEnumerable<long> dims, ReadOnlyMemory<byte> bytes) =>
        new() { Name = name, DataType = element.Code(), Dims = { dims }, RawData = UnsafeByteOperations.UnsafeWrap(bytes) };

    /// <summary>A value's name, element type and shape; axes that are sized at run time are named by their formula: <c>batch</c>, <c>2*batch + 1</c>.</summary>
    public static ValueInfoProto Value(string name, TensorType type) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = type.Element.Code(),
                Shape = new TensorShapeProto { Dim = { type.Shape.Select(Dimension) } },
            },
        },
    };

    private static TensorShapeProto.Types.Dimension Dimension(Size size) => size.TryGetConstant(out var length)
        ? new TensorShapeProto.Types.Dimension { DimValue = length }
        : new TensorShapeProto.Types.Dimension { DimParam = string.Create(CultureInfo.InvariantCulture, $"{size}") };

    private static byte[] LittleEndian(byte[] bytes)
    {
        if (!BitConverter.IsLittleEndian) Array.Reverse(bytes);
        return bytes;
    }
}
