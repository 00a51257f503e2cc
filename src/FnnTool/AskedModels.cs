using System.Diagnostics.CodeAnalysis;
using FeedbackNN.Dsl;

namespace FeedbackNN.Tool;

/// <summary>What the commands that show compiled models are asked for: some models of some files, with the sizes of run-time axes.</summary>
/// <param name="Sources">The files.</param>
/// <param name="Models">The models, compiled.</param>
/// <param name="Axes">All their run-time axes.</param>
/// <param name="Sizes">Those that are given.</param>
internal sealed record AskedModels(FnnSources Sources, IReadOnlyList<CompiledModel> Models, IReadOnlyList<string> Axes, IReadOnlyDictionary<string, long> Sizes)
{
    /// <summary>Reads and compiles. What is wrong is printed, and <paramref name="exitCode"/> says which kind it was.</summary>
    public static bool TryRead(
        IReadOnlyList<string> paths, string? name, IReadOnlyList<string> at, TextWriter errors, [NotNullWhen(true)] out AskedModels? asked, out int exitCode)
    {
        asked = null;
        if (!TryRead(paths, at, errors, out var sources, out var sizes, out exitCode)) return false;
        exitCode = ExitCodes.BadArguments;
        if (!sources.TryFindModels(name, errors, out var names)) return false;
        var models = names.Select(sources.Compile).ToList();
        var axes = models.SelectMany(model => model.Model.RuntimeAxes).Distinct().ToList();
        if (!AreKnown(sizes, axes, "model", errors)) return false;
        exitCode = ExitCodes.Success;
        asked = new AskedModels(sources, models, axes, sizes);
        return true;
    }

    /// <summary>Reads files and sizes.</summary>
    public static bool TryRead(
        IReadOnlyList<string> paths, IReadOnlyList<string> at, TextWriter errors, [NotNullWhen(true)] out FnnSources? sources, out IReadOnlyDictionary<string, long> sizes, out int exitCode)
    {
        sources = null;
        exitCode = ExitCodes.BadArguments;
        if (AxisSizes.TryParse(at, out var parsed, out var problem))
        {
            sizes = parsed;
            return FnnSources.TryRead(paths, errors, out sources, out exitCode);
        }
        sizes = new Dictionary<string, long>();
        errors.WriteLine(problem);
        return false;
    }

    /// <summary>Whether sizes are of these axes; tells of one that is of none.</summary>
    public static bool AreKnown(IReadOnlyDictionary<string, long> sizes, IReadOnlyList<string> axes, string what, TextWriter errors)
    {
        if (sizes.Keys.FirstOrDefault(axis => !axes.Contains(axis)) is not { } unknown) return true;
        errors.WriteLine($"No {what} here has a run-time axis '{unknown}'. {(axes.Count == 0 ? "There are none" : $"There are {string.Join(", ", axes)}")}.");
        return false;
    }
}
