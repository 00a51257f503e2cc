using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A set of tensors in memory and the safetensors file they are saved to and loaded from. Loading checks names, types, shapes and
/// the kind of file first and reads everything into memory of its own; what is loaded into changes only when all of that went well.
/// </summary>
internal sealed unsafe class StateFile
{
    /// <summary>What a file of ours is and in which version it is written: <c>model 1</c>.</summary>
    public const string FormatKey = "feedbacknn.format";

    /// <summary>The full name of the model or training whose state it is.</summary>
    public const string OwnerKey = "feedbacknn.owner";

    private readonly List<Item> _items = [];
    private readonly string _kind;
    private readonly int _version;
    private readonly string _owner;

    /// <param name="kind">What is saved: <c>model</c> or <c>training</c>.</param>
    /// <param name="version">The version of that format.</param>
    /// <param name="owner">The full name of the model or training.</param>
    public StateFile(string kind, int version, string owner)
    {
        _kind = kind;
        _version = version;
        _owner = owner;
    }

    public void Add(string name, ReadOnlySpan<int> shape, float* pointer, long count) => Add(name, SafetensorsDtype.Float32, shape, pointer, count * sizeof(float));

    public void Add(string name, SafetensorsDtype dtype, ReadOnlySpan<int> shape, void* pointer, long byteLength)
    {
        var sizes = new long[shape.Length];
        for (var i = 0; i < sizes.Length; i++) sizes[i] = shape[i];
        _items.Add(new Item(name, dtype, sizes, (byte*)pointer, byteLength));
    }

    /// <summary>Writes all tensors.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Goes into the file beside the format and the owner.</param>
    public void Write(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var entries = _items.Select(item => new SafetensorsEntry(item.Name, item.Dtype, item.Shape, item.Pointer, item.ByteLength, this)).ToArray();
        var all = new Dictionary<string, string>(metadata, StringComparer.Ordinal)
        {
            [FormatKey] = string.Create(CultureInfo.InvariantCulture, $"{_kind} {_version}"),
            [OwnerKey] = _owner,
        };
        SafetensorsFile.Write(path, entries, all);
    }

    /// <summary>Loads all tensors, or none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="requireFormat">Whether files that do not say what they are, as other programs write them, are refused.</param>
    /// <param name="accept">Reads the metadata and gives what to do when all went well; throws <see cref="CheckpointException"/> when it does not fit.</param>
    public void Read(string path, bool requireFormat, Func<IReadOnlyDictionary<string, string>, Action>? accept = null)
    {
        using var content = SafetensorsFile.Read(path);
        CheckFormat(path, content.Metadata, requireFormat);
        CheckTensors(path, content);
        var commit = accept?.Invoke(content.Metadata);
        using var staged = new NativeBuffer(_items.Sum(item => item.ByteLength));
        var position = (byte*)staged.Pointer;
        foreach (var item in _items)
        {
            content.CopyTo(item.Name, position, item.ByteLength);
            position += item.ByteLength;
        }
        position = (byte*)staged.Pointer;
        foreach (var item in _items)
        {
            Buffer.MemoryCopy(position, item.Pointer, item.ByteLength, item.ByteLength);
            position += item.ByteLength;
        }
        commit?.Invoke();
    }

    /// <summary>What goes with the tensors of a file of this kind, which are left alone.</summary>
    public IReadOnlyDictionary<string, string> ReadMetadata(string path)
    {
        using var content = SafetensorsFile.Read(path);
        CheckFormat(path, content.Metadata, requireFormat: true);
        return content.Metadata;
    }

    private void CheckFormat(string path, IReadOnlyDictionary<string, string> metadata, bool requireFormat)
    {
        if (!metadata.TryGetValue(FormatKey, out var format))
        {
            if (requireFormat) throw new CheckpointException(path, $"it is no saved {_kind}: it does not say what it is. Use a file that FeedbackNN wrote.");
            return;
        }
        var parts = format.Split(' ');
        if (parts.Length != 2 || parts[0] != _kind) throw new CheckpointException(path, $"it holds a saved {parts[0]}, not a saved {_kind}.");
        if (parts[1] != _version.ToString(CultureInfo.InvariantCulture))
        {
            throw new CheckpointException(path, $"it is written in version {parts[1]} of the {_kind} format; this library reads version {_version}. Use the library that wrote it, or save it again.");
        }
        if (metadata.TryGetValue(OwnerKey, out var owner) && owner != _owner)
        {
            throw new CheckpointException(path, $"it is the state of {owner}, not of {_owner}.");
        }
    }

    private void CheckTensors(string path, SafetensorsContent content)
    {
        var hint = content.Metadata.ContainsKey(FormatKey) ? "" : " Another program has written it: such a file is loaded by a checkpoint that the .fnn file declares for the model, Load(path, mapping).";
        var expected = new HashSet<string>(_items.Select(item => item.Name), StringComparer.Ordinal);
        foreach (var item in _items)
        {
            if (content.Find(item.Name) is not { } found) throw new CheckpointException(path, $"it has no tensor '{item.Name}', which {_owner} needs.{hint}");
            if (found.Dtype == item.Dtype && found.Shape.SequenceEqual(item.Shape)) continue;
            throw new CheckpointException(path, $"'{item.Name}' is {SafetensorsShape.Describe(found.Dtype, found.Shape)} in it, but {SafetensorsShape.Describe(item.Dtype, item.Shape)} in {_owner}.{hint}");
        }
        foreach (var tensor in content.Tensors)
        {
            if (!expected.Contains(tensor.Name)) throw new CheckpointException(path, $"it has a tensor '{tensor.Name}', which {_owner} does not have.{hint}");
        }
    }

    private sealed class Item(string name, SafetensorsDtype dtype, long[] shape, byte* pointer, long byteLength)
    {
        public string Name => name;

        public SafetensorsDtype Dtype => dtype;

        public long[] Shape => shape;

        public byte* Pointer => pointer;

        public long ByteLength => byteLength;
    }
}
