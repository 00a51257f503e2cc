using System.Collections.ObjectModel;

namespace FeedbackNN;

/// <summary>
/// Reads and writes a model's weights under another project's names. Reading compares everything first and reads into memory of its own; the model changes only when all of it went well.
/// </summary>
internal static unsafe class MappedCheckpoint
{
    // What other programs look for before they open a file.
    private static readonly Dictionary<string, string> Metadata = new(StringComparer.Ordinal) { ["format"] = "pt" };

    /// <summary>How a file and the model go together; nothing is changed.</summary>
    public static CheckpointReport Compare(Model model, string path, CheckpointMapping mapping)
    {
        Require(model, mapping);
        using var content = SafetensorsFile.Read(path);
        return Plan(path, content, mapping).Report;
    }

    public static CheckpointReport Read(Model model, string path, CheckpointMapping mapping, bool allowMissing, bool allowExtra)
    {
        Require(model, mapping);
        using var content = SafetensorsFile.Read(path);
        var plan = Plan(path, content, mapping);
        var report = plan.Report;
        if (report.Unfit.Count > 0 || (report.Missing.Count > 0 && !allowMissing) || (report.Extra.Count > 0 && !allowExtra))
        {
            throw new CheckpointException(path, $"it does not fit {mapping}: {report}");
        }
        var manifest = model.GetManifest();
        using var parameters = Copy((float*)model.ParameterMemory.ForReading(), manifest.ParameterStorageLength);
        using var buffers = Copy((float*)model.BufferMemory.ForReading(), manifest.BufferStorageLength);
        var storage = new Storage(manifest, parameters.Pointer, buffers.Pointer);
        // A tensor may hold several weights: it is read once.
        foreach (var parts in plan.Tensors.GroupBy(item => item.Tensor, item => item.Part))
        {
            var count = checked((int)parts.Key.ElementCount);
            using var numbers = new NativeBuffer((long)count * sizeof(float));
            var source = (float*)numbers.Pointer;
            new FileWeights(content, parts.Key, path).CopyTo(source, count);
            foreach (var part in parts)
            {
                var target = storage.At(part.Path);
                if (part.Shape is null) new ReadOnlySpan<float>(source, count).CopyTo(new Span<float>(target, count));
                else Move(part.Axes, 0, target + part.Offset, source + part.TheirOffset, toFile: false);
            }
        }
        foreach (var (part, instead) in plan.Instead)
        {
            var count = storage[part.Path].Count;
            new ReadOnlySpan<float>(storage.At(instead), count).CopyTo(new Span<float>(storage.At(part.Path), count));
        }
        Buffer.MemoryCopy(parameters.Pointer, model.ParameterMemory.ForWriting(), manifest.ParameterStorageLength * sizeof(float), manifest.ParameterStorageLength * sizeof(float));
        Buffer.MemoryCopy(buffers.Pointer, model.BufferMemory.ForWriting(), manifest.BufferStorageLength * sizeof(float), manifest.BufferStorageLength * sizeof(float));
        GC.KeepAlive(model);
        return report;
    }

    public static void Write(Model model, string path, CheckpointMapping mapping)
    {
        Require(model, mapping);
        var manifest = model.GetManifest();
        var storage = new Storage(manifest, model.ParameterMemory.ForReading(), model.BufferMemory.ForReading());
        var entries = new List<SafetensorsEntry>();
        foreach (var tensor in mapping.Parts.GroupBy(part => part.Names[0], StringComparer.Ordinal))
        {
            var name = mapping.InFile(tensor.Key, mapping.Prefix.Length > 0);
            var first = tensor.First();
            if (first.Shape is null)
            {
                var spec = storage[first.Path];
                entries.Add(new SafetensorsEntry(name, SafetensorsDtype.Float32, ShapeOf(spec), storage.At(first.Path), (long)spec.Count * sizeof(float), model));
                continue;
            }
            var values = new float[first.Shape.Aggregate(1L, (product, size) => product * size)];
            fixed (float* target = values)
            {
                foreach (var part in tensor) Move(part.Axes, 0, storage.At(part.Path) + part.Offset, target + part.TheirOffset, toFile: true);
            }
            entries.Add(SafetensorsEntry.From(name, first.Shape, values));
        }
        SafetensorsFile.Write(path, entries, new ReadOnlyDictionary<string, string>(Metadata));
        GC.KeepAlive(model);
    }

    private sealed record Matching(CheckpointReport Report, List<(CheckpointPart Part, SafetensorsTensor Tensor)> Tensors, List<(CheckpointPart Part, string Path)> Instead);

    private static Matching Plan(string path, SafetensorsContent content, CheckpointMapping mapping)
    {
        var hasPrefix = mapping.Prefix.Length > 0 && content.Tensors.Any(tensor => tensor.Name.StartsWith(mapping.Prefix, StringComparison.Ordinal));
        var (tensors, instead, used) = (new List<(CheckpointPart, SafetensorsTensor)>(), new List<(CheckpointPart, string)>(), new HashSet<string>(StringComparer.Ordinal));
        var storage = new Storage(mapping.Manifest, null, null);
        var (mapped, missing, unfit) = (new List<MappedWeight>(), new List<MappedWeight>(), new List<string>());
        foreach (var part in mapping.Parts)
        {
            var found = part.Names.Select(name => content.Find(mapping.InFile(name, hasPrefix))).FirstOrDefault(tensor => tensor is not null);
            if (found is null)
            {
                if (part.Instead is null) missing.Add(new(part.Path, string.Join(" or ", part.Names.Select(name => mapping.InFile(name, hasPrefix)))));
                else
                {
                    instead.Add((part, part.Instead));
                    mapped.Add(new(part.Path, part.Instead));
                }
                continue;
            }
            used.Add(found.Name);
            var shape = part.Shape ?? ShapeOf(storage[part.Path]);
            if (found.Shape.SequenceEqual(shape) && new FileWeights(content, found, path).HasFloats)
            {
                tensors.Add((part, found));
                mapped.Add(new(part.Path, found.Name));
            }
            else unfit.Add($"{found.Name} is {SafetensorsShape.Describe(found.Dtype, found.Shape)} and should be {SafetensorsShape.Describe(SafetensorsDtype.Float32, shape)}");
        }
        var extra = content.Tensors.Select(tensor => tensor.Name).Where(name => !used.Contains(name) && !mapping.IsIgnored(name, hasPrefix)).ToArray();
        return new Matching(new CheckpointReport(path, mapped, missing, extra, unfit), tensors, instead);
    }

    private static void Require(Model model, CheckpointMapping mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        if (!ReferenceEquals(mapping.Manifest, model.GetManifest()))
            throw new ArgumentException($"{mapping} does not hold for a {model.GetManifest().Name}: take the mapping from the class of the model.", nameof(mapping));
    }

    private static NativeBuffer Copy(float* source, long count)
    {
        var copy = new NativeBuffer(count * sizeof(float));
        Buffer.MemoryCopy(source, copy.Pointer, count * sizeof(float), count * sizeof(float));
        return copy;
    }

    /// <summary>The weights and buffers of a model, in one place each.</summary>
    private sealed class Storage(ModelManifest manifest, void* parameters, void* buffers)
    {
        private readonly Dictionary<string, (StorageSpec Spec, bool IsBuffer)> _items = manifest.Parameters.Select(spec => (spec, false)).Concat(manifest.Buffers.Select(spec => (spec, true)))
            .ToDictionary(item => item.Item1.Path, StringComparer.Ordinal);

        public StorageSpec this[string path] => _items[path].Spec;

        public float* At(string path)
        {
            var (spec, isBuffer) = _items[path];
            return (float*)(isBuffer ? buffers : parameters) + spec.Offset;
        }
    }

    private static long[] ShapeOf(StorageSpec spec) => spec.Shape.Select(size => (long)size).ToArray();

    private static void Move(CheckpointAxis[] axes, int axis, float* own, float* theirs, bool toFile)
    {
        if (axis == axes.Length)
        {
            if (toFile) *theirs = *own;
            else *own = *theirs;
            return;
        }
        var (size, stride, theirStride) = axes[axis];
        if (axis == axes.Length - 1 && stride == 1 && theirStride == 1)
        {
            Buffer.MemoryCopy(toFile ? own : theirs, toFile ? theirs : own, size * sizeof(float), size * sizeof(float));
            return;
        }
        for (long i = 0; i < size; i++) Move(axes, axis + 1, own + (i * stride), theirs + (i * theirStride), toFile);
    }
}
