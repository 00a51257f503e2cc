using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary>What training programs keep in memory for gradients, and what they make again of that.</summary>
public sealed class RecomputingTests
{
    private const int Width = 40;

    [Fact]
    public void Of_a_norm_between_layers_what_it_reads_and_its_result_are_kept()
    {
        var plan = Training("norm(inner(x))");
        Assert.True(Kept(plan) == 2, PlanText.Print(plan));
        // The normalized values are made of what the norm reads and two numbers for each row, once more.
        Assert.Equal(2, plan.Steps.Skip(plan.BackwardStart).OfType<KernelStep>().Count(step => plan.Kernels[step.Kernel].Values.Any(IsRsqrtOfRow)));
    }

    [Fact]
    public void A_training_that_has_no_halves_keeps_no_more()
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("/net.fnn", Model("norm(inner(x))") + """

            train T for net: Net (x: f32[batch, 7], y: f32[batch, 5]) {
                minimize mse(net(x), y) with sgd(lr: 0.1)
            }
            """))], "Kept");
        var compiled = FnnCompiler.CompileTrain(scope, "Kept", "T");
        Assert.True(compiled.Result is not null, string.Join("\n", compiled.Diagnostics));
        var plan = compiled.Result.Objectives[0];
        // The product's result, of which the differences are made, the norm's result, and the gradient of both, one in the other's place.
        Assert.True(plan.Buffers.Count(buffer => buffer.Length == Size.Axis("batch") * Size.Constant(Width)) == 3, PlanText.Print(plan));
        // Both weights are still changed where their gradients are computed.
        Assert.Equal(2, plan.Updates.Count);
    }

    [Fact]
    public void What_a_product_reads_is_kept()
    {
        // Normalized values without a weight are what the next layer multiplies.
        var plan = Training("plain(inner(x))");
        Assert.True(Kept(plan) == 2, PlanText.Print(plan));
        Assert.Contains(plan.Steps.Skip(plan.BackwardStart).OfType<ProductStep>(), product => new[] { product.Left.Place, product.Right.Place }.OfType<ArenaPlace>().Any(place => IsKept(plan, plan.Buffers[place.Buffer])));
    }

    [Fact]
    public void What_is_made_of_values_that_are_not_kept_is_kept()
    {
        // Of the sum nothing is left but itself, and both its square, which the next layer multiplies, and its gradient need it.
        var plan = Training("(inner(x) + other(x)) * (inner(x) + other(x))");
        Assert.True(Kept(plan) == 2, PlanText.Print(plan));
    }

    [Fact]
    public void What_is_made_by_a_dear_function_is_kept()
    {
        // The gradient of the product needs both factors; the exponential could be made of the other one.
        var plan = Training("exp(tanh(inner(x))) * tanh(inner(x))");
        Assert.True(Kept(plan) == 3, PlanText.Print(plan));
        Assert.DoesNotContain(plan.Steps.Skip(plan.BackwardStart).OfType<KernelStep>(), step => plan.Kernels[step.Kernel].Values.Any(value => value is ApplyValue { Operator.Name: "exp" or "tanh" }));
    }

    [Fact]
    public void A_block_of_a_GPT_keeps_five_values_of_its_width()
    {
        // Both norms' differences from the mean and results, and what attention gives.
        Assert.Equal(5, KeptByBlocks(3) - KeptByBlocks(2));
        Assert.Equal(5, KeptByBlocks(4) - KeptByBlocks(3));
    }

    private static int KeptByBlocks(int count) => Kept(FnnCompiler.Compile(Library.TestCompiler.BindModel($$"""
        model Gpt(x: f32[batch, 3, {{Width}}]) -> f32[batch, 3, {{Width}}] {
            norm = layer_norm()
            repeat {{count}} : blocks { x = transformer_block(4, 100, causal: true)(x) }
            return norm(x)
        }
        """)).Training, 3);

    private static bool IsRsqrtOfRow(KernelValue value) => value is ApplyValue { Operator.Name: "rsqrt", Level: Level.Row };

    private static bool IsKept(ProgramPlan plan, BufferPlan buffer) => buffer.FirstStep < plan.BackwardStart && plan.BackwardStart <= buffer.LastStep;

    /// <summary>How many values of the hidden layer's size the backward half finds in memory.</summary>
    private static int Kept(ProgramPlan plan, int positions = 1) => plan.Buffers.Count(buffer => buffer.Length == Size.Axis("batch") * Size.Constant(positions * Width) && IsKept(plan, buffer));

    private static ProgramPlan Training(string hidden) => FnnCompiler.Compile(Library.TestCompiler.BindModel(Model(hidden))).Training;

    private static string Model(string hidden) => $$"""
        model Net(x: f32[batch, 7]) -> f32[batch, 5] {
            inner = linear({{Width}})
            other = linear({{Width}})
            norm = layer_norm()
            plain = layer_norm(affine: false)
            head = linear(5)
            return head({{hidden}})
        }
        """;
}
