using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Diagnostics;

/// <summary>What someone who comes from another framework writes on the first day is answered with what to write here.</summary>
public sealed class ForeignNamesTests
{
    [Theory]
    [InlineData("nn.Linear(6, 3)", "write linear")]
    [InlineData("nn.Transformer(6, 3)", "names of the library stand by themselves: linear(10), relu(x)")]
    [InlineData("linear(6, 3)", "it is linear(out: dim, bias: bool)(x); sizes that its input has are not given")]
    [InlineData("embedding(10)", "it is embedding(count: dim, width: dim, std: f32)")]
    [InlineData("dropout(0.5, 1)", "it is dropout(rate: f32)")]
    [InlineData("mean(x, time)", "name an axis of f32[batch, 6], or its position from 0")]
    [InlineData("mean(x, dim: 1)", "write axis")]
    [InlineData("x.relu()", "write relu(x)")]
    [InlineData("x.view(2)", "give the same elements another shape with 'as': x as [batch, 12]")]
    [InlineData("accuracy(x, x)", "write mean(argmax(logits) == label)")]
    [InlineData("MSELoss()(x, x)", "write mse(prediction, target)")]
    [InlineData("smooth_l1(x, x)", "write huber(prediction, target)")]
    [InlineData("gather(x, 1)", "write index notation: y[b, k] = x[b, index[b, k]]")]
    [InlineData("nn.MultiheadAttention(8, 2)", "write attention(heads)(x), masked_attention(heads)(x, mask) or cross_attention(heads)(x, memory)")]
    public void An_expression_of_another_framework(string expression, string fix) =>
        Assert.Equal(fix, OnlyError($"model M(x: f32[batch, 6]) -> f32[batch, 6] {{\n y = {expression}\n return x\n}}").Fix);

    [Theory]
    [InlineData("float", "write f32")]
    [InlineData("int32", "write i32")]
    [InlineData("Tensor", "a type is an element type and axes: f32[batch, 10]")]
    public void A_type_of_another_language(string type, string fix) =>
        Assert.Equal(fix, OnlyError($"fn f(x: {type}[n]) -> f32[] {{ return sum(x) }}\nmodel M(x: f32[batch, 6]) -> f32[] {{ return f(x) }}").Fix);

    [Fact]
    public void What_is_written_instead_is_right() => Assert.Empty(CorpusCompiler.Diagnose(new SourceText("a.fnn", """
        model M(x: f32[batch, 8], q: f32[batch, 8], index: i32[batch, 3], rows: i32[batch], mask: bool[batch, 8], w: f32[20, 8]) -> f32[batch] where batch > 0 {
            gathered[b, k] = x[b, index[b, k]]
            flipped[b, i] = x[b, 7 - i]
            eye[i: 8, j: 8] = select(i == j, 1, 0)
            lower[i: 8, j: 8] = select(j <= i, 1, 0)
            outer[i, j] = x[0, i] * q[0, j]
            filled = select(mask, 0, x)
            log_p = log_softmax(x, -1)
            divergence = sum(exp(log_p) * (log_p - log_softmax(q, -1)), -1)
            stacked = concat((x as [batch, 1, 8], q as [batch, 1, 8]), 1)
            (first, second) = split(x + w[rows], 2, -1)
            variance = mean((x - mean(x, -1, keep: true))^2, -1)
            finite = select(x != x, 0, x) + x + (q - x) * 0.5
            losses = huber(x, q) + l1(x, q) + bce_with_logits(x, sigmoid(q)) + silu(x)
            return mean(gathered, -1) + mean(flipped @ eye @ lower, -1) + mean(outer) + divergence + mean(stacked, (1, 2)) + mean(first * second, -1) + mean(filled + finite + losses, -1) + 1 / (variance + 1)
        }
        """)));

    [Fact]
    public void A_name_that_exists_is_none_of_them() =>
        Assert.Empty(CorpusCompiler.Diagnose(new SourceText("a.fnn", "model M(F: f32[batch, 6]) -> f32[batch, 6] {\n size = F\n return size\n}")));

    [Fact]
    public void Two_operands_from_one_place_are_labelled_once()
    {
        var error = OnlyError("model M(x: f32[batch, 6], label: i32[batch, 1]) -> f32[batch] { return cross_entropy(x, label) }");
        Assert.Equal(error.Labels.Distinct(), error.Labels);
        Assert.NotEmpty(error.Labels);
    }

    private static Diagnostic OnlyError(string text) =>
        Assert.Single(CorpusCompiler.Diagnose(new SourceText("a.fnn", text)), diagnostic => diagnostic.Severity == Severity.Error);
}
