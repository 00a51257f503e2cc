using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Programs.Tests;

/// <summary>What training programs keep of an activation for its gradient: what it gives and its derivative, or what it gives alone where that is enough. The gradient takes the place of either.</summary>
public sealed class ActivationPlanTests
{
    /// <param name="activation">Of the hidden layer.</param>
    /// <param name="tensors">Tensors of the hidden layer's size that lie in memory at any time of a step.</param>
    [Theory]
    [InlineData("gelu(h)", 2)]
    [InlineData("gelu_tanh(h)", 2)]
    [InlineData("silu(h)", 2)]
    [InlineData("elu(h)", 2)]
    [InlineData("mish(h)", 2)]
    [InlineData("tanh(h)", 1)]
    [InlineData("relu(h)", 1)]
    public void TheDerivativeTakesThePlaceOfWhatItIsMadeOf(string activation, int tensors)
    {
        var plan = Training(activation);
        Assert.True(plan.Buffers.Count(buffer => buffer.Length.Evaluate(_ => 10) == 1000) == tensors, PlanText.Print(plan));
    }

    [Theory]
    [InlineData("gelu(h)", "erf")]
    [InlineData("gelu(h)", "exp")]
    [InlineData("silu(h)", "sigmoid")]
    [InlineData("elu(h)", "expm1")]
    public void DearFunctionsAreComputedOnceAndOnTheTilesOfTheProduct(string activation, string function)
    {
        var plan = Training(activation);
        var computing = plan.Kernels.Where(kernel => kernel.Values.Any(value => value.ToString()!.Contains(function, StringComparison.Ordinal))).ToArray();
        Assert.True(computing.Length == 1 && computing[0].Form == KernelForm.Epilogue, PlanText.Print(plan));
    }

    private static ProgramPlan Training(string activation)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("/net.fnn", $$"""
            model Net(x: f32[batch, 7]) -> f32[batch, 5] {
                inner = linear(100)
                head = linear(5)
                h = inner(x)
                return head({{activation}})
            }
            """))], "Activations");
        var compiled = FnnCompiler.CompileModel(scope, "Activations", "Net");
        Assert.True(compiled.Result is not null, string.Join("\n", compiled.Diagnostics));
        return compiled.Result!.Training;
    }
}
