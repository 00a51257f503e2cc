using Microsoft.CodeAnalysis;

namespace FeedbackNN.Generator.Tests;

/// <summary>Names that are right in a <c>.fnn</c> file and mean something else in C#, and names that a project without implicit usings does not know: the generated code compiles all the same.</summary>
public sealed class AwkwardNamesTests
{
    [Theory]
    [InlineData("model Net(x: f32[batch, 2]) -> (item1: f32[batch, 2], rest: f32[batch, 2], toString: f32[batch, 2], Item2: f32[batch]) { return (x, x * 2, x, x[:, 0]) }")]
    [InlineData("model Net(x: f32[batch, 2]) -> (x1: f32[batch, 2], x: f32[batch, 2], xGradient: f32[batch, 2]) { l = linear(2); return (l(x), x * 2, x) }")]
    [InlineData("model Net() -> f32[3] { param w: f32[3] = 1\n return w * 2 }\ntrain Fit for net: Net () { minimize net() with sgd(0.1) }")]
    [InlineData("""
        model Net(sample: f32[batch, 2]) -> f32[batch, 2] { l = linear(2); return l(sample) }
        train Fit for net: Net (sample: f32[batch, 2], miniBatch: f32[batch, 2], step: f32[]) {
            minimize mse(net(sample), miniBatch) * step with sgd(0.1)
            metric report = mean(miniBatch)
        }
        """)]
    [InlineData("dim rate = 0.1, Rate = 0.2, width = 3, Width = 4\nmodel Net(x: f32[batch, width]) -> f32[batch, width] { return x * rate * Rate * Width }")]
    [InlineData("model Class(class: f32[batch, int], string: f32[batch, int]) -> (new: f32[batch, int], namespace: f32[batch, int]) {\n this = class * string\n return (this, class) }")]
    [InlineData("model Net(x: f32[rows, rows_size], y: f32[x1, x1_size]) -> f32[rows, rows_size] { return x * mean(y) }")]
    [InlineData("model Net(x: f32[model, time, 2], i: f32[data, 2]) -> f32[model, time, 2] { r = gru(2); return r(x) * mean(i) }\ntrain Fit for net: Net (x: f32[miniBatch, i, 2]) { minimize mse(net(x, x[0]), x) with sgd(0.1) }")]
    [InlineData("""
        model System_(x: f32[batch, 2]) -> f32[batch, 2] { MemberwiseClone = linear(2); ReferenceEquals = linear(2); return x |> MemberwiseClone |> ReferenceEquals }
        train Fit for net: System_, MemberwiseClone: System_ (Clone: f32[batch, 2], printMembers: f32[batch, 2], EqualityContract: f32[batch, 2], referenceEquals: f32[batch, 2]) {
            GetType = mse(net(Clone), printMembers) + mse(MemberwiseClone(EqualityContract), referenceEquals)
            minimize GetType with sgd(0.1)
            metric Clone_ = mean(Clone)
            metric deconstruct = mean(Clone)
            metric PrintMembers = mean(Clone)
            metric memberwiseClone = mean(Clone)
        }
        """)]
    [InlineData("""
        model Net(x: f32[batch, 2]) -> f32[batch, 2] { repeat 2 as i : h { x = linear(2)(x) }; return x }
        train Fit for net: Net (x: f32[batch, 2]) {
            minimize mse(net(x), x) with sgd(0.1)
            lora(rank: 1) on net.h
            average net 0.9
        }
        """)]
    public void Compiles(string program)
    {
        var driver = GeneratorHarness.CreateDriver(new FnnText("/project/names.fnn", program))
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(), out var compilation, out var diagnostics);
        Assert.Empty(diagnostics);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        Assert.NotEmpty(GeneratorHarness.Outputs(driver));
        Assert.Empty(compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
    }
}
