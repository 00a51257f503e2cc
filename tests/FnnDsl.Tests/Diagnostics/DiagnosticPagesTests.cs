using System.Text;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Diagnostics;

/// <summary>
/// <c>docs/diagnostics</c> has a page for each row of the table, whose programs do what the page says. With <c>FNN_UPDATE=1</c> the heads of the pages and the
/// index are written anew; what people wrote below the head stays.
/// </summary>
public sealed partial class DiagnosticPagesTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Corpus.Folder, "..", "..", "docs", "diagnostics"));

    private static bool ShallUpdate => Environment.GetEnvironmentVariable("FNN_UPDATE") == "1";

    /// <summary>Codes that no <c>.fnn</c> program of a page shows, with the reason, which the page gives too.</summary>
    private static readonly Dictionary<string, string> WithoutPrograms = new()
    {
        ["FNN3039"] = "how deep is too deep depends on the stack of the machine that compiles",
        ["FNN5014"] = "the parser reports FNN1020 first",
        ["FNN5016"] = "the parser reports FNN1020 first",
        ["FNN9000"] = "a failure of the compiler itself, which no program is known to provoke",
    };

    /// <summary>Thousands of codes, in the words of the index.</summary>
    private static readonly (char Digit, string Title)[] Parts =
    [
        ('1', "Syntax"), ('2', "Names and declarations"), ('3', "Types, axes and index notation"), ('4', "Feedback"), ('5', "Training"), ('6', "Hints and warnings"), ('9', "The compiler itself"),
    ];

    [GeneratedRegex(@"^## (?<title>Wrong|Right)\n+```fnn\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Program();

    public static TheoryData<string> Codes
    {
        get
        {
            var codes = new TheoryData<string>();
            foreach (var row in DiagnosticTable.All) codes.Add(row.Code);
            return codes;
        }
    }

    [Fact]
    public void Every_row_has_a_page_and_every_page_a_row() =>
        Assert.Equal(DiagnosticTable.All.Select(row => row.Code), Directory.GetFiles(Folder, "FNN*.md").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Codes))]
    public void The_head_of_a_page_is_what_the_table_says(string code)
    {
        var row = DiagnosticTable.Find(code)!;
        var page = Read(code);
        // The title and the line with the message, and an empty line behind each.
        var parts = page.Split("\n\n", 3);
        Assert.True(parts.Length == 3, "A page is a title, a line for severity and message, and what it means.");
        var expected = $"# {row.Code}: {row.Title}\n\n**{SeverityOf(row)}**: `{row.Message}`\n\n";
        if (ShallUpdate) File.WriteAllText(PathOf(code), expected + parts[2]);
        else Assert.StartsWith(expected, page);
    }

    [Theory, MemberData(nameof(Codes))]
    public void A_page_explains_in_words_before_it_shows(string code)
    {
        var prose = Read(code).Split("\n## ")[0].Split("\n\n", 3)[2].Trim();
        Assert.True(prose.Length > 100, prose);
    }

    [Theory, MemberData(nameof(Codes))]
    public void The_wrong_program_has_this_finding_alone_and_the_right_one_has_none(string code)
    {
        var page = Read(code);
        var programs = Program().Matches(page).ToDictionary(match => match.Groups["title"].Value, match => match.Groups["text"].Value);
        if (WithoutPrograms.ContainsKey(code))
        {
            Assert.Empty(programs);
            return;
        }
        Assert.Equal(["Right", "Wrong"], programs.Keys.Order());
        var wrong = Check(code, programs["Wrong"]);
        Assert.True(wrong.Any(diagnostic => diagnostic.Code == code), $"The wrong program of {code} does not have it:\n{DiagnosticRenderer.RenderAll(wrong)}");
        var others = wrong.Where(diagnostic => diagnostic.Code != code);
        Assert.True(!others.Any(), $"The wrong program of {code} has others:\n{DiagnosticRenderer.RenderAll(others)}");
        var right = Check(code, programs["Right"]);
        Assert.True(right.Count == 0, $"The right program of {code}:\n{DiagnosticRenderer.RenderAll(right)}");
    }

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        foreach (var path in Directory.GetFiles(Folder, "*.md"))
        {
            foreach (Match link in Regex.Matches(File.ReadAllText(path), @"\]\((?<file>[^)#\s]+)[^)]*\)"))
            {
                var target = Path.Combine(Folder, link.Groups["file"].Value);
                Assert.True(File.Exists(target), $"{Path.GetFileName(path)} links to {link.Groups["file"].Value}");
            }
        }
    }

    [Fact]
    public void The_index_lists_the_table()
    {
        var path = Path.Combine(Folder, "README.md");
        var expected = Index();
        if (ShallUpdate) File.WriteAllText(path, expected);
        else Assert.True(File.Exists(path) && File.ReadAllText(path).ReplaceLineEndings("\n") == expected, "docs/diagnostics/README.md is out of date: run the tests with FNN_UPDATE=1 and commit it.");
    }

    private static string Index()
    {
        var page = new StringBuilder("""
            # Diagnostics

            Every code that a build, an editor or `fnn check` can report about a `.fnn` file. `fnn explain FNN3004` prints the page of a code.
            Hints and warnings can be [turned off](../diagnostic-settings.md). This page is made from `src/FnnDsl/Diagnostics/DiagnosticTable*.cs`;
            `FNN_UPDATE=1 dotnet test tests/FnnDsl.Tests` writes it anew.

            """.ReplaceLineEndings("\n"));
        var rows = DiagnosticTable.All;
        foreach (var (digit, title) in Parts)
        {
            page.Append($"\n## {digit}xxx: {title}\n\n| code | title | severity |\n| --- | --- | --- |\n");
            foreach (var row in rows.Where(row => row.Code[3] == digit)) page.Append($"| [{row.Code}]({row.Code}.md) | {row.Title.Replace("|", "\\|")} | {SeverityOf(row)} |\n");
        }
        Assert.All(rows, row => Assert.Contains($"[{row.Code}]", page.ToString()));
        return page.ToString();
    }

    private static string SeverityOf(DiagnosticRow row) => row.Severity.ToString().ToLowerInvariant();

    private static IReadOnlyList<Diagnostic> Check(string code, string text) => CorpusCompiler.Diagnose(new SourceText($"{code}.fnn", text));

    private static string Read(string code) => File.ReadAllText(PathOf(code)).ReplaceLineEndings("\n");

    private static string PathOf(string code) => Path.Combine(Folder, code + ".md");
}
