namespace FeedbackNN;

/// <summary>Brings the tensors of a source and of a model together by name. All is compared and read before anything is changed.</summary>
internal sealed unsafe class WeightTransfer
{
    private readonly Model _model;
    private readonly string _source;
    private readonly string _from;
    private readonly string _to;
    private readonly Func<string, string?>? _rename;
    private readonly Dictionary<string, OfferedWeights> _offered = new(StringComparer.Ordinal);

    /// <param name="model">Takes the weights.</param>
    /// <param name="source">What the source is called in messages.</param>
    /// <param name="from">The part of the source that is looked at; empty for all.</param>
    /// <param name="to">The part of the model that it stands for.</param>
    /// <param name="rename">Comes before both.</param>
    public WeightTransfer(Model model, string source, string from, string to, Func<string, string?>? rename)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        (_model, _source, _from, _to, _rename) = (model, source, from.TrimEnd('.'), to.TrimEnd('.'), rename);
    }

    /// <summary>A tensor of the source.</summary>
    public void Offer(OfferedWeights weights)
    {
        if ((_rename is null ? weights.Name : _rename(weights.Name)) is not { } name || Below(_from, name) is not { } rest) return;
        var here = _to.Length == 0 || rest.Length == 0 ? _to + rest : $"{_to}.{rest}";
        if (!_offered.TryAdd(here, weights)) throw new ArgumentException($"'{_offered[here].Name}' and '{weights.Name}' of {_source} would both be '{here}' here; give them different names.", "rename");
    }

    public TransferReport Run(Mismatches allow)
    {
        var report = Compare(out var matched);
        if ((report.Mismatches & ~allow) is var wrong and not 0) throw new TransferException(Refusal(report, wrong), report);
        if (matched.Count == 0) throw new TransferException(NothingMatches(), report);
        using var staged = new NativeBuffer(matched.Sum(item => (long)item.Spec.Count) * sizeof(float));
        var position = (float*)staged.Pointer;
        foreach (var (_, spec, _, weights) in matched)
        {
            weights.CopyTo(position, spec.Count);
            position += spec.Count;
        }
        position = (float*)staged.Pointer;
        foreach (var (_, spec, memory, _) in matched)
        {
            Buffer.MemoryCopy(position, (float*)memory.ForWriting() + spec.Offset, spec.Count * (long)sizeof(float), spec.Count * (long)sizeof(float));
            position += spec.Count;
        }
        return report;
    }

    private TransferReport Compare(out List<Pair> matched)
    {
        matched = [];
        List<string> missing = [];
        List<ShapeDifference> different = [];
        var left = new HashSet<string>(_offered.Keys, StringComparer.Ordinal);
        foreach (var (spec, memory) in Tensors())
        {
            var name = spec.CheckpointName;
            if (Below(_to, name) is null) continue;
            left.Remove(name);
            if (!_offered.TryGetValue(name, out var weights)) missing.Add(name);
            else if (weights.Fits(spec)) matched.Add(new Pair(name, spec, memory, weights));
            else different.Add(new ShapeDifference(name, SafetensorsShape.Describe(SafetensorsDtype.Float32, [.. spec.Shape.Select(size => (long)size)]), weights.Description));
        }
        var extra = _offered.Where(item => left.Contains(item.Key)).Select(item => item.Value.Name).ToArray();
        return new TransferReport(_source, [.. matched.Select(pair => pair.Name)], missing, extra, different);
    }

    private IEnumerable<(StorageSpec Spec, DeviceMemory Memory)> Tensors()
    {
        var manifest = _model.GetManifest();
        return manifest.Parameters.Select(spec => (spec, _model.ParameterMemory)).Concat(manifest.Buffers.Select(spec => (spec, _model.BufferMemory)));
    }

    private string Refusal(TransferReport report, Mismatches wrong)
    {
        var flags = Enum.GetValues<Mismatches>().Where(kind => kind != Mismatches.None && wrong.HasFlag(kind)).Select(kind => "Mismatches." + kind);
        return $"{_source} does not fit {_model.GetManifest().Name}; nothing has been changed.{report.Describe(wrong)}\n"
            + $"Where this is meant, write allow: {string.Join(" | ", flags)}. Where names are others, say which belong together with from and to, or with rename.";
    }

    private string NothingMatches()
    {
        var here = Tensors().Select(item => item.Spec.CheckpointName).Where(name => Below(_to, name) is not null).ToArray();
        return $"Nothing of {_source} has a counterpart in {_model.GetManifest().Name}; nothing has been changed. The names there, as they would be here, are {Few(_offered.Keys)}; "
            + $"the names here are {Few(here)}. Say which belong together with from and to, or with rename.";

        static string Few(IEnumerable<string> names) => names.Any() ? string.Join(", ", names.Take(3).Select(name => $"'{name}'")) + (names.Skip(3).Any() ? ", …" : "") : "none at all";
    }

    /// <summary>What is left of a name behind a prefix of whole parts; null when it is not below it.</summary>
    private static string? Below(string prefix, string name) =>
        prefix.Length == 0 ? name
        : name == prefix ? ""
        : name.StartsWith(prefix, StringComparison.Ordinal) && name[prefix.Length] == '.' ? name[(prefix.Length + 1)..]
        : null;

    private sealed record Pair(string Name, StorageSpec Spec, DeviceMemory Memory, OfferedWeights Weights);
}
