using System.Buffers.Binary;

namespace FeedbackNN;

/// <summary>Tensors of any float type as floats of 32 bits: what other projects save in 16 bits is read exactly.</summary>
internal static class SafetensorsFloats
{
    public static bool IsKnown(SafetensorsDtype dtype) => dtype is SafetensorsDtype.Float32 or SafetensorsDtype.BFloat16 or SafetensorsDtype.Float16 or SafetensorsDtype.Float64;

    /// <summary>A tensor's numbers, in row-major order.</summary>
    /// <exception cref="CheckpointException">The file has no such tensor, it is not of floats, or it is too large for an array.</exception>
    public static float[] ReadFloats(this SafetensorsContent content, string name)
    {
        var tensor = content.Find(name);
        if (tensor?.Dtype is SafetensorsDtype.Float16) return Array.ConvertAll(content.ToArray<Half>(name), value => (float)value);
        if (tensor?.Dtype is SafetensorsDtype.Float64) return Array.ConvertAll(content.ToArray<double>(name), value => (float)value);
        if (tensor?.Dtype is not SafetensorsDtype.BFloat16) return content.ToArray<float>(name);

        var bytes = new byte[tensor.ByteLength];
        content.CopyTo(name, bytes);
        var values = new float[tensor.ElementCount];
        for (var i = 0; i < values.Length; i++) values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(2 * i)) << 16);
        return values;
    }
}
