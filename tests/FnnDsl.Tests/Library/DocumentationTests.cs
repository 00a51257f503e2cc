using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>
/// The documentation is true: each block of the manual compiles, and <c>docs/library.md</c> is what the library's files say. Run with FNN_UPDATE=1 to write
/// the latter anew.
/// </summary>
public sealed partial class DocumentationTests
{
    private static readonly string Docs = Path.Combine(Corpus.Folder, "..", "..", "docs");
    private static readonly string Sources = Path.Combine(Corpus.Folder, "..", "..", "src", "FnnDsl", "Library");

    // In the order in which a reader needs them.
    private static readonly (string File, string Title)[] Files =
    [
        ("layers.fnn", "Layers"), ("vision.fnn", "Images"), ("attention.fnn", "Attention"), ("gpt.fnn", "GPT"), ("llama.fnn", "Llama"), ("bert.fnn", "BERT"), ("recurrent.fnn", "Feedback"), ("activations.fnn", "Activations"), ("softmax.fnn", "Softmax"), ("losses.fnn", "Losses"), ("metrics.fnn", "Metrics"), ("vectors.fnn", "Vectors"),
    ];

    [GeneratedRegex(@"^```fnn[ \t]*\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^```ebnf\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Grammar();

    public static TheoryData<int, string> Blocks
    {
        get
        {
            var manual = File.ReadAllText(Path.Combine(Docs, "language.md"));
            var blocks = new TheoryData<int, string>();
            foreach (Match block in Block().Matches(manual)) blocks.Add(manual[..block.Index].Count(letter => letter == '\n') + 2, block.Groups["text"].Value);
            return blocks;
        }
    }

    [Theory, MemberData(nameof(Blocks))]
    public void A_block_of_the_manual_compiles(int line, string text)
    {
        var errors = CorpusCompiler.Diagnose(new SourceText("language.md", text)).Where(diagnostic => diagnostic.Severity == Severity.Error).ToArray();
        Assert.True(errors.Length == 0, $"The block at line {line} of docs/language.md:\n{DiagnosticRenderer.RenderAll(errors)}");
    }

    [Fact]
    public void The_grammar_has_the_words_of_the_compiler_and_explains_each_of_its_own()
    {
        var grammar = Grammar().Match(File.ReadAllText(Path.Combine(Docs, "language.md"))).Groups["text"].Value;
        var words = Regex.Matches(grammar, "\"([a-z_]+)\"").Select(match => match.Groups[1].Value).ToHashSet();
        var unknown = StatementGrammar.StatementWords.Concat(DeclarationWords.All).Concat(FeedbackGrammar.HeadWords).Where(word => !words.Contains(word));
        Assert.Empty(unknown);

        // Every rule that is used is there, and every rule there is used.
        var rules = Regex.Matches(grammar, @"^(\w+)\s+=", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToHashSet();
        var used = Regex.Matches(Regex.Replace(grammar, "\"[^\"]*\"", ""), @"(?<=[=|\[{( ]\s*)[a-z]+(?!\s*=)\b", RegexOptions.Multiline).Select(match => match.Value).ToHashSet();
        Assert.Empty(used.Except(rules));
        Assert.Equal(["file"], rules.Except(used));
    }

    /// <summary>The manual's tables say what each optimizer and schedule has, in the order of the compiler's, with the numbers that hold where none are given.</summary>
    [Fact]
    public void The_tables_of_optimizers_and_schedules_are_those_of_the_compiler()
    {
        var manual = File.ReadAllText(Path.Combine(Docs, "language.md"));
        foreach (var row in OptimizerTable.Optimizers.Concat(OptimizerTable.Schedules))
        {
            var settings = Regex.Match(manual, $@"^\| `{row.Name}` \| (?<settings>[^|]*) \|", RegexOptions.Multiline).Groups["settings"].Value;
            var told = Regex.Matches(settings, @"`(?<name>\w+)(: (?<value>[^`]+))?`").Select(match => (match.Groups["name"].Value, Number(match.Groups["value"].Value)));
            Assert.Equal(row.Settings.Select(setting => (setting.Name, setting.Default)), told);
        }

        static double? Number(string text) => text switch { "" => null, "false" => 0, "true" => 1, _ => double.Parse(text, CultureInfo.InvariantCulture) };
    }

    [Fact]
    public void The_list_of_the_library_is_what_its_files_say()
    {
        var path = Path.Combine(Docs, "library.md");
        var expected = LibraryPage();
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") == "1") File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Every_file_and_declaration_of_the_library_is_listed_and_documented()
    {
        Assert.Equal(Directory.GetFiles(Sources, "*.fnn").Select(Path.GetFileName).Order(), Files.Select(file => file.File).Order());
        Assert.All(Files.SelectMany(file => Read(file.File).Declarations), declaration => Assert.False(string.IsNullOrWhiteSpace(declaration.Doc), declaration.Name.Text));
    }

    private static string LibraryPage()
    {
        var page = new StringBuilder("# The library\n\nEverything here is written in the language, in `src/FnnDsl/Library`: read it, and imitate it. This page is made from its documentation comments.\n");
        foreach (var (file, title) in Files)
        {
            page.Append($"\n## {title}\n");
            foreach (var declaration in Read(file).Declarations)
            {
                var name = declaration is CheckpointDeclaration checkpoint ? $"{checkpoint.Name.Text} for {checkpoint.Model.Text}" : declaration.Name.Text;
                page.Append($"\n### {name}\n\n```fnn fragment\n{Signature(file, declaration)}\n```\n\n{declaration.Doc!.Trim()}\n");
            }
        }
        return page.ToString();
    }

    // Everything before the body, on one line.
    private static string Signature(string file, Declaration declaration)
    {
        var text = Source(file).GetText(declaration.Span);
        return Regex.Replace(text[..text.IndexOf('{')], @"\s+", " ").Trim();
    }

    private static FileSyntax Read(string file)
    {
        var syntax = FnnParser.Parse(Source(file));
        Assert.Equal("", DiagnosticRenderer.RenderAll(syntax.Diagnostics));
        return syntax;
    }

    private static SourceText Source(string file) => new(file, File.ReadAllText(Path.Combine(Sources, file)).ReplaceLineEndings("\n"));
}
