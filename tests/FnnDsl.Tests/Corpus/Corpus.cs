using System.Reflection;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>The programs of <c>tests/corpus</c>.</summary>
public static class Corpus
{
    public static string Folder { get; } = typeof(Corpus).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "CorpusFolder").Value!;

    /// <summary>The names of the files of one of its folders, for theories.</summary>
    public static TheoryData<string> Names(string folder)
    {
        var names = new TheoryData<string>();
        foreach (var name in Directory.GetFiles(Path.Combine(Folder, folder), "*.fnn").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal))
        {
            names.Add(name);
        }
        return names;
    }

    public static SourceText Read(string folder, string name) =>
        new(name, File.ReadAllText(Path.Combine(Folder, folder, name)));

    /// <summary>All programs, to take random ones from.</summary>
    public static IReadOnlyList<SourceText> All { get; } = Directory.GetFiles(Folder, "*.fnn", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal)
        .Select(path => new SourceText(Path.GetFileName(path), File.ReadAllText(path)))
        .ToArray();
}
