using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary>Where a training's <c>precision</c> goes: to all its float32 products, forward and backward, and nowhere else.</summary>
public sealed class OperandPrecisionTests
{
    private const string Nets = """
        model Dense(x: f32[batch, 8]) -> f32[batch, 4] {
            fc = linear(6); out = linear(4)
            return x |> fc |> tanh |> out
        }
        model Settled(x: f32[batch, 8]) -> f32[batch, 4] {
            w = linear(6); u = linear(6, bias: false); out = linear(4)
            feedback (z: f32[batch, 6] = 0) to fixed_point(tol: 1e-4, at_most: 12, solver: anderson(3)) { z <- tanh(w(x) + 0.1 * u(z)) }
            return out(z)
        }
        model Wide(x: f64[batch, 8]) -> f64[batch, 4] {
            fc = linear(4)
            return fc(x)
        }
        model Looking(x: f32[batch, time, 8]) -> f32[batch, time, 8] {
            look = attention(2)
            return look(x)
        }
        """;

    [Theory]
    [InlineData("bf16")]
    [InlineData("tf32")]
    [InlineData("f16")]
    public void All_products_of_a_step_have_it_and_those_of_an_evaluation_do_not(string precision)
    {
        var train = Compile($"train Fit for net: Dense (x: f32[batch, 8], y: f32[batch, 4]) {{ minimize mse(net(x), y) with sgd(0.1)\n precision {precision} }}");
        var products = train.Objectives[0].Steps.OfType<ProductStep>().ToArray();
        // Two forward, two for weights, one for the layer between.
        Assert.Equal(5, products.Length);
        Assert.All(products, product => Assert.Equal(precision, product.Operands.Name));
        Assert.All(train.Evaluation.Steps.OfType<ProductStep>(), product => Assert.Equal(FloatFormat.F32, product.Operands));
        Assert.Contains($", in {precision} on GPUs", PlanText.Print(train.Objectives[0]));
    }

    [Fact]
    public void Precision_f32_is_none()
    {
        const string train = "train Fit for net: Dense (x: f32[batch, 8], y: f32[batch, 4]) { minimize mse(net(x), y) with sgd(0.1)\n";
        Assert.Equal(PlanText.Print(Compile(train + "}").Objectives[0]), PlanText.Print(Compile(train + "precision f32 }").Objectives[0]));
    }

    [Fact]
    public void Only_a_narrow_range_has_a_scale()
    {
        const string train = "train Fit for net: Dense (x: f32[batch, 8], y: f32[batch, 4]) { minimize mse(net(x), y) with sgd(0.1)\n";
        bool IsScaled(string precision) => PlanText.Print(Compile(train + $"precision {precision} }}").Objectives[0]).Contains("kept 0", StringComparison.Ordinal);
        Assert.True(IsScaled("f16"));
        Assert.False(IsScaled("bf16"));
        Assert.False(IsScaled("tf32"));
    }

    [Fact]
    public void Attention_has_it_in_both_directions()
    {
        var train = Compile("train Fit for net: Looking (x: f32[batch, time, 8], y: f32[batch, time, 8]) { minimize mse(net(x), y) with sgd(0.1)\n precision bf16 }");
        Assert.Equal(FloatFormat.BF16, train.Objectives[0].Steps.OfType<AttentionStep>().Single().Operands);
        Assert.Equal(FloatFormat.BF16, train.Objectives[0].Steps.OfType<AttentionGradientStep>().Single().Operands);
    }

    [Fact]
    public void A_solver_keeps_its_own_products_in_float32()
    {
        var products = Compile("train Fit for net: Settled (x: f32[batch, 8], y: f32[batch, 4]) { minimize mse(net(x), y) with sgd(0.1)\n precision bf16 }").Objectives[0].Steps.OfType<ProductStep>().ToArray();
        Assert.Contains(products, product => product.Operands == FloatFormat.BF16);
        // A batch of small matrices for each sample's history.
        var own = products.Where(product => !product.Batch.IsOne).ToArray();
        Assert.NotEmpty(own);
        Assert.All(own, product => Assert.Equal(FloatFormat.F32, product.Operands));
    }

    [Fact]
    public void Float64_stays_float64()
    {
        var builder = new GraphBuilder();
        var wide = builder.Input(0, "x", new TensorType(ElementType.F64, EquatableArray<Size>.Own(3, 4)));
        var graph = builder.Build([new GraphOutput(new ResultTarget(0, "y"), builder.Contract(wide, wide, 0, 1, 1, 1).Id)]);
        Assert.Equal(graph, OperandPrecision.Run(graph, FloatFormat.BF16));
    }

    private static CompiledTrain Compile(string train)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("precision.fnn", Nets + "\n" + train + "\n"))], "");
        var (result, _, diagnostics) = FnnCompiler.CompileTrain(scope, "", "Fit");
        Assert.True(result is not null, string.Join("\n", diagnostics));
        return result!;
    }
}
