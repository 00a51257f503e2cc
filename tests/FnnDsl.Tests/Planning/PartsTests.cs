using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Planning;

/// <summary>What is computed in its place in a larger tensor, who reads it there, and what is left to be done around it.</summary>
public sealed class PartsTests
{
    [Fact]
    public void A_product_reads_a_part_in_its_place()
    {
        var plan = Inference("""
            model M(x: f32[n, 8]) -> (wide: f32[n, 16], mixed: f32[8, 8]) {
                a = tanh(x)
                mixed[i, j] = sum[k] a[k, i] * x[k, j]
                return (concat((a, x), 1) * 2, mixed)
            }
            """);
        var product = Assert.Single(plan.Steps.OfType<ProductStep>());
        Assert.Equal(16, Assert.Single(product.Left.Columns).Stride.Value);
        Assert.Contains(product.Left.Place, Written(plan));
    }

    [Fact]
    public void What_is_read_by_attention_lies_by_itself()
    {
        var plan = Inference("""
            model M(x: f32[batch, 4, 2, 3]) -> (both: f32[batch, 4, 2, 6], y: f32[batch, 3, 2, 3]) {
                q = tanh(x)
                return (concat((q, x), -1), attend(q[:, 1:], x, x))
            }
            """);
        Assert.Contains(Assert.Single(plan.Steps.OfType<AttentionStep>()).Q.Place, Written(plan));
    }

    [Theory]
    [InlineData("before: 1, after: 1", "8, 8", 2)]
    [InlineData("before: (2, 1), after: (1, 1)", "9, 8", 3)]
    [InlineData("before: (0, 1), after: (1, 0)", "7, 7", 2)]
    public void Around_what_is_computed_in_a_pad_only_its_border_is_written(string room, string size, int borders)
    {
        var plan = Inference($$"""
            model M(x: f32[batch, 3, 6, 6]) -> f32[batch, 3, {{size}}] {
                return pad(tanh(x), axes: (2, 3), {{room}}) * 2
            }
            """);
        Assert.DoesNotContain(plan.Steps, step => step is FillStep);
        Assert.Equal(borders, Kernels(plan).Count(kernel => kernel.Values.All(value => value is NumberValue)));
    }

    [Fact]
    public void A_pads_border_is_written_before_what_is_read_by_products_is()
    {
        var plan = Inference("""
            model M(x: f32[batch, 3, 6, 6]) -> f32[batch, 2, 6, 6] {
                conv = conv2d(2, 3, padding: 1)
                return conv(tanh(x))
            }
            """);
        var product = plan.Steps.ToList().FindIndex(step => step is ProductStep);
        Assert.Equal(3, plan.Steps.Take(product).OfType<KernelStep>().Count(step => step.Operands.Contains(((ProductStep)plan.Steps[product]).Left.Place)));
    }

    [Fact]
    public void A_sum_of_what_is_put_in_its_places_is_added_up_there()
    {
        var plan = Training("""
            model M(x: f32[batch, 3, 8, 8]) -> f32[batch, 16, 4, 4] {
                conv = conv2d(16, 3, padding: 1)
                return x |> conv |> relu |> max_pool(2)
            }
            """);
        var placing = Assert.Single(Kernels(plan), kernel => kernel.Stores.Count == 5);
        Assert.Equal(4, placing.Stores.Count(store => store.ColumnReduction is null));
        Assert.DoesNotContain(Kernels(plan), kernel => kernel != placing && kernel.Form == KernelForm.Parts);
    }

    [Fact]
    public void Weights_that_products_read_across_memory_are_brought_in_order_once()
    {
        var plan = Training("""
            model M(x: f32[batch, 4, 8, 8]) -> f32[batch, 24, 8, 8] {
                first = conv2d(16, 3, padding: 1); second = conv2d(24, 3, padding: 1)
                return x |> first |> tanh |> second
            }
            """);
        var products = plan.Steps.OfType<ProductStep>().ToArray();
        Assert.DoesNotContain(products, product => product.Right.Place is ParameterPlace { Index: 2 });
        var ordered = Assert.Single(plan.Steps.OfType<KernelStep>(), step => step.Operands[0] is ParameterPlace { Index: 2 }).Operands[1];
        // Forward, and back to its input.
        Assert.Equal(2, products.Count(product => product.Right.Place == ordered));
    }

    private static IEnumerable<Place> Written(ProgramPlan plan) => plan.Steps.SelectMany(step => Lifetimes.Written(plan, step));

    private static IEnumerable<Kernel> Kernels(ProgramPlan plan) => plan.Steps.OfType<KernelStep>().Select(step => plan.Kernels[step.Kernel]);

    private static ProgramPlan Inference(string text) => Compile(text).Inference;

    private static ProgramPlan Training(string text) => Compile(text).Training;

    private static CompiledModel Compile(string text)
    {
        var (result, _, diagnostics) = FnnCompiler.CompileModel(Binder.Collect([FnnParser.Parse(new SourceText("test.fnn", text))]), "", "M");
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        return result!;
    }
}
