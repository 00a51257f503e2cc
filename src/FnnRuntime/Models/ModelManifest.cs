using System.Collections.Immutable;

namespace FeedbackNN;

/// <summary>
/// What a model owns: names, shapes, places and first values of its parameters and buffers. Generated, one for each model.
/// </summary>
/// <remarks>Immutable: may be used from several threads.</remarks>
public sealed class ModelManifest
{
    private const int Alignment = 64;
    private readonly Dictionary<string, int> _parameterIndex;
    private readonly Dictionary<string, int> _bufferIndex;

    /// <param name="name">The model's full name: <c>Digits.SimpleNN</c>.</param>
    /// <param name="parameters">What is trained, in storage order.</param>
    /// <param name="buffers">What is kept from step to step without being trained, in storage order.</param>
    public ModelManifest(string name, ImmutableArray<StorageSpec> parameters, ImmutableArray<StorageSpec> buffers)
    {
        Name = name;
        Parameters = parameters;
        Buffers = buffers;
        ParameterStorageLength = StorageLength(parameters);
        BufferStorageLength = StorageLength(buffers);
        foreach (var parameter in parameters) ParameterCount += parameter.Count;
        _parameterIndex = Index(parameters);
        _bufferIndex = Index(buffers);
    }

    /// <summary>The model's full name: <c>Digits.SimpleNN</c>.</summary>
    public string Name { get; }

    /// <summary>What is trained.</summary>
    public ImmutableArray<StorageSpec> Parameters { get; }

    /// <summary>What is kept from step to step without being trained.</summary>
    public ImmutableArray<StorageSpec> Buffers { get; }

    /// <summary>How many numbers are trained.</summary>
    public long ParameterCount { get; }

    /// <summary>Elements of the flat storage of all parameters, padding included.</summary>
    public long ParameterStorageLength { get; }

    /// <summary>Elements of the flat storage of all buffers, padding included.</summary>
    public long BufferStorageLength { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {ParameterCount} parameters in {Parameters.Length} tensors";

    internal int FindParameter(string path) => _parameterIndex[path];

    internal int FindBuffer(string path) => _bufferIndex[path];

    private static long StorageLength(ImmutableArray<StorageSpec> items)
    {
        long end = 0;
        foreach (var item in items) end = Math.Max(end, item.Offset + item.Count);
        return (end + Alignment - 1) / Alignment * Alignment;
    }

    private static Dictionary<string, int> Index(ImmutableArray<StorageSpec> items)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Length; i++) index.Add(items[i].Path, i);
        return index;
    }
}

/// <summary>One tensor of a model's storage.</summary>
/// <param name="Path">Its place in the C# API: <c>fc1.weight</c>, <c>blocks.0.attn.q.weight</c>.</param>
/// <param name="CheckpointName">Its name in files.</param>
/// <param name="Shape">Sizes of its axes.</param>
/// <param name="Offset">Where it begins in the flat storage, in elements; a multiple of 64.</param>
/// <param name="Initializer">Its first values.</param>
public sealed record StorageSpec(string Path, string CheckpointName, ImmutableArray<int> Shape, long Offset, Initializer Initializer)
{
    /// <summary>The number of elements.</summary>
    public int Count { get; } = CountElements(Shape);

    private static int CountElements(ImmutableArray<int> shape)
    {
        var count = 1;
        foreach (var size in shape) count = checked(count * size);
        return count;
    }
}
