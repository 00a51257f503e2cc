using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Syntax;

/// <summary>How expressions are understood: precedence, associativity, postfix forms, reductions.</summary>
public sealed class ExpressionTests
{
    [Theory]
    // From weak to strong, and back.
    [InlineData("a or b and c", "(Or a (And b c))")]
    [InlineData("a and b or c", "(Or (And a b) c)")]
    [InlineData("not a and b", "(And (Not a) b)")]
    [InlineData("not a == b", "(Not (Equal a b))")]
    [InlineData("not not a", "(Not (Not a))")]
    [InlineData("a + b < c * d", "(Less (Add a b) (Multiply c d))")]
    [InlineData("a <= b and c >= d or e != f", "(Or (And (LessOrEqual a b) (GreaterOrEqual c d)) (NotEqual e f))")]
    [InlineData("(a < b) == c", "(Equal (Less a b) c)")]
    [InlineData("a - b - c", "(Subtract (Subtract a b) c)")]
    [InlineData("a - (b - c)", "(Subtract a (Subtract b c))")]
    [InlineData("a / b * c @ d % e", "(Remainder (MatrixMultiply (Multiply (Divide a b) c) d) e)")]
    [InlineData("a + b * c", "(Add a (Multiply b c))")]
    [InlineData("a * -b", "(Multiply a (Negate b))")]
    [InlineData("-a * b", "(Multiply (Negate a) b)")]
    [InlineData("-a ^ b", "(Negate (Power a b))")]
    [InlineData("a ^ b ^ c", "(Power a (Power b c))")]
    [InlineData("2 ^ -3 ^ 2 * 4", "(Multiply (Power 2 (Negate (Power 3 2))) 4)")]
    [InlineData("--a", "(Negate (Negate a))")]
    [InlineData("a ^ b.c(d)[e]", "(Power a b.c(d)[e])")]
    // Pipes and reshapes are weakest, from left to right.
    [InlineData("a + b |> f |> g(c)", "(((Add a b) |> f) |> g(c))")]
    [InlineData("a or b |> f", "((Or a b) |> f)")]
    [InlineData("a + b as [n, ..., 2*k] |> net.head", "(((Add a b) as [n, ..., (Multiply 2 k)]) |> net.head)")]
    [InlineData("a + (b |> f)", "(Add a (b |> f))")]
    [InlineData("a[:, -1] / t |> sample(top_k: 40)", "((Divide a[::, (Negate 1)] t) |> sample(top_k: 40))")]
    // Postfix forms.
    [InlineData("linear(4*d, bias: false)(x)", "linear((Multiply 4 d), bias: false)(x)")]
    [InlineData("wte.weight.T[:seq]", "wte.weight.T[:seq:]")]
    [InlineData("net.blocks.0.1.w", "net.blocks.0.1.w")]
    [InlineData("x[a:b:c, ::2, ..., 1:, i]", "x[a:b:c, ::2, ..., 1::, i]")]
    [InlineData("f()", "f()")]
    [InlineData("zeros([n, 3, 2*d])", "zeros([n, 3, (Multiply 2 d)])")]
    [InlineData("f((a, b), [])", "f(<a, b>, [])")]
    // Numbers.
    [InlineData("1_000 + 0.5 + 1e-3 + 1E3", "(Add (Add (Add 1000 0.5f) 0.001f) 1000f)")]
    // Reductions take one product; without a body behind the brackets they are names.
    [InlineData("sum[e] a*b/c + d", "(Add (Sum[e] (Divide (Multiply a b) c)) d)")]
    [InlineData("2 * sum[e] a * b", "(Multiply 2 (Sum[e] (Multiply a b)))")]
    [InlineData("-max[i, j: n] (a + b)", "(Negate (Max[i, j: n] (Add a b)))")]
    [InlineData("prod[i] 2 + min[i] x[i] - mean[..., i] x[i]", "(Subtract (Add (Prod[i] 2) (Min[i] x[i])) (Mean[..., i] x[i]))")]
    [InlineData("mean[d] - x", "(Subtract mean[d] x)")]
    [InlineData("sum[i] sum[j] a", "(Sum[i] (Sum[j] a))")]
    [InlineData("sum(x, time) + sum", "(Add sum(x, time) sum)")]
    [InlineData("f(mean[i], sum[j] x)", "f(mean[i], (Sum[j] x))")]
    public void An_expression_is_understood(string text, string expected)
    {
        var (expression, diagnostics) = Parse(text);
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        Assert.Equal(expected, SyntaxPrinter.Print(expression));
    }

    [Fact]
    public void Spans_cover_what_was_written_parentheses_included()
    {
        const string text = "f((a + b) * 2, -x[1])";
        var (expression, _) = Parse(text);
        var call = Assert.IsType<CallExpression>(expression);
        Assert.Equal(text, Text(call));
        var product = Assert.IsType<BinaryExpression>(call.Arguments[0].Value);
        Assert.Equal("(a + b) * 2", Text(product));
        Assert.Equal("(a + b)", Text(product.Left));
        Assert.Equal("-x[1]", Text(call.Arguments[1].Value));

        string Text(SyntaxNode node) => Source(text).GetText(node.Span);
    }

    [Fact]
    public void Strings_are_read_with_their_escapes() =>
        Assert.Equal("'a \"b\" \\ \n\t'", SyntaxPrinter.Print(Parse("\"a \\\"b\\\" \\\\ \\n\\t\"").Expression));

    [Theory]
    [InlineData("0 < x < 1", "FNN1012", 6, 1)]
    [InlineData("x |> f + 1", "FNN1021", 7, 1)]
    [InlineData("f(x", "FNN1007", 2, 1)]
    [InlineData("f(k = 3)", "FNN1017", 4, 1)]
    [InlineData("a and", "FNN1010", 2, 3)]
    [InlineData("a +* b", "FNN1010", 3, 1)]
    [InlineData("x ?? y", "FNN1001", 2, 2)]
    public void A_mistake_is_reported_once_at_its_place(string text, string code, int start, int length)
    {
        var (_, diagnostics) = Parse(text);
        var diagnostic = Assert.Single(diagnostics);
        Assert.Equal((code, start, length), (diagnostic.Code, diagnostic.Location.Span.Start - Prefix.Length, diagnostic.Location.Span.Length));
    }

    private const string Prefix = "fn f(x: real[n]) -> real[n] {\ny = ";

    private static SourceText Source(string text) => new("test.fnn", Prefix + text + "\n}");

    private static (Expression Expression, IReadOnlyList<Diagnostic> Diagnostics) Parse(string text)
    {
        var file = FnnParser.Parse(Source(text));
        var function = Assert.IsType<CallableDeclaration>(Assert.Single(file.Declarations));
        return (Assert.IsType<BindStatement>(Assert.Single(function.Body)).Value, file.Diagnostics);
    }
}
