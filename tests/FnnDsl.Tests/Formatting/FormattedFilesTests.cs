using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Formatting;

/// <summary>The repository's files: what must hold for every file, and which of them are formatted.</summary>
public sealed partial class FormattedFilesTests
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

    /// <summary>What pages show is how files look.</summary>
    [Theory, MemberData(nameof(Pages))]
    public void A_page_shows_formatted_programs(string path)
    {
        var blocks = Block().Matches(File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n"));
        foreach (Match block in blocks)
        {
            var text = block.Groups["text"].Value;
            // Statements without the declaration around them.
            if (block.Groups["kind"].Value == "fragment") text = "fn f(x: f32[n]) -> f32[n] {\n" + Regex.Replace(text, "^(?=.)", "    ", RegexOptions.Multiline) + "}\n";
            Assert.Equal(text, Formatting.Format(text));
        }
    }

    [Fact]
    public void The_program_of_the_page_about_the_tool_compiles()
    {
        var programs = Block().Matches(File.ReadAllText(Path.Combine(Root, "docs", "tool.md"))).Where(block => !block.Groups["kind"].Success).ToArray();
        Assert.NotEmpty(programs);
        Assert.All(programs, block =>
        {
            var errors = CorpusCompiler.Diagnose(new SourceText("tool.md", block.Groups["text"].Value)).Where(diagnostic => diagnostic.Severity == Severity.Error);
            Assert.Equal("", DiagnosticRenderer.RenderAll(errors));
        });
    }

    [GeneratedRegex(@"^```fnn[ \t]*(?<kind>fragment)?[ \t]*\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [Fact]
    public void The_files_are_found()
    {
        Assert.Contains(Path.Combine("src", "FnnDsl", "Library", "layers.fnn"), Paths());
        Assert.Contains(Path.Combine("examples", "Digits", "digits.fnn"), Paths());
        Assert.Contains(Path.Combine("tests", "corpus", "good", "digits.fnn"), Paths());
    }

    public static TheoryData<string> Pages
    {
        get
        {
            var pages = new TheoryData<string> { "README.md" };
            // The page about the library has signatures without bodies; it is written from files that are formatted.
            var others = Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Where(path => Path.GetFileName(path) != "library.md");
            foreach (var page in others.Order(StringComparer.Ordinal)) pages.Add(Path.GetRelativePath(Root, page));
            return pages;
        }
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
