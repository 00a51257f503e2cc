using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.Tests;

/// <summary>The extension for Visual Studio Code: what it colours is the language as it is, and its snippets are right.</summary>
public sealed partial class VisualStudioCodeTests
{
    private static readonly TextMate Grammar = new(PathOf("syntaxes", "fnn.tmLanguage.json"));

    // A line in which a word stands where it is no name.
    private static readonly string[] Lines =
    [
        "namespace Deep.Nets", "dim width = 8", "const beta[t: steps] = 0.5", "fn energy(x: real[..., n], k: int = 1, name: string, a: axis) -> real[...] {", "layer dense(out: dim, act: fn = relu, inner: layer)(x: real[..., in]) -> real[..., out]",
        "    where out > 0, out % 2 == 0", "model Net(x: f32[batch, 3], y: f64[], i: i32[batch], j: i64[n], b: bool[n]) -> f32[batch, 1] {", "train Fit for net: Net (x: f32[batch, 3]) {",
        "    param weight: real[out, in] named \"w\" = zeros()", "    w named \"other\" = linear(3)", "    buffer mean: real[d] = 0", "    return y", "    repeat 4 as i : blocks { x = f(x) }", "    if training and not wide or narrow { y = x } else { y = -x }",
        "    feedback (h: real[batch, n] = 0) over x_t in x, y_t in y along time reverse lengths len truncate 32 checkpoint every 8 as t {", "    feedback (h: real[n] = 0) times 8 {", "    feedback (h: real[n] = 0) until done, at_most 20 {", "    feedback (h: real[n] = 0) until halt(p), at_most 20 as cost {",
        "    feedback (z: real[n] = 0) to fixed_point(tol: 1e-4) else warn {", "    feedback (z: real[n] = 0) to fixed_point(tol: 1e-4) else fail {", "    feedback (z: real[n] = 0) to fixed_point(tol: 1e-4) else best {", "        emit ys = y along 0",
        "    minimize loss over net.fc with sgd(lr: 0.1) every 5", "    metric accuracy = mean(x)", "    clip global_norm(1.0)", "    freeze net.fc", "    y = select(true, inf, pi)", "    y = select(false, 1, 2)",
        "    budget memory 512MB at batch 64, time 128", "    budget flops 2G at batch 64", "    rate 0.1 on net.fc", "    accumulate 4", "    average net 0.999", "    precision bf16", "    lora(rank: 8) on net.fc, except: train net.head", "generate Text from net: Net (n: dim) -> f32[n] {", "pipeline All with a: Net {", "    check: evaluate Fit(a) on data for 2 epochs", "    feedback while check.loss < 1, at_most 3 {", "    choice a {", "model B = A(1) quantized int8", "    feedback (grow h: i32[n] = 0) times 8 {", "    feedback (grow h: i32[n] = 0) times 8 slide 4 {",
    ];

    public static TheoryData<string> Words => [.. KeywordTable.All.Select(keyword => keyword.Word)];

    public static TheoryData<string> Snippets => [.. Read("snippets", "fnn.json").EnumerateObject().Select(snippet => snippet.Name)];

    [Theory, MemberData(nameof(Words))]
    public void Every_word_of_the_language_is_coloured(string word)
    {
        var line = Lines.FirstOrDefault(line => Regex.IsMatch(line, Alone(word)));
        Assert.True(line is not null, $"No line shows '{word}'.");
        var place = Regex.Match(line, Alone(word)).Index;
        var scopes = Grammar.ScopesOf(line).Skip(place).Take(word.Length).Distinct().ToArray();
        Assert.Matches("^(keyword|storage|support|constant)[.]", Assert.Single(scopes));
    }

    // Not as a part of another word, and not as an axis.
    private static string Alone(string word) => $@"(?<![A-Za-z0-9_""]){word}(?![A-Za-z0-9_""\]])";

    [Fact]
    public void The_table_of_words_has_those_of_the_grammar()
    {
        var known = KeywordTable.All.Select(keyword => keyword.Word).ToHashSet();
        Assert.Equal(KeywordTable.All.Count, known.Count);
        Assert.Subset(known, KeywordTable.OfTheGrammar.ToHashSet());
    }

    [Theory]
    [InlineData("/// about it", "about", "comment.line.documentation")]
    [InlineData("x = 1 // a model", "model", "comment.line.double-slash")]
    [InlineData("w named \"a{i} model\" = f()", "model", "string.quoted")]
    [InlineData("w named \"a{i} model\" = f()", "{i}", "constant.other.placeholder")]
    [InlineData("model Net(x: f32[batch, n])", "Net", "entity.name.type")]
    [InlineData("fn energy(x: real[n])", "energy", "entity.name.function")]
    [InlineData("dim width = 8", "width", "variable.other.constant")]
    [InlineData("model Net(x: f32[batch, n])", "batch", "variable.other.axis")]
    [InlineData("model Net(x: f32[batch, n])", "x", "variable.parameter")]
    [InlineData("layer l(x: real[..., in]) -> real[..., in]", "in]", "variable.other.axis")]
    [InlineData("y = x |> f", "|>", "keyword.operator.pipe")]
    [InlineData("h <- x", "<-", "keyword.operator.update")]
    [InlineData("y = 1_000", "1_000", "constant.numeric")]
    [InlineData("y = 1.5e-3", "1.5e-3", "constant.numeric")]
    [InlineData("y[b] = sum[i] x[b, i]", "sum", "support.function.reducer")]
    [InlineData("y = linear(3)", "linear", "entity.name.function.call")]
    public void What_is_no_word_has_its_colour_too(string line, string part, string scope)
    {
        var place = line.IndexOf(part, StringComparison.Ordinal);
        Assert.StartsWith(scope, Grammar.ScopesOf(line)[place]);
        Assert.StartsWith(scope, Grammar.ScopesOf(line)[place + part.TrimEnd(']').Length - 1]);
    }

    [Theory]
    // Words are names where they do not stand at their places.
    [InlineData("    over = x + 1", "over")]
    [InlineData("    y = net.train", "train")]
    [InlineData("    y = sqrt(in)", "in")]
    [InlineData("    best <- x", "best")]
    [InlineData("    trainer = linear(3)", "train")]
    public void Names_that_look_like_words_are_names(string line, string part) =>
        Assert.DoesNotMatch("^(keyword|storage)", Grammar.ScopesOf(line)[line.IndexOf(part, StringComparison.Ordinal)]);

    [Theory, MemberData(nameof(Snippets))]
    public void Every_snippet_checks_without_errors(string name)
    {
        var snippet = Read("snippets", "fnn.json").GetProperty(name);
        var body = Filled(string.Join("\n", snippet.GetProperty("body").EnumerateArray().Select(line => line.GetString())));
        var isDeclaration = Regex.IsMatch(body, "^(///.*\n)?(fn|layer|model|train) ");
        var text = isDeclaration ? body : $"model Around(x: f32[batch, 8], sequence: f32[batch, time, 8]) -> f32[batch, 8] {{\n{body}\nreturn x\n}}";
        var errors = FnnCompiler.Check([FnnParser.Parse(new SourceText("snippet.fnn", text))], "Snippets").Where(diagnostic => diagnostic.Severity == Severity.Error);
        Assert.Equal("", DiagnosticRenderer.RenderAll(errors));
        Assert.False(string.IsNullOrWhiteSpace(snippet.GetProperty("description").GetString()));
    }

    [Fact]
    public void There_are_snippets_for_every_form_of_feedback()
    {
        var prefixes = Read("snippets", "fnn.json").EnumerateObject().Select(snippet => snippet.Value.GetProperty("prefix").GetString()).ToArray();
        foreach (var form in new[] { "over", "times", "until", "halt", "fixed point" }) Assert.Contains("feedback " + form, prefixes);
        foreach (var word in new[] { "model", "layer", "train", "fn" }) Assert.Contains(word, prefixes);
    }

    [Fact]
    public void The_files_that_the_package_names_are_there()
    {
        var package = Read("package.json");
        var contributes = package.GetProperty("contributes");
        string[] files =
        [
            package.GetProperty("main").GetString()!,
            contributes.GetProperty("languages")[0].GetProperty("configuration").GetString()!,
            contributes.GetProperty("grammars")[0].GetProperty("path").GetString()!,
            contributes.GetProperty("snippets")[0].GetProperty("path").GetString()!,
            "README.md",
        ];
        foreach (var file in files) Assert.True(File.Exists(PathOf(file)), file);
        Assert.Equal("fnn", contributes.GetProperty("languages")[0].GetProperty("id").GetString());
        Assert.Equal(".fnn", contributes.GetProperty("languages")[0].GetProperty("extensions")[0].GetString());
        Assert.Equal(Read("syntaxes", "fnn.tmLanguage.json").GetProperty("scopeName").GetString(), contributes.GetProperty("grammars")[0].GetProperty("scopeName").GetString());
        Assert.True(contributes.GetProperty("configuration").GetProperty("properties").TryGetProperty("fnn.path", out _));
        Assert.NotEmpty(Grammar.Expressions);
    }

    [Fact]
    public void The_rules_for_brackets_and_new_lines_are_regular_expressions()
    {
        var configuration = Read("language-configuration.json");
        Assert.Equal("//", configuration.GetProperty("comments").GetProperty("lineComment").GetString());
        var indentation = configuration.GetProperty("indentationRules");
        Assert.Matches(indentation.GetProperty("increaseIndentPattern").GetString()!, "model Net(x: f32[n]) -> f32[n] {");
        Assert.DoesNotMatch(indentation.GetProperty("increaseIndentPattern").GetString()!, "    // a {");
        Assert.Matches(indentation.GetProperty("decreaseIndentPattern").GetString()!, "    }");
        Assert.Matches(configuration.GetProperty("wordPattern").GetString()!, "batch_size");
        Assert.Matches(configuration.GetProperty("onEnterRules")[0].GetProperty("beforeText").GetString()!, "/// text");
    }

    // ${1:name} and $1: the first sets what the others repeat.
    private static string Filled(string body)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal) { ["0"] = "" };
        foreach (Match placeholder in Placeholder().Matches(body)) values.TryAdd(placeholder.Groups[1].Value, placeholder.Groups[2].Value);
        return Reference().Replace(Placeholder().Replace(body, match => match.Groups[2].Value), match => values[match.Groups[1].Value]);
    }

    private static JsonElement Read(params string[] parts) => JsonDocument.Parse(File.ReadAllText(PathOf(parts))).RootElement;

    private static string PathOf(params string[] parts) => Path.GetFullPath(Path.Combine([Folder(), "..", "..", "..", "editors", "vscode", .. parts]));

    private static string Folder([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;

    [GeneratedRegex(@"\$\{(\d+):([^}]*)\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Reference();
}
