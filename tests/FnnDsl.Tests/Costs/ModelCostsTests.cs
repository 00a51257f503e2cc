using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Tests.Library;

namespace FeedbackNN.Dsl.Tests.Costs;

/// <summary>What models are said to cost, against numbers computed by hand.</summary>
public sealed class ModelCostsTests
{
    private const string Perceptron = """
        model Net(x: f32[batch, 20]) -> f32[batch, 5] {
            a = linear(16, bias: false)
            b = linear(5, bias: false)
            h = a(x)
            return b(h)
        }
        """;

    [Fact]
    public void Products_count_two_for_each_multiplication_forward_and_twice_that_backward()
    {
        var costs = CostsOf(Perceptron, ("batch", 8));
        Assert.Equal(20 * 16 + 16 * 5, costs.Parameters);
        var forward = 2 * 8 * (20 * 16 + 16 * 5);
        Assert.Equal(forward, costs.ForwardFlops);
        Assert.Equal(forward, costs.InferenceFlops);
        // Gradients of both weights and both inputs.
        Assert.Equal(2 * forward, costs.BackwardFlops);
    }

    [Fact]
    public void Memory_is_what_the_parts_need()
    {
        var compiled = FnnCompiler.Compile(TestCompiler.BindModel(Perceptron));
        var costs = ModelCosts.Of(compiled, _ => 8);
        // 320 and 80 numbers, each tensor on 64 of them.
        Assert.Equal(4 * (320 + 128), costs.ParameterBytes);
        Assert.Equal(0, costs.BufferBytes);
        Assert.Equal(4 * 8 * (20 + 5), costs.InputBytes);
        Assert.Equal(costs.InputBytes, costs.GradientBytes);
        // h, in a multiple of 256 bytes with 64 readable ones behind it.
        Assert.Equal(768, costs.InferenceArena);
        Assert.Equal(costs.ParameterBytes + costs.InputBytes + 768, costs.InferenceMemory);
        Assert.Equal(2 * costs.ParameterBytes + 2 * costs.InputBytes + ProgramMemory.ArenaBytes(compiled.Training, _ => 8), costs.TrainingMemory);
        // h and its gradient.
        Assert.Equal(2 * 768, costs.TrainingArena);
    }

    [Fact]
    public void Functions_and_reductions_count_one_for_each_element()
    {
        var costs = CostsOf("model Net(x: f32[batch, 10]) -> f32[batch] { return sum(exp(x) * x, -1) }", ("batch", 3));
        Assert.Equal(3 * 10 * 3, costs.InferenceFlops);
    }

    [Fact]
    public void Rounds_of_a_loop_count_one_by_one()
    {
        const string loop = """
            model Net(x: f32[batch, 8]) -> f32[batch, 8] {
                w = linear(8, bias: false)
                feedback (h: f32[batch, 8] = x) times ROUNDS { h <- w(h) }
                return h
            }
            """;
        Assert.Equal(2 * 4 * 8 * 8 * 7, CostsOf(loop.Replace("ROUNDS", "7"), ("batch", 4)).InferenceFlops);
        // Backward needs what each round began with.
        var (few, many) = (CostsOf(loop.Replace("ROUNDS", "7"), ("batch", 4)), CostsOf(loop.Replace("ROUNDS", "700"), ("batch", 4)));
        Assert.True(many.TrainingArena > 50 * few.TrainingArena);
        Assert.Equal(many.InferenceArena, few.InferenceArena);
    }

    [Fact]
    public void Costs_belong_to_the_lines_that_ask_for_them()
    {
        var costs = CostsOf(Perceptron, ("batch", 8));
        var (first, second) = (costs.Places.Single(place => place.Parameters == 320), costs.Places.Single(place => place.Parameters == 80));
        Assert.Equal(2 * 8 * 20 * 16, first.ForwardFlops);
        Assert.Equal(2 * 8 * 16 * 5, second.ForwardFlops);
        Assert.Equal(costs.Parameters, costs.Places.Sum(place => place.Parameters));
    }

    [Theory, MemberData(nameof(GoodPrograms))]
    public void The_values_of_the_fullest_step_fit_into_the_arena(string name)
    {
        var files = new[] { FnnParser.Parse(Corpus.Read("good", name)) };
        var scope = Binder.Collect(files, "Corpus");
        foreach (var model in scope.Models)
        {
            var compiled = FnnCompiler.CompileModel(scope, model.Namespace, model.Name).Result!;
            foreach (var plan in new[] { compiled.Inference, compiled.Training })
            {
                var (arena, peak) = (ProgramMemory.ArenaBytes(plan, _ => 6), ProgramMemory.AtPeak(plan, _ => 6).Sum(item => item.Bytes));
                Assert.InRange(peak, 0, arena);
                Assert.True(plan.Buffers.Count == 0 || peak > 0, $"{plan.Name}: nothing lies in an arena of {arena} bytes");
            }
            var costs = ModelCosts.Of(compiled, _ => 6);
            Assert.Equal(costs.Parameters, costs.Places.Sum(place => place.Parameters));
        }
    }

    public static TheoryData<string> GoodPrograms => Corpus.Names("good");

    private static ModelCosts CostsOf(string text, params (string Axis, long Size)[] sizes) =>
        ModelCosts.Of(FnnCompiler.Compile(TestCompiler.BindModel(text)), axis => sizes.First(size => size.Axis == axis).Size);
}
