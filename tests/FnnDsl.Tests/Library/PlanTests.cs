using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>What right programs are planned to: that all of them are, and that what the library writes in several lines becomes one kernel.</summary>
public sealed class PlanTests
{
    public static TheoryData<string> Good => Corpus.Names("good");

    [Theory, MemberData(nameof(Good))]
    public void A_good_program_has_plans(string name)
    {
        var scope = Binder.Collect([FnnParser.Parse(Corpus.Read("good", name))]);
        Assert.All(scope.Models, model => Assert.NotNull(FnnCompiler.CompileModel(scope, model.Namespace, model.Name).Result));
        Assert.All(scope.Generates, generate => Assert.NotNull(FnnCompiler.CompileGenerate(scope, generate.Namespace, generate.Name).Result));
        Assert.All(scope.Trains, train =>
        {
            var compiled = FnnCompiler.CompileTrain(scope, train.Namespace, train.Name).Result;
            Assert.NotNull(compiled);
            // A training runs a program's first half only: gradients that parameters share are copied in it.
            Assert.All(compiled.Objectives, plan => Assert.Equal(plan.Steps.Count, plan.BackwardStart));
        });
    }

    [Fact]
    public void What_a_split_gave_is_put_together_again_by_one_kernel()
    {
        var text = "model M(x: f32[n, 12]) -> f32[n, 4] {\n (a, b, c) = split(x, 3, -1)\n return sigmoid(a) * tanh(b) * c\n}";
        var plan = FnnCompiler.Compile(TestCompiler.BindModel(text)).Training;
        Assert.Single(plan.Steps.Skip(plan.BackwardStart));
    }

    [Theory]
    [InlineData("f32[n, 40]", "softmax(x)")]
    [InlineData("f32[n, 40]", "log_softmax(x)")]
    [InlineData("f32[n]", "log_sum_exp(x)")]
    [InlineData("f32[n]", "cross_entropy(x, label)")]
    [InlineData("f32[n, 40]", "gelu(x)")]
    [InlineData("f32[n, 40]", "norm(x)")]
    [InlineData("f32[n, 40]", "rms(x)")]
    public void One_kernel_forward(string type, string call)
    {
        var text = $"model M(x: f32[n, 40], label: i32[n]) -> {type} {{\n norm = layer_norm()\n rms = rms_norm()\n return {call}\n}}";
        var plan = FnnCompiler.Compile(TestCompiler.BindModel(text)).Inference;
        Assert.Single(plan.Steps);
    }

    [Theory]
    [InlineData("f32[n, 40]", "softmax(x)")]
    [InlineData("f32[n]", "cross_entropy(x, label)")]
    [InlineData("f32[n, 40]", "gelu(x)")]
    [InlineData("f32[n, 40]", "plain(x)")]
    public void One_kernel_forward_and_one_backward(string type, string call)
    {
        var text = $"model M(x: f32[n, 40], label: i32[n]) -> {type} {{\n plain = layer_norm(affine: false)\n return {call}\n}}";
        var plan = FnnCompiler.Compile(TestCompiler.BindModel(text)).Training;
        Assert.Equal(2, plan.Steps.Count(step => step is KernelStep));
        // Besides, the gradient of an input is copied out, for callers who want it.
        Assert.All(plan.Steps, step => Assert.True(step is KernelStep or CopyStep));
    }

    [Fact]
    public void Weights_of_a_state_are_kept_in_all_rounds_and_what_a_round_makes_is_not()
    {
        var text = """
            model M(x: f32[n, t, 8], a: f32[n, 8, 8]) -> (h: f32[n, 8], m: f32[8, 8]) {
                rnn = elman(8)
                feedback (m: f32[8, 8] = mean(a, 0)) times 3 {
                    m <- m @ m
                }
                return (rnn(x)[:, -1], m)
            }
            """;
        var plan = FnnCompiler.Compile(TestCompiler.BindModel(text)).Inference;
        var products = plan.Steps.Select((step, position) => (step, position)).Where(item => item.step is ProductStep && LoopSteps.Ranges(plan.Steps).Any(loop => loop.Begin < item.position && item.position < loop.End)).ToArray();
        Assert.Equal(2, products.Length);
        var kept = Assert.Single(plan.Kept);
        Assert.Contains(kept.Product, products.Select(item => item.position));
        Assert.IsType<ParameterPlace>(((ProductStep)plan.Steps[kept.Product]).Right.Place);
        Assert.IsType<LoopBeginStep>(plan.Steps[kept.Loop]);
    }
}
