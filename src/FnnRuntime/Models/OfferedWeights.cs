namespace FeedbackNN;

/// <summary>A tensor that a model may take over.</summary>
internal abstract unsafe class OfferedWeights(string name)
{
    /// <summary>Its name where it comes from.</summary>
    public string Name => name;

    /// <summary>Its type and shape: <c>F32[3, 16]</c>.</summary>
    public abstract string Description { get; }

    /// <summary>Whether it can stand where this is.</summary>
    public abstract bool Fits(StorageSpec spec);

    /// <summary>Copies all its elements.</summary>
    public abstract void CopyTo(float* target, long count);
}

/// <summary>A tensor of another model.</summary>
internal sealed unsafe class ModelWeights(StorageSpec source, float* values) : OfferedWeights(source.CheckpointName)
{
    public override string Description => SafetensorsShape.Describe(SafetensorsDtype.Float32, [.. source.Shape.Select(size => (long)size)]);

    public override bool Fits(StorageSpec spec) => spec.Shape.AsSpan().SequenceEqual(source.Shape.AsSpan());

    public override void CopyTo(float* target, long count) => Buffer.MemoryCopy(values, target, count * sizeof(float), count * sizeof(float));
}

/// <summary>A tensor of a file, of any type of floats.</summary>
internal sealed unsafe class FileWeights(SafetensorsContent content, SafetensorsTensor tensor, string path) : OfferedWeights(tensor.Name)
{
    public override string Description => SafetensorsShape.Describe(tensor.Dtype, tensor.Shape);

    /// <summary>Whether its elements can become floats of 32 bits.</summary>
    public bool HasFloats => tensor.Dtype is SafetensorsDtype.Float32 or SafetensorsDtype.Float64 or SafetensorsDtype.Float16 or SafetensorsDtype.BFloat16;

    public override bool Fits(StorageSpec spec) =>
        HasFloats && tensor.Shape.SequenceEqual(spec.Shape.Select(size => (long)size));

    public override void CopyTo(float* target, long count)
    {
        if (tensor.Dtype == SafetensorsDtype.Float32)
        {
            content.CopyTo(Name, target, tensor.ByteLength);
            return;
        }
        using var raw = new NativeBuffer(tensor.ByteLength);
        content.CopyTo(Name, raw.Pointer, tensor.ByteLength);
        switch (tensor.Dtype)
        {
            case SafetensorsDtype.Float64:
                for (long i = 0; i < count; i++) target[i] = (float)((double*)raw.Pointer)[i];
                break;
            case SafetensorsDtype.Float16:
                for (long i = 0; i < count; i++) target[i] = (float)((Half*)raw.Pointer)[i];
                break;
            case SafetensorsDtype.BFloat16:
                // The upper half of an F32.
                for (long i = 0; i < count; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)((ushort*)raw.Pointer)[i] << 16);
                break;
            default:
                throw new CheckpointException(path, $"'{tensor}' holds no floats.");
        }
    }
}
