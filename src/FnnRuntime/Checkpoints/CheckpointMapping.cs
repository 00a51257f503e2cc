using System.ComponentModel;
using System.Text.RegularExpressions;

namespace FeedbackNN;

/// <summary>
/// Another project's names of a model's weights, and how they lie in its files: what a <c>checkpoint</c> of the <c>.fnn</c> file declares. A generated model has its own in <c>Checkpoints</c>;
/// <see cref="Model.Load(string, CheckpointMapping, bool, bool)"/> and <see cref="Model.Save(string, CheckpointMapping)"/> take it.
/// </summary>
/// <remarks>Immutable: may be used from several threads.</remarks>
public sealed class CheckpointMapping
{
    /// <summary>A name that begins with it has no prefix.</summary>
    private const char Root = '/';

    private readonly Regex[] _ignored;

    /// <summary>For generated code.</summary>
    /// <param name="name">What the project is called: <c>HuggingFace</c>.</param>
    /// <param name="manifest">The model's.</param>
    /// <param name="prefix">What stands before all names in some files; empty for nothing.</param>
    /// <param name="ignored">Names that files may have beside; <c>{i}</c> is any number, <c>*</c> at the end anything.</param>
    /// <param name="parts">The weights and where they stand: all of them.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public CheckpointMapping(string name, ModelManifest manifest, string prefix, string[] ignored, CheckpointPart[] parts)
    {
        Name = name;
        Manifest = manifest;
        Prefix = prefix;
        Parts = parts;
        Ignored = ignored;
        _ignored = ignored.Select(Pattern).ToArray();
    }

    /// <summary>What the project is called: <c>HuggingFace</c>.</summary>
    public string Name { get; }

    /// <summary>What stands before all names in some files; empty for nothing. Files are written with it.</summary>
    public string Prefix { get; }

    /// <summary>The weights and where they stand.</summary>
    public IReadOnlyList<CheckpointPart> Parts { get; }

    internal ModelManifest Manifest { get; }

    private string[] Ignored { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} for {Manifest.Name}";

    /// <summary>A name in a file with or without the prefix.</summary>
    internal string InFile(string name, bool hasPrefix) => name.Length > 0 && name[0] == Root ? name[1..] : hasPrefix ? Prefix + name : name;

    internal bool IsIgnored(string nameInFile, bool hasPrefix)
    {
        for (var i = 0; i < Ignored.Length; i++)
        {
            var isRoot = Ignored[i].Length > 0 && Ignored[i][0] == Root;
            var name = isRoot || !hasPrefix ? nameInFile : nameInFile.StartsWith(Prefix, StringComparison.Ordinal) ? nameInFile[Prefix.Length..] : null;
            if (name is not null && _ignored[i].IsMatch(name)) return true;
        }
        return false;
    }

    private static Regex Pattern(string ignored)
    {
        var text = Regex.Escape(ignored.TrimStart(Root));
        text = Regex.Replace(text, @"\\\{\w+}", "[0-9]+");
        if (text.EndsWith(@"\*", StringComparison.Ordinal)) text = text[..^2] + ".*";
        return new Regex($"^{text}$", RegexOptions.CultureInvariant);
    }
}

/// <summary>Where a weight, or some of its rows, stands in another project's files.</summary>
/// <param name="Path">The weight: <c>h.0.linear1.weight</c>.</param>
/// <param name="Names">The tensor's name in the file, and others that it may have.</param>
public sealed record CheckpointPart(string Path, params string[] Names)
{
    /// <summary>The tensor's shape; null where it is the weight's, and all of it.</summary>
    public long[]? Shape { get; init; }

    /// <summary>The place of the first number in the weight.</summary>
    public long Offset { get; init; }

    /// <summary>The place of the first number in the tensor.</summary>
    public long TheirOffset { get; init; }

    /// <summary>The numbers that are meant, where they are not all.</summary>
    public CheckpointAxis[] Axes { get; init; } = [];

    /// <summary>The weight that stands for it where the file has none of the names; null for none.</summary>
    public string? Instead { get; init; }
}

/// <summary>One axis of a box of numbers that lies in two tensors.</summary>
/// <param name="Size">How many numbers.</param>
/// <param name="Stride">From one to the next in the weight.</param>
/// <param name="TheirStride">The same in the tensor of the file.</param>
public readonly record struct CheckpointAxis(long Size, long Stride, long TheirStride);
