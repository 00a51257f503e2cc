using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>Files and declarations: signatures, doc comments, what a declaration knows of its tokens, and recovery between declarations.</summary>
public sealed class DeclarationTests
{
    [Fact]
    public void A_file_has_a_namespace_and_its_declarations_in_order()
    {
        var file = ParseClean("namespace A.B\ndim a = 1, b = 2*a\nfn f(x: real[n]) -> real[n] { return x }\nmodel M = F(d: 3)\n");
        Assert.Equal("A.B", file.Namespace);
        Assert.Equal(["a", "b", "f", "M"], file.Declarations.Select(declaration => declaration.Name.Text));
    }

    [Theory]
    [InlineData("layer l(x: real[n]) -> real[n] { }", null, "x: real[n]")]
    [InlineData("layer l()(x: real[n]) -> real[n] { }", "", "x: real[n]")]
    [InlineData("layer l(out: dim, act: fn = gelu)\n(x: real[..., in], y: real[k] = x) -> real[n]\n{ }", "out: dim, act: fn = gelu", "x: real[..., in], y: real[k] = x")]
    [InlineData("model M(d: dim)(x: f32[batch, d]) -> f32[] { }", "d: dim", "x: f32[batch, d]")]
    [InlineData("fn f(x: real[], k: int = 3) -> real[] { }", null, "x: real[], k: int = 3")]
    public void A_signature_has_config_and_parameters(string text, string? config, string parameters)
    {
        var callable = Assert.IsType<CallableDeclaration>(Assert.Single(ParseClean(text).Declarations));
        Assert.Equal(config, callable.Config is { } list ? Print(list) : null);
        Assert.Equal(parameters, Print(callable.Parameters));

        static string Print(IEnumerable<ParameterSyntax> list) => string.Join(", ", list.Select(parameter =>
            $"{parameter.Name}: {SyntaxPrinter.Print(parameter.Type)}{(parameter.Default is null ? "" : " = " + SyntaxPrinter.Print(parameter.Default))}"));
    }

    [Fact]
    public void Results_and_conditions_are_read()
    {
        var callable = Assert.IsType<CallableDeclaration>(Assert.Single(ParseClean(
            "fn f(x: real[a, b]) -> (sum: real[a], rest: real[b - 1]) where a % 2 == 0,\n b > 1 and a > b { }").Declarations));
        Assert.Equal("sum real[a], rest real[(Subtract b 1)]",
            string.Join(", ", callable.Results.Select(result => result.Name + " " + SyntaxPrinter.Print(result.Type))));
        Assert.Equal(["(Equal (Remainder a 2) 0)", "(And (Greater b 1) (Greater a b))"], callable.Where.Select(SyntaxPrinter.Print));
    }

    [Fact]
    public void A_train_names_its_networks_and_inputs()
    {
        var train = Assert.IsType<TrainDeclaration>(Assert.Single(ParseClean(
            "train T for net: Net,\n other: Lib.Other (x: f32[batch], y: i32[batch]) where batch > 1 { minimize x with sgd(1) }").Declarations));
        Assert.Equal("net:Net other:Lib.Other", string.Join(" ", train.Nets.Select(net => net.Name + ":" + net.Model)));
        Assert.Equal(["x", "y"], train.Inputs.Select(input => input.Name.Text));
        Assert.Single(train.Where);
        Assert.Single(train.Body);
    }

    [Fact]
    public void Docs_belong_to_the_declaration_below()
    {
        var file = ParseClean("/// One.\n///\n///  Two.\n// none\ndim a = 1\n//// none\ndim b = 2,\n/// Of c.\nc = 3\n");
        Assert.Equal(["One.\n\n Two.", null, "Of c."], file.Declarations.Select(declaration => declaration.Doc));
    }

    [Fact]
    public void Tokens_are_their_starts_and_text_leaves_comments_and_layout_out()
    {
        const string text = "// x\nfn f ( x: real[n] )\n -> real[n] { // y\n  a = 1\n  return  a\n}\n";
        var declaration = Assert.Single(ParseClean(text).Declarations);
        Assert.Equal("fn f ( x : real [ n ] ) -> real [ n ] { a = 1 ; return a ; }", declaration.TokenText);
        var tokens = declaration.TokenText.Split(' ').Where(token => token != ";").ToArray();
        Assert.Equal(tokens.Length, declaration.Tokens.Count);
        for (var i = 0; i < tokens.Length; i++)
        {
            Assert.Equal(tokens[i], text.Substring(declaration.Tokens[i], tokens[i].Length));
        }
        Assert.Equal(text.IndexOf("fn", StringComparison.Ordinal), declaration.Span.Start);
        Assert.Equal(text.LastIndexOf('}') + 1, declaration.Span.End);
    }

    [Fact]
    public void Constants_of_one_dim_have_tokens_of_their_own()
    {
        var file = ParseClean("dim a = 1, b = 2 * a");
        Assert.Equal(["dim a = 1", "dim b = 2 * a"], file.Declarations.Select(declaration => declaration.TokenText));
        Assert.Equal([0, 11, 13, 15, 17, 19], file.Declarations[1].Tokens);
    }

    [Fact]
    public void Layout_does_not_change_the_text_but_the_end_of_a_statement_does()
    {
        Assert.Equal(Text("y = f(x)\nz = y"), Text("// c\ny = f( // d\n x); z =\n\n y"));
        Assert.NotEqual(Text("y = f\n(a, b) = z"), Text("y = f; z = 3"));

        static string Text(string body) => Assert.Single(ParseClean("fn f(x: real[n]) -> real[n] {\n" + body + "\n}").Declarations).TokenText;
    }

    [Theory]
    [InlineData("fn bad(x: real[n) -> real[n] { return x }")]
    [InlineData("fn bad(x: real[n]) -> real[n { return x }")]
    [InlineData("fn bad(x: real[n]")]
    [InlineData("fn bad")]
    [InlineData("model bad(x: real[n]) -> { return x }")]
    [InlineData("dim bad = (1")]
    [InlineData("dim bad =")]
    [InlineData("generate bad from x { }")]
    [InlineData("modle bad(x: f32[n]) -> f32[n] { return x }")]
    public void A_wrong_declaration_hides_no_other_and_leaves_its_name(string wrong)
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", $"dim a = 1\n{wrong}\ndim b = 2\nfn g(x: real[n]) -> real[n] {{ return x }}\n"));
        Assert.Single(file.Diagnostics);
        Assert.Equal(["a", "b", "g"], file.Declarations.Select(declaration => declaration.Name.Text));
        Assert.Equal(["bad"], file.BrokenNames);
    }

    [Fact]
    public void A_forgotten_brace_ends_at_the_next_declaration()
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", "fn f(x: real[n]) -> real[n] {\n  if x { y = 1\n  return x\n\nfn g(x: real[n]) -> real[n] { return x }\n"));
        Assert.Single(file.Diagnostics);
        Assert.Equal(["f", "g"], file.Declarations.Select(declaration => declaration.Name.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    [InlineData("  \r\n\t// nothing\r\n/// nothing")]
    public void A_file_may_be_empty(string text) => Assert.Empty(ParseClean(text).Declarations);

    [Fact]
    public void A_byte_order_mark_moves_no_place()
    {
        var file = ParseClean("\uFEFFdim a = 1");
        Assert.Equal(1, file.Declarations[0].Tokens[0]);
    }

    private static FileSyntax ParseClean(string text)
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", text));
        Assert.Equal("", DiagnosticRenderer.RenderAll(file.Diagnostics));
        return file;
    }
}
