using FeedbackNN.Tests;
using Microsoft.CodeAnalysis;

namespace FeedbackNN.Generator.Tests;

/// <summary>
/// What is wrong in a <c>.fnn</c> file is told there, and not once more at each line of C# that uses it: classes keep their members as far as they are known, or can be told from what is near.
/// </summary>
public sealed class BrokenDeclarationTests
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

    public static IEnumerable<object[]> Trains => SlowRun.OneOf<object[]>(3,
    [
        ["", "", false],
        ["on net.blocks, net.first", "on net.block, net.first", true],
        ["on net.blocks, net.first", "on net.nothing", true],
        ["on net.blocks, net.first", "on nett.blocks, nett.first", true],
        ["on net.blocks, net.first", "on blocks", true],
        ["rank: 4", "rank: 0", true],
        ["rank: 4", "rank: 400", true],
        ["rank: 4, alpha", "alpha", true],
        ["except: train net.head", "except: train net.haed", true],
        ["except: train net.head", "except train net.head", true],
        ["lora(rank: 4", "lora(rank 4", true],
        ["average net 0.95", "average nett 0.95", true],
        ["average net 0.95", "average net 1.5", true],
        ["average net 0.95", "average net 0.95 0.3", true],
        ["average net 0.95", "average net", true],
        ["head = linear(classes)", "head = linear(clases)", true],
        ["return head(h)", "return h", true],
        ["argmax(logits) == label", "argmax(logits) = label", true],
        ["argmax(logits) == label", "argmax(logits) == lable", true],
        ["minimize loss with adamw(3e-3)", "minimize loss with adamW(3e-3)", true],
        ["minimize loss with adamw(3e-3)", "minimize loss with adamw(3e-3", true],
        ["minimize loss with adamw(3e-3)", "minimize loss", true],
        ["minimize loss with adamw(3e-3)", "minimize loss with adamw 3e-3", true],
        ["minimize loss with adamw(3e-3)", "minimize los with adamw(3e-3)\n    loss = los", true],
    ]);

    [Theory]
    [MemberData(nameof(Trains))]
    public void A_train_with_errors_keeps_what_C_sharp_sees_of_it(string right, string wrong, bool isWrong)
    {
        var (outputs, messages) = Generate(UseTuned.Replace(").Loss", wrong.Contains("minimize los ") ? ").Los" : ").Loss"), right.Length == 0 ? Tuned : Tuned.Replace(right, wrong));
        Assert.True(messages.Length == 0, string.Join("\n", messages));
        Assert.Equal(isWrong, outputs["Tuned.Adapt.g.cs"].Contains("has errors"));
    }

    private const string Searched = """
        namespace Searched
        dim classes = 3, inputs = 8

        model Candidate(width: dim, depth: int = 1, act: fn = gelu)(x: f32[batch, inputs]) -> f32[batch, classes]
            where depth >= 0
        {
            into = linear(width)
            out = linear(classes)
            h = act(into(x))
            repeat depth as i : hidden { h = dropout(0.1)(act(linear(width)(h))) }
            return out(h)
        }

        model Tiny = Candidate(width: 4, depth: 0)
        model Broad = Candidate(width: 96)

        train Try(rate: real = 3e-3, smooth: f32 = 0) for net: Candidate (x: f32[batch, inputs], label: i32[batch])
            where smooth < 1
        {
            logits = net(x)
            minimize mean(cross_entropy(logits, label)) * (1 - smooth) with adam
            metric accuracy = mean(argmax(logits) == label)
        }

        train TryTiny = Try(Tiny, rate: 1e-2)
        train TryBroad = Try(Broad)

        train Alone for net: Broad (x: f32[batch, inputs], label: i32[batch]) {
            minimize cross_entropy(net(x), label) with adam(1e-3)
        }

        checkpoint Theirs for Broad {
            into.weight = "a.weight"
            into.bias = "a.bias"
            hidden.0.linear.weight = "b.weight"
            hidden.0.linear.bias = "b.bias"
            out.weight = "c.weight"
            out.bias = "c.bias"
        }

        pipeline Both with net: Broad {
            fit: Alone(net) on known for 1 epochs
            check: evaluate Alone(net) on held
            feedback while check.loss > 0.1, at_most 2 { fit; check }
        }

        generate Sure from net: Broad (x: f32[batch, inputs]) -> f32[batch, classes] {
            return softmax(net(x))
        }
        """;

    private const string UseSearched = """
        using FeedbackNN; using Searched;
        static class Use
        {
            static double All(Tensor<float> x)
            {
                Try[] all = [new TryTiny(new Tiny(seed: 1), seed: 1), new TryBroad(new Broad(seed: 1), seed: 1)];
                var sum = 0.0;
                foreach (var one in all) sum += one.Evaluate(DataSource.From([new Try.Sample(new float[8], 1)])).Accuracy + one.Net.ParameterCount + one.Optimizer.LearningRate.At(0);
                using var broad = new Broad();
                sum += broad.Parameters.Into.Weight.Value[0] + broad.Predict(new float[8])[0];
                using var alone = new Alone(broad);
                sum += alone.Run(DataSource.From([new Alone.Sample(new float[8], 1)]), 1, 1).Loss;
                using var sure = new Sure(broad);
                broad.Save("theirs.safetensors", Broad.Checkpoints.Theirs);
                new BothPipeline(seed: 1) { Known = DataSource.From([new Alone.Sample(new float[8], 1)]), Held = DataSource.From([new Alone.Sample(new float[8], 1)]) }.Run();
                return sum + sure.Run(null!, seed: 1).ToArray()[0];
            }
        }
        """;

    public static IEnumerable<object[]> Declarations => SlowRun.OneOf<object[]>(3,
    [
        ["", "", ""],
        ["Broad = Candidate(width: 96)", "Broad = Candidate(widht: 96)", "FNN2006"],
        ["Broad = Candidate(width: 96)", "Broad = Candidate(width: gelu)", "FNN3023"],
        ["Broad = Candidate(width: 96)", "Broad = Candidate()", "FNN2007"],
        ["Broad = Candidate(width: 96)", "Broad = Candidat(width: 96)", "FNN2001"],
        ["Broad = Candidate(width: 96)", "Broad = Tiny", "FNN2011"],
        ["Broad = Candidate(width: 96)", "Broad = Candidate", "FNN2011"],
        ["width: 4, depth: 0", "width: 4, depth: -1", "FNN3021"],
        ["Try(Tiny, rate: 1e-2)", "Try(Tinny, rate: 1e-2)", "FNN2001"],
        ["Try(Tiny, rate: 1e-2)", "Try(Tiny, rat: 1e-2)", "FNN2006"],
        ["Try(Tiny, rate: 1e-2)", "Try(rate: 1e-2)", "FNN2007"],
        ["Try(Tiny, rate: 1e-2)", "Try(Tiny, smooth: 2)", "FNN3021"],
        ["Try(Tiny, rate: 1e-2)", "Tri(Tiny, rate: 1e-2)", "FNN2001"],
        ["Try(Tiny, rate: 1e-2)", "Try", "FNN5072"],
        ["Try(Tiny, rate: 1e-2)", "TryBroad(Tiny)", "FNN5072"],
        ["Alone for net: Broad", "Alone for net: Brod", "FNN2001"],
        ["Sure from net: Broad", "Sure from net: Brod", "FNN2001"],
        ["Sure from net: Broad (x: f32[batch, inputs])", "Sure from net: Broad (x: float[batch, inputs])", "FNN2013"],
        ["out.bias = ", "out.bais = ", "FNN5002"],
        ["out.bias = ", "out.bias ", "FNN1010"],
        ["evaluate Alone(net)", "evaluate Alone(nett)", "FNN2001"],
        ["evaluate Alone(net)", "evaluate Alonne(net)", "FNN5033"],
        ["inputs = 8", "inputs = 8 / 0", "FNN2005"],
        ["Alone for net: Broad (x: f32[batch, inputs], label: i32[batch])", "Alone for net: Broad (x: f32[batch, inputs], label: int[batch])", "FNN2013"],
        ["(x: f32[batch, inputs]) -> f32[batch, classes]\n    where depth", "(x: f3[batch, inputs]) -> f32[batch, classes]\n    where depth", "FNN2013"],
    ]);

    [Theory]
    [MemberData(nameof(Declarations))]
    public async Task A_declaration_with_an_error_has_that_one_error_and_its_class(string right, string wrong, string code)
    {
        var text = right.Length == 0 ? Searched : Searched.Replace(right.Replace("\\n", "\n"), wrong.Replace("\\n", "\n"));
        Assert.Equal(wrong.Length > 0, text != Searched);
        var errors = (await GeneratorHarness.Analyze(new FnnText("/project/file0.fnn", text))).Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Select(diagnostic => diagnostic.Id);
        Assert.Equal(code, string.Join(", ", errors.Distinct()));
        var (_, messages) = Generate(UseSearched, text);
        Assert.True(messages.Length == 0, string.Join("\n", messages));
    }

    private static (IReadOnlyDictionary<string, string> Outputs, string[] Messages) Generate(string code, params string[] files)
    {
        var driver = GeneratorHarness.CreateDriver([.. files.Select((text, i) => new FnnText($"/project/file{i}.fnn", text))])
            .RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(code), out var compilation, out _);
        Assert.Null(driver.GetRunResult().Results.Single().Exception);
        return (GeneratorHarness.Outputs(driver), [.. compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning).Select(diagnostic => diagnostic.ToString())]);
    }
}
