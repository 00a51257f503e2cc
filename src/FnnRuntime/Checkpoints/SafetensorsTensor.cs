namespace FeedbackNN;

/// <summary>One tensor of a file that was opened: what the header says about it.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Dtype">The type of its elements.</param>
/// <param name="Shape">Its sizes, the outermost first; none for a single number.</param>
/// <param name="Offset">Its first byte, counted from the end of the header.</param>
/// <param name="ByteLength">How many bytes its elements take.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape, long Offset, long ByteLength)
{
    /// <summary>How many elements it has.</summary>
    public long ElementCount => ByteLength / Dtype.Bytes();

    /// <summary>Such as <c>fc1.weight: F32[128, 64]</c>.</summary>
    public override string ToString() => $"{Name}: {SafetensorsShape.Describe(Dtype, Shape)}";
}
