using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>The repository's files: what must hold for every file, and which of them are formatted.</summary>
public sealed class FormattedFilesTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(Corpus.Folder, "..", ".."));

    // Announcements of errors stand at columns of their own, and the grammar's files are about odd layouts.
    private static readonly string[] Exempt = [Path.Combine("tests", "corpus", "errors"), Path.Combine("tests", "corpus", "grammar")];

    public static TheoryData<string> All => Named(_ => true);

    public static TheoryData<string> Formatted => Named(path => !Exempt.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)));

    [Theory, MemberData(nameof(All))]
    public void A_file_keeps_its_meaning(string path)
    {
        var source = Read(path);
        if (Formatting.Parses(source.Text)) Formatting.Format(source.Text);
        else
        {
            var result = FnnFormatter.Format(source);
            Assert.False(result.IsUnderstood);
            Assert.False(result.IsChanged);
        }
    }

    /// <summary>Where this fails: run <c>fnn format</c> on the file.</summary>
    [Theory, MemberData(nameof(Formatted))]
    public void A_file_is_formatted(string path)
    {
        var source = Read(path);
        Assert.Equal(source.Text, FnnFormatter.Format(source).Text);
    }

    [Fact]
    public void The_files_are_found()
    {
        Assert.Contains(Path.Combine("src", "FnnDsl", "Library", "layers.fnn"), Paths());
        Assert.Contains(Path.Combine("examples", "Digits", "digits.fnn"), Paths());
        Assert.Contains(Path.Combine("tests", "corpus", "good", "digits.fnn"), Paths());
    }

    private static TheoryData<string> Named(Func<string, bool> condition)
    {
        var names = new TheoryData<string>();
        foreach (var path in Paths().Where(condition)) names.Add(path);
        return names;
    }

    private static IEnumerable<string> Paths() => new[] { "src", "examples", "tests", "bench" }
        .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.fnn", SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(Root, path))
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
        .Order(StringComparer.Ordinal);

    private static SourceText Read(string path) => new(path, File.ReadAllText(Path.Combine(Root, path)));
}
