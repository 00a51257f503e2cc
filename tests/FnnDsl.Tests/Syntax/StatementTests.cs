using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>Statements: their forms, where lines end them, and what is kept of wrong ones.</summary>
public sealed class StatementTests
{
    [Theory]
    [InlineData("y = x", "y = x")]
    [InlineData("(q, k) = split(x)", "q k = split(x)")]
    [InlineData("fc named \"w\\\"\" = linear(3)", "fc named 'w\"' = linear(3)")]
    [InlineData("y[b, t: time, ...] = x[b]", "y[b, t: time, ...] = x[b]")]
    [InlineData("y[] = sum[i] x[i]", "y[] = (Sum[i] x[i])")]
    [InlineData("param w: real[out, in] named \"k\" = zeros()", "param w: real[out, in] named 'k' = zeros()")]
    [InlineData("buffer b: real[]", "buffer b: real[]")]
    [InlineData("mean <- mean + 1", "mean <- (Add mean 1)")]
    [InlineData("repeat depth as i : h { x = x }", "repeat depth as i : h {x = x}")]
    [InlineData("repeat 2*n { }", "repeat (Multiply 2 n) as  :  {}")]
    [InlineData("repeat 3 : h { x = x; y = y }", "repeat 3 as  : h {x = x; y = y}")]
    [InlineData("if a { x = 1 }", "if a {x = 1} else {}")]
    [InlineData("if a { x = 1 } else if b { x = 2 } else { x = 3 }", "if a {x = 1} else {if b {x = 2} else {x = 3}}")]
    [InlineData("return (a, b)", "return a b")]
    [InlineData("return a + b", "return (Add a b)")]
    // Words of statements are names where they are bound.
    [InlineData("param = 1; repeat = 2; clip <- 3; sum[i] = 4", "param = 1; repeat = 2; clip <- 3; sum[i] = 4")]
    // Lines.
    [InlineData("a = 1\nb = 2", "a = 1; b = 2")]
    [InlineData("a = 1; b = 2;; c = 3;", "a = 1; b = 2; c = 3")]
    [InlineData("a = x +\n 1", "a = (Add x 1)")]
    [InlineData("a = x\n + 1\n * 2", "a = (Add x (Multiply 1 2))")]
    [InlineData("a = x\n |> f\n |> g", "a = ((x |> f) |> g)")]
    [InlineData("a = f(\n x,\n\n y\n)\nb = 2", "a = f(x, y); b = 2")]
    [InlineData("a = x[\n 1\n ]", "a = x[1]")]
    [InlineData("a\n = 1", "a = 1")]
    [InlineData("a =\n 1", "a = 1")]
    [InlineData("a = x // comment +\nb = y", "a = x; b = y")]
    [InlineData("a = x\n// comment\n + 1", "a = (Add x 1)")]
    [InlineData("a = x\n(b, c) = d", "a = x; b c = d")]
    [InlineData("if a { x = 1 }\nelse { x = 2 }", "if a {x = 1} else {x = 2}")]
    [InlineData("if a { x = 1 } else\nif b { x = 2 }", "if a {x = 1} else {if b {x = 2} else {}}")]
    [InlineData("if a\n{ x = 1 }", "if a {x = 1} else {}")]
    [InlineData("where = 1\nelse = 2\nwith[i] = 3", "where = 1; else = 2; with[i] = 3")]
    [InlineData("a = 1\r\nb = 2\r\n\tc = 3\rd = 4", "a = 1; b = 2; c = 3; d = 4")]
    public void A_body_is_understood(string text, string expected)
    {
        var (body, diagnostics) = Parse("fn f(x: real[n]) -> real[n] {", text);
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    [Theory]
    [InlineData("budget memory 512MB", "budget memory 512 MB at ")]
    [InlineData("budget memory 512 MB at batch 64, time 2*n", "budget memory 512 MB at batch: 64 time: (Multiply 2 n)")]
    [InlineData("budget memory 1.5GiB at batch 64\nbudget flops 1_000K\nb = 1", "budget memory 1.5f GiB at batch: 64; budget flops 1000 K at ; b = 1")]
    [InlineData("budget flops 2e3G", "budget flops 2000 G at ")]
    [InlineData("a = x +\nbudget flops 1M", "a = missing; budget flops 1 M at ")]
    [InlineData("budget = 2; memory = budget; at[i] = 1", "budget = 2; memory = budget; at[i] = 1")]
    public void A_budget_of_a_model_is_understood(string text, string expected)
    {
        var (body, _) = Parse("model f(x: f32[n]) -> f32[n] {", text);
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    [Fact]
    public void A_blank_before_a_unit_means_nothing()
    {
        static string TextOf(string budget) => FnnParser.Parse(new SourceText("budget.fnn", $"model M(x: f32[n]) -> f32[n] {{ {budget}; return x }}")).Declarations.Single().TokenText;
        Assert.Equal(TextOf("budget memory 512MB at n 3"), TextOf("budget memory   512 MB   at n 3"));
        Assert.NotEqual(TextOf("budget memory 512MB at n 3"), TextOf("budget memory 513MB at n 3"));
    }

    [Theory]
    [InlineData("minimize l with adam(1e-3)", "minimize l over  with adam(0.001f) every 1")]
    [InlineData("minimize l\n over a, b.c\n with sgd(1)\n every 5", "minimize l over a b.c with sgd(1) every 5")]
    [InlineData("minimize sum[i] x[i] * 2 with sgd(1)", "minimize (Sum[i] (Multiply x[i] 2)) over  with sgd(1) every 1")]
    [InlineData("minimize mean[i] with sgd(1)", "minimize mean[i] over  with sgd(1) every 1")]
    [InlineData("metric m = mean(x)", "metric m = mean(x)")]
    [InlineData("clip global_norm(1.0)", "clip global_norm(1f)")]
    [InlineData("freeze net.a.*.0.w, other.*\nfreeze net\nclip value(1)", "freeze net.a.*.0.w other.*; freeze net; clip value(1)")]
    public void A_training_is_understood(string text, string expected)
    {
        var (body, diagnostics) = Parse("train t for net: M (x: f32[n]) {", text);
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    [Theory]
    [InlineData("y = 3 *\nz = 2", "y = missing; z = 2")]
    [InlineData("y = f(3\nz = 2", "y = missing; z = 2")]
    [InlineData("(a, b) = f(\nreturn a", "a b = missing; return a")]
    [InlineData("q, k = split(x)\nz = 2", "q k = missing; z = 2")]
    [InlineData("y[i] = * x\nz = 2", "y = missing; z = 2")]
    [InlineData("y[i = x[i]\nz = 2", "z = 2")]
    [InlineData("param w: = 3\nz = w", "w = missing; z = w")]
    [InlineData("mean <- +\nz = 2", "mean <- missing; z = 2")]
    [InlineData("if { a = 1; b = 2 }\nz = 2", "a b = missing; z = 2")]
    [InlineData("repeat 3 as { a = 1 }\nz = 2", "a = missing; z = 2")]
    [InlineData("return +", "return missing")]
    [InlineData("y = 0 < 1 < 2", "y = missing")]
    [InlineData("y = x # 3", "y = x")]
    [InlineData("y = x ? 3\nz = 2", "y = missing; z = 2")]
    [InlineData("relu(x)\nz = 2", "z = 2")]
    [InlineData("if a { b = ( }\nz = 2", "if a {b = missing} else {}; z = 2")]
    [InlineData("y = choice { a: skip() }\nz = 2", "y = missing; z = 2")]
    public void Of_a_wrong_statement_the_names_are_kept(string text, string expected)
    {
        var (body, diagnostics) = Parse("fn f(x: real[n]) -> real[n] {", text);
        Assert.Single(diagnostics);
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    private static (EquatableArray<Statement> Body, IReadOnlyList<Diagnostic> Diagnostics) Parse(string head, string body)
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", head + "\n" + body + "\n}\n"));
        var statements = Assert.Single(file.Declarations) switch
        {
            CallableDeclaration callable => callable.Body,
            TrainDeclaration train => train.Body,
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
        return (statements, file.Diagnostics);
    }
}
