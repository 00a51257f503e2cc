using Microsoft.CodeAnalysis;

namespace FeedbackNN.Generator.Tests;

/// <summary>What is wrong in a <c>.fnn</c> file is told there, and not once more at each line of C# that uses it: classes keep their members as far as they are known, or can be guessed.</summary>
public sealed class BrokenTrainTests
{
    private const string Tuned = """
        namespace Tuned
        dim classes = 3

        model Net(x: f32[batch, 8]) -> f32[batch, classes] {
            first = linear(16)
            head = linear(classes)
            h = gelu(first(x))
            repeat 2 as i : blocks { h = h + gelu(linear(16)(h)) }
            return head(h)
        }

        train Adapt for net: Net (x: f32[batch, 8], label: i32[batch]) {
            logits = net(x)
            loss = cross_entropy(logits, label)
            minimize loss with adamw(3e-3)
            metric accuracy = mean(argmax(logits) == label)
            lora(rank: 4, alpha: 8) on net.blocks, net.first, except: train net.head
            average net 0.95
        }
        """;

    private const string UseTuned = """
        using FeedbackNN; using Tuned;
        static class Use
        {
            static double All(Net net)
            {
                using var fit = new Adapt(net, seed: 1);
                fit.Run(DataSource.From([new Adapt.Sample(new float[8], 1)]), epochs: 1, batchSize: 1);
                fit.Optimizer.LearningRate = 1e-3;
                fit.Adapters.Merge();
                fit.AverageAdapters.Save("a.safetensors");
                float a = fit.Average.Predict(new float[8])[0] + fit.Adapters.Parameters.First.Weight.A[0, 0] + fit.Net.Predict(new float[8])[0];
                return fit.Evaluate(DataSource.From([new Adapt.Sample(new float[8], 1)])).Accuracy + fit.Run(DataSource.From([new Adapt.Sample(new float[8], 1)]), 1, 1).Loss + a;
            }
        }
        """;

    [Theory]
    [InlineData("", "", false)]
    [InlineData("on net.blocks, net.first", "on net.block, net.first")]
    [InlineData("on net.blocks, net.first", "on net.nothing")]
    [InlineData("on net.blocks, net.first", "on nett.blocks, nett.first")]
    [InlineData("on net.blocks, net.first", "on blocks")]
    [InlineData("rank: 4", "rank: 0")]
    [InlineData("rank: 4", "rank: 400")]
    [InlineData("rank: 4, alpha", "alpha")]
    [InlineData("except: train net.head", "except: train net.haed")]
    [InlineData("except: train net.head", "except train net.head")]
    [InlineData("lora(rank: 4", "lora(rank 4")]
    [InlineData("average net 0.95", "average nett 0.95")]
    [InlineData("average net 0.95", "average net 1.5")]
    [InlineData("average net 0.95", "average net 0.95 0.3")]
    [InlineData("average net 0.95", "average net")]
    [InlineData("head = linear(classes)", "head = linear(clases)")]
    [InlineData("return head(h)", "return h")]
    [InlineData("argmax(logits) == label", "argmax(logits) = label")]
    [InlineData("argmax(logits) == label", "argmax(logits) == lable")]
    [InlineData("minimize loss with adamw(3e-3)", "minimize loss with adamW(3e-3)")]
    [InlineData("minimize loss with adamw(3e-3)", "minimize loss with adamw(3e-3")]
    [InlineData("minimize loss with adamw(3e-3)", "minimize loss")]
    [InlineData("minimize loss with adamw(3e-3)", "minimize loss with adamw 3e-3")]
    [InlineData("minimize loss with adamw(3e-3)", "minimize los with adamw(3e-3)\n    loss = los")]
    public void A_train_with_errors_keeps_what_C_sharp_sees_of_it(string right, string wrong, bool isWrong = true)
    {
        var (outputs, messages) = Generate(UseTuned.Replace(").Loss", wrong.Contains("minimize los ") ? ").Los" : ").Loss"), right.Length == 0 ? Tuned : Tuned.Replace(right, wrong));
        Assert.True(messages.Length == 0, string.Join("\n", messages));
        Assert.Equal(isWrong, outputs["Tuned.Adapt.g.cs"].Contains("has errors"));
    }

    private static (IReadOnlyDictionary<string, string> Outputs, string[] Messages) Generate(string code, params string[] files)
    {
        var driver = GeneratorHarness.CreateDriver([.. files.Select((text, i) => new FnnText($"/project/file{i}.fnn", text))])
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(code), out var compilation, out _);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        return (GeneratorHarness.Outputs(driver), [.. compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(diagnostic => diagnostic.ToString())]);
    }
}
