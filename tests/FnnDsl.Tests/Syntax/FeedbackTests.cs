using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>Feedback blocks and their emits: forms, options, lines, words as names, and what is kept of wrong ones.</summary>
public sealed class FeedbackTests
{
    private const string State = "feedback (h: real[n] = 0) ";

    [Theory]
    [InlineData("over x_t in x along time", "over x_t in x along time")]
    [InlineData("over x_t in x[:, 1:] as [b, t], y_t in f(y) |> g along -1", "over x_t in (x[::, 1::] as [b, t]), y_t in (f(y) |> g) along (Negate 1)")]
    [InlineData("over along in along along along", "over along in along along along")]
    [InlineData("over in in in, over in over along time", "over in in in, over in over along time")]
    [InlineData("times 8", "times 8")]
    [InlineData("times 2 * n + 1", "times (Add (Multiply 2 n) 1)")]
    [InlineData("times times", "times times")]
    [InlineData("until max(y) < 1e-3 and a, at_most 2 * n", "until (And (Less max(y) 0.001f) a), at_most (Multiply 2 n)")]
    [InlineData("until until, at_most at_most", "until until, at_most at_most")]
    [InlineData("until at_most, at_most 3", "until at_most, at_most 3")]
    [InlineData("until halt(p), at_most 3", "halt p, at_most 3")]
    [InlineData("until halt(1 - p[:, 0]), at_most n", "halt (Subtract 1 p[::, 0]), at_most n")]
    [InlineData("until halt, at_most 3", "until halt, at_most 3")]
    [InlineData("until halt(p) > 0.5, at_most 3", "until (Greater halt(p) 0.5f), at_most 3")]
    [InlineData("until halt(p)(q), at_most 3", "until halt(p)(q), at_most 3")]
    [InlineData("to fixed_point()", "fixed_point()")]
    [InlineData("to fixed_point(tol: 1e-4, at_most: 40, solver: anderson(5))", "fixed_point(tol: 0.0001f, at_most: 40, solver: anderson(5))")]
    // Options, in any order, are printed in one.
    [InlineData("times 8 as n", "times 8 as n")]
    [InlineData("times x as [n] as n", "times (x as [n]) as n")]
    [InlineData("times x |> f as n", "times (x |> f) as n")]
    [InlineData("until a, at_most 3 as n else warn", "until a, at_most 3 as n else warn")]
    [InlineData("until a, at_most 3 else best as n", "until a, at_most 3 as n else best")]
    [InlineData("to fixed_point(tol: 1) else fail", "fixed_point(tol: 1) else fail")]
    [InlineData("over a in b along c reverse as t lengths len truncate 32 checkpoint every 8", "over a in b along c as t reverse lengths len truncate 32 checkpoint 8")]
    [InlineData("over a in b along c checkpoint every 2 * n truncate n lengths f(len) as t reverse", "over a in b along c as t reverse lengths f(len) truncate n checkpoint (Multiply 2 n)")]
    [InlineData("over a in mean[0] along 1 reverse lengths mean[0] truncate mean[0] checkpoint every mean[0] else warn", "over a in mean[0] along 1 reverse lengths mean[0] truncate mean[0] checkpoint mean[0] else warn")]
    [InlineData("over a in max[0] along max[0] reverse", "over a in max[0] along max[0] reverse")]
    [InlineData("over reverse in reverse along reverse reverse lengths lengths truncate truncate checkpoint every every", "over reverse in reverse along reverse reverse lengths lengths truncate truncate checkpoint every")]
    // Lines.
    [InlineData("\n over a in b,\n c in d\n along e\n reverse\n as t\n lengths f\n truncate 1\n checkpoint every 2\n else warn\n", "over a in b, c in d along e as t reverse lengths f truncate 1 checkpoint 2 else warn")]
    [InlineData("\n times 8\n as n\n", "times 8 as n")]
    [InlineData("\n until a\n and b\n , at_most 3\n", "until (And a b), at_most 3")]
    [InlineData("\n until halt(\n p\n ),\n at_most 3\n", "halt p, at_most 3")]
    [InlineData("\n to fixed_point(tol: 1,\n at_most: 2)\n", "fixed_point(tol: 1, at_most: 2)")]
    [InlineData("over a\n in b // comment\n\n along c checkpoint\n every 3", "over a in b along c checkpoint 3")]
    public void How_long_it_runs_is_understood(string how, string expected)
    {
        var (body, diagnostics) = Parse(State + how + " { }\nreturn h");
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        Assert.Equal("{feedback (h: real[n] = 0) " + expected + " {}; return h}", SyntaxPrinter.Print(body));
    }

    [Theory]
    [InlineData("feedback (h: real[batch, n]) times 8 { }", "feedback (h: real[batch, n]) times 8 {}")]
    [InlineData("feedback (h: f32[] = x as [], c: real[...] = f(a: 1)) times 8 { }", "feedback (h: f32[] = (x as []), c: real[...] = f(a: 1)) times 8 {}")]
    [InlineData("feedback (\n h: f32[]\n = 1,\n c: f32[]\n ) times 8 { }", "feedback (h: f32[] = 1, c: f32[]) times 8 {}")]
    [InlineData("feedback (grow h: i32[b, length <= 2 * n] = x, c: f32[]) times 8 { h <- h }", "feedback (grow h: i32[b, length <= (Multiply 2 n)] = x, c: f32[]) times 8 {h <- h}")]
    [InlineData("feedback (grow: f32[], over: f32[]) times 8 { }", "feedback (grow: f32[], over: f32[]) times 8 {}")]
    [InlineData("feedback (h: f32[]) times 8 { old = h; h <- old + 1; emit hs = h; emit os = old along 0 }",
        "feedback (h: f32[]) times 8 {old = h; h <- (Add old 1); emit hs = h; emit os = old along 0}")]
    [InlineData("feedback (h: f32[]) times 8 { emit hs = x |> f as [n] along time\nemit os = h\n along 2*n\nemit us = mean[0] along 0 }",
        "feedback (h: f32[]) times 8 {emit hs = ((x |> f) as [n]) along time; emit os = h along (Multiply 2 n); emit us = mean[0] along 0}")]
    [InlineData("feedback (h: f32[]) times 8 { feedback (k: f32[] = h) times 2 { emit ks = k }; if a { emit hs = h } else { repeat 2 { h <- h } } }",
        "feedback (h: f32[]) times 8 {feedback (k: f32[] = h) times 2 {emit ks = k}; if a {emit hs = h} else {repeat 2 as  :  {h <- h}}}")]
    // Its words are names where they are bound.
    [InlineData("feedback = 1; emit = 2; feedback <- 3; emit[i] = 4; (feedback, emit) = f()", "feedback = 1; emit = 2; feedback <- 3; emit[i] = 4; feedback emit = f()")]
    [InlineData("emit named \"e\" = f()\nfeedback named \"f\" = f()", "emit named 'e' = f(); feedback named 'f' = f()")]
    [InlineData("emit emit = emit along along", "emit emit = emit along along")]
    [InlineData("emit named = x", "emit named = x")]
    [InlineData("y = x\nover = 1\nin = 2\nalong[i] = 3\ntimes <- 4\nuntil = 5\nat_most = 6\nto = 7\nreverse = 8\nlengths = 9\ntruncate = 10\ncheckpoint = 11",
        "y = x; over = 1; in = 2; along[i] = 3; times <- 4; until = 5; at_most = 6; to = 7; reverse = 8; lengths = 9; truncate = 10; checkpoint = 11")]
    [InlineData("y = x\ntimes named \"t\" = f()", "y = x; times named 't' = f()")]
    [InlineData("y = times +\n feedback(z)\nz = emit(y,\n feedback(h: 3))", "y = (Add times feedback(z)); z = emit(y, feedback(h: 3))")]
    public void A_block_is_understood(string text, string expected)
    {
        var (body, diagnostics) = Parse(text);
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    [Theory]
    // One wrong line of the body.
    [InlineData("feedback (h: real[n] = 0) times 8 as t { h <- +; u = 3; emit ys = h }\nz = 2", "feedback (h: real[n] = 0) times 8 as t {h <- missing; u = 3; emit ys = h}; z = 2")]
    [InlineData("feedback (h: real[n] = 0) times 8 as t { h <- h; emit ys = 3 * }\nz = 2", "feedback (h: real[n] = 0) times 8 as t {h <- h; emit ys = missing}; z = 2")]
    [InlineData("feedback (h: real[n] = 0) times 8 as t { emit ys <- h }\nz = 2", "feedback (h: real[n] = 0) times 8 as t {emit ys = missing}; z = 2")]
    [InlineData("feedback (h: real[n] = 0) times 8 as t { emti ys = h }\nz = 2", "feedback (h: real[n] = 0) times 8 as t {emit ys = missing}; z = 2")]
    [InlineData("feedback (h: real[n] = 0) times 8 as t { emit ys = f(h\nemit zs = h }", "feedback (h: real[n] = 0) times 8 as t {emit ys = missing; emit zs = h}")]
    // A wrong head.
    [InlineData("feedback (h: real[n] = 0, c: f32[]) 8 times as t { h <- h; u = 3; emit ys = h }\nz = 2", "h c t u ys = missing; z = 2")]
    [InlineData("feedback (h: real[n] = f(a: 1)) as t { if a { emit ys = h } }\nz = 2", "h t ys = missing; z = 2")]
    [InlineData("feedback (h: real[n] = 0, c: f32[] times 8 as t { emit ys = h }\nz = 2", "h c t ys = missing; z = 2")]
    [InlineData("feedback h: real[n] = f(a: 1), c: f32[] times 8 as t { emit ys = h }\nz = 2", "h c t ys = missing; z = 2")]
    [InlineData("feedback (h: real[n]) to fixedpoint(tol: 1e-4) as t { }\nz = 2", "h t = missing; z = 2")]
    [InlineData("feedback (h: real[n]) times 8 else stop as t { }\nz = 2", "h t = missing; z = 2")]
    [InlineData("feedback (h: real[n])\n times 8\n until 3 as t { emit ys = h }\nz = 2", "h t ys = missing; z = 2")]
    [InlineData("feedback (h: real[n]) until a {\n emit ys = h\n }\nz = 2", "h ys = missing; z = 2")]
    [InlineData("feedbck (h: real[n]) times 8 as t {\n emit ys = h\n }\nz = 2", "h t ys = missing; z = 2")]
    [InlineData("if { feedback (h: real[n]) times 8 as t { emit ys = h } }\nz = 2", "h t ys = missing; z = 2")]
    // What goes before it.
    [InlineData("y = f(3\nfeedback (h: real[n]) times 8 { emit ys = h }", "y = missing; feedback (h: real[n]) times 8 {emit ys = h}")]
    [InlineData("y = 3 *\nemit ys = h", "y = missing; emit ys = h")]
    // What is reported and read nevertheless.
    [InlineData("feedback (h: real[n]) times 8 as t as s { }", "feedback (h: real[n]) times 8 as t {}")]
    [InlineData("feedback (h: real[n]) times 8 else warn else fail { }", "feedback (h: real[n]) times 8 else warn {}")]
    public void Of_a_wrong_block_the_names_are_kept(string text, string expected)
    {
        var (body, diagnostics) = Parse(text);
        Assert.Single(diagnostics);
        Assert.Equal("{" + expected + "}", SyntaxPrinter.Print(body));
    }

    [Theory]
    [InlineData("feedback h: f32[] times 8 { }", "the right form is feedback (h: real[batch, n] = 0) times 8 { h <- tanh(fc(h)) }")]
    [InlineData("feedback (h: f32[]) tiems 8 { }", "write times")]
    [InlineData("feedback (h: f32[]) times 8 truncat 8 { }", "write truncate")]
    [InlineData("feedback (h: f32[]) for 8 { }", "the right form is feedback (h: real[batch, n] = 0) times 8 { h <- tanh(fc(h)) }")]
    [InlineData("feedback (h: f32[]) over x_t in x { }", "the right form is over x_t in x along time")]
    [InlineData("feedback (h: f32[]) until a { }", "the right form is until change < 1e-3, at_most 20")]
    [InlineData("feedback (h: f32[]) until halt(p) { }", "the right form is until halt(p), at_most 20")]
    [InlineData("feedback (h: f32[]) to point { }", "the right form is to fixed_point(tol: 1e-4, at_most: 40)")]
    [InlineData("feedback (h: f32[]) times 8 checkpoint 8 { }", "the right form is checkpoint every 8")]
    [InlineData("feedback (h: f32[]) times 8 else stop { }", "the right form is else warn, else fail or else best")]
    [InlineData("feedback (h: f32[]) times 8 as n as m { }", "take one of them away")]
    [InlineData("feedbak (h: f32[]) times 8 { }", "write feedback")]
    [InlineData("emit ys <- h", "the right form is emit ys = y along 0")]
    public void A_mistake_comes_with_its_correction(string text, string fix)
    {
        var (_, diagnostics) = Parse(text);
        Assert.Equal(fix, Assert.Single(diagnostics).Fix);
    }

    [Fact]
    public void An_option_given_twice_shows_the_first()
    {
        var text = State + "over a in b along c truncate 8 reverse truncate 9 { }";
        var diagnostic = Assert.Single(Parse(text).Diagnostics);
        Assert.Equal("FNN1023", diagnostic.Code);
        Assert.Equal("truncate 9", diagnostic.Location.Source.Text.Substring(diagnostic.Location.Span.Start, 10));
        Assert.Equal("truncate 8", diagnostic.Location.Source.Text.Substring(Assert.Single(diagnostic.Labels).Location.Span.Start, 10));
    }

    [Fact]
    public void Nodes_know_where_they_stand()
    {
        var (body, _) = Parse("feedback (h: f32[] = 0, c: f32[]) over a in b, x_t in x along time reverse as t else warn { emit hs = h along 0 }");
        var feedback = Assert.IsType<FeedbackStatement>(Assert.Single(body));
        var over = Assert.IsType<OverForm>(feedback.Form);
        var emit = Assert.IsType<EmitStatement>(Assert.Single(feedback.Body));
        Assert.Equal(
            ["h: f32[] = 0", "c: f32[]", "over a in b, x_t in x along time", "x_t in x", "reverse", "t", "warn", "emit hs = h along 0", "0"],
            new[]
            {
                feedback.States[0].Span, feedback.States[1].Span, over.Span, over.Sources[1].Span, feedback.Reverse!.Span, feedback.Step!.Span,
                feedback.Otherwise!.Span, emit.Span, emit.Along!.Span,
            }.Select(TextOf));
        Assert.StartsWith("feedback (", TextOf(feedback.Span), StringComparison.Ordinal);
        Assert.EndsWith("}", TextOf(feedback.Span), StringComparison.Ordinal);

        string TextOf(TextSpan span) => Source.GetText(span);
    }

    [Fact]
    public void An_option_at_the_beginning_of_a_line_is_no_declaration()
    {
        var file = FnnParser.Parse(new SourceText("test.fnn", "fn f(x: real[n]) -> real[n] {\nfeedback (h: real[n]) times 8\ncheckpoint every 3\n{ h <- x }\nreturn h\n}\n"));
        Assert.Equal("", DiagnosticRenderer.RenderAll(file.Diagnostics));
        Assert.Single(file.Declarations);
    }

    [Fact]
    public void In_a_train_only_a_feedback_updates()
    {
        const string text = "train t for net: M (x: f32[n]) {\nfeedback (h: f32[n]) times 8 { if a { h <- x } }\nh <- x\n}";
        Assert.Equal("FNN1020", Assert.Single(FnnParser.Parse(new SourceText("test.fnn", text)).Diagnostics).Code);
    }

    private SourceText Source { get; set; } = new("", "");

    private (EquatableArray<Statement> Body, IReadOnlyList<Diagnostic> Diagnostics) Parse(string body)
    {
        Source = new SourceText("test.fnn", "fn f(x: real[n]) -> real[n] {\n" + body + "\n}\n");
        var file = FnnParser.Parse(Source);
        return (Assert.IsType<CallableDeclaration>(Assert.Single(file.Declarations)).Body, file.Diagnostics);
    }
}
