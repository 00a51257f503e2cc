using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>attend and the layers made of it: what they mean beside the same written with softmax, their derivatives beside differences, how they are planned.</summary>
public sealed class AttentionTests
{
    private const string Signature = "model M(q: f32[n, time, 4, 5], k: f32[n, length, 2, 5], v: f32[n, length, 2, 3]) -> f32[n, time, 4, 3] {\n return ";

    [Theory]
    [InlineData(3, 5, false)]
    [InlineData(5, 5, true)]
    [InlineData(2, 6, true)]
    [InlineData(1, 4, true)]
    public void Attend_is_softmax_of_the_scores_times_the_values(int time, int length, bool causal)
    {
        var flag = causal ? "true" : "false";
        (string, long)[] sizes = [("n", 2), ("time", time), ("length", length)];
        var one = new InterpretedModel(Signature + $"attend(q, k, v, causal: {flag})\n}}", sizes);
        var plain = new InterpretedModel(Signature + $"attend_with_dropout(q, k, v, causal: {flag})\n}}", sizes);
        double[][] x = [one.Draw(0, 1), one.Draw(1, 2), one.Draw(2, 3)];
        Assert.Contains(one.Model.Inference.Nodes, node => node.Operation is Attention);
        Assert.DoesNotContain(plain.Model.Inference.Nodes, node => node.Operation is Attention);
        InterpretedModel.AssertClose(plain.Predict(x)[0], one.Predict(x)[0]);
        one.CheckGradients(x);
        plain.CheckGradients(x);
    }

    [Fact]
    public void A_query_in_front_of_all_keys_gives_zeros_and_no_gradient()
    {
        var model = new InterpretedModel(Signature + "attend(q, k, v, causal: true, scale: 0.7)\n}", ("n", 1), ("time", 5), ("length", 3));
        double[][] x = [model.Draw(0, 1), model.Draw(1, 2), model.Draw(2, 3)];
        var result = model.Predict(x)[0];
        Assert.All(result.Take(2 * 4 * 3), number => Assert.Equal(0, number));
        Assert.All(result.Skip(2 * 4 * 3), number => Assert.NotEqual(0, number));
        model.CheckGradients(x);
    }

    [Theory]
    [InlineData("layer = attention(2)")]
    [InlineData("layer = attention(4, groups: 2, causal: true, bias: false)")]
    [InlineData("layer = attention(2, causal: true, dropout: 0.3)")]
    [InlineData("layer = attention(2, causal: true, base: 100)")]
    [InlineData("layer = transformer_block(2, 12, causal: true, act: tanh)")]
    [InlineData("layer = encoder_block(2, 12, rate: 0.2)")]
    [InlineData("layer = swiglu(12, bias: true)")]
    [InlineData("layer = llama_block(4, 2, 12)")]
    public void Layers_have_the_gradients_of_what_they_compute(string layer)
    {
        var model = new InterpretedModel($"model M(x: f32[n, time, 8]) -> f32[n, time, 8] {{\n {layer}\n return layer(x)\n}}", ("n", 2), ("time", 3));
        model.CheckGradients(model.Draw(0));
    }

    [Fact]
    public void Cross_attention_has_the_gradients_of_what_it_computes()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 8], memory: f32[n, length, 8]) -> f32[n, time, 8] {\n layer = cross_attention(2)\n return layer(x, memory)\n}", ("n", 2), ("time", 3), ("length", 4));
        model.CheckGradients(model.Draw(0, 1), model.Draw(1, 2));
    }

    [Fact]
    public void A_decoder_block_has_the_gradients_of_what_it_computes()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 4], memory: f32[n, length, 4]) -> f32[n, time, 4] {\n layer = decoder_block(2, 6)\n return layer(x, memory)\n}", ("n", 2), ("time", 3), ("length", 4));
        model.CheckGradients(model.Draw(0, 1), model.Draw(1, 2));
    }

    [Theory]
    [InlineData("false", 0)]
    [InlineData("false", 3)]
    [InlineData("true", 5)]
    public void Rotary_turns_each_pair_by_the_angle_of_its_position(string interleaved, int first)
    {
        var model = new InterpretedModel($"model M(x: f32[n, time, 2, 6]) -> f32[n, time, 2, 6] {{\n return rotary(x, base: 50, first: {first}, interleaved: {interleaved})\n}}", ("n", 2), ("time", 3));
        var x = model.Draw(0);
        var expected = new double[x.Length];
        for (var row = 0; row < x.Length / 6; row++)
        {
            for (var c = 0; c < 3; c++)
            {
                var angle = (row / 2 % 3 + first) * Math.Pow(50, -2.0 * c / 6);
                var (a, b) = interleaved == "true" ? (6 * row + 2 * c, 6 * row + 2 * c + 1) : (6 * row + c, 6 * row + c + 3);
                (expected[a], expected[b]) = (x[a] * Math.Cos(angle) - x[b] * Math.Sin(angle), x[b] * Math.Cos(angle) + x[a] * Math.Sin(angle));
            }
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Attention_with_a_mask_does_not_see_what_is_masked()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 8], mask: bool[n, time]) -> f32[n, time, 8] {\n layer = masked_attention(2)\n return layer(x, mask)\n}", ("n", 1), ("time", 4));
        var shorter = new InterpretedModel("model M(x: f32[n, time, 8]) -> f32[n, time, 8] {\n layer = attention(2)\n return layer(x)\n}", ("n", 1), ("time", 3));
        var x = model.Draw(0);
        double[] mask = [1, 1, 1, 0];
        InterpretedModel.AssertClose(shorter.Predict(x.Take(24).ToArray())[0], model.Predict(x, mask)[0].Take(24).ToArray());
        model.CheckGradients(x, mask);
    }

    [Theory]
    [InlineData("Gpt(layers: 2, heads: 2, d: 4, vocab: 5, context: 3)", false)]
    [InlineData("Llama(layers: 2, heads: 2, groups: 1, d: 4, hidden: 6, vocab: 5, context: 3)", false)]
    [InlineData("BertMasked(layers: 1, heads: 2, d: 4, hidden: 6, vocab: 5, context: 3, rate: 0.2)", true)]
    [InlineData("BertClassifier(layers: 1, heads: 2, d: 4, hidden: 6, vocab: 5, context: 3, classes: 2)", true)]
    public void Families_have_the_gradients_of_what_they_compute(string family, bool reads)
    {
        var model = new InterpretedModel($"model M = {family}", ("batch", 2), ("seq", 3));
        double[] tokens = [0, 3, 4, 2, 2, 1];
        if (reads) model.CheckGradients(tokens, [0, 0, 1, 0, 1, 1], [1, 1, 0, 1, 1, 1]);
        else model.CheckGradients(tokens);
    }

    [Fact]
    public void Parameters_are_called_and_start_as_in_PyTorch()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 8]) -> f32[n, time, 8] {\n layer = transformer_block(2, 16)\n return layer(x)\n}", ("n", 1), ("time", 1)).Model;
        string[] expected =
        [
            "linear1.bias f32[16]", "linear1.weight f32[16, 8]", "linear2.bias f32[8]", "linear2.weight f32[8, 16]", "norm1.bias f32[8]", "norm1.weight f32[8]", "norm2.bias f32[8]", "norm2.weight f32[8]",
            "self_attn.in_proj_bias f32[24]", "self_attn.in_proj_weight f32[24, 8]", "self_attn.out_proj.bias f32[8]", "self_attn.out_proj.weight f32[8, 8]",
        ];
        Assert.Equal(expected, model.Parameters.Select(parameter => $"{parameter.Path["layer.".Length..]} {parameter.Type}").Order(StringComparer.Ordinal));
        Assert.Equal(0, Assert.Single(model.Parameters.Single(parameter => parameter.Path.EndsWith("in_proj_bias", StringComparison.Ordinal)).Initializer.Arguments));
        Assert.Equal(Math.Sqrt(6.0 / 32), model.Parameters.Single(parameter => parameter.Path.EndsWith("in_proj_weight", StringComparison.Ordinal)).Initializer.Arguments[1], 12);
    }

    /// <summary>Nothing is transposed or copied around it, and its three gradients are computed as one tensor.</summary>
    [Fact]
    public void A_layer_is_two_products_and_one_step_between_them()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 64]) -> f32[n, time, 64] {\n layer = attention(4, causal: true)\n return layer(x)\n}", ("n", 1), ("time", 1)).Model;
        var inference = Planner.Plan("M", Dsl.Passes.Simplification.Run(model.Inference), model.RuntimeAxes);
        Assert.Equal([typeof(ProductStep), typeof(AttentionStep), typeof(ProductStep)], inference.Steps.Select(step => step.GetType()));
        Assert.Null(((AttentionStep)inference.Steps[1]).LogSums);

        var training = Planner.Plan("M", Dsl.Passes.ProgramGraphs.Training(model), model.RuntimeAxes);
        Assert.NotNull(Assert.Single(training.Steps.OfType<AttentionStep>()).LogSums);
        var gradient = Assert.Single(training.Steps.OfType<AttentionGradientStep>());
        Assert.Equal(gradient.QGradient!.Place, gradient.KGradient!.Place);
        Assert.Equal(gradient.QGradient.Place, gradient.VGradient!.Place);
        Assert.Equal(["0", "64", "128"], new[] { gradient.QGradient, gradient.KGradient, gradient.VGradient }.Select(operand => operand.Offset.ToString()));
        Assert.Equal(6, training.Steps.OfType<ProductStep>().Count());
        Assert.DoesNotContain(training.Steps, step => step is CopyStep or FillStep);
    }
}
