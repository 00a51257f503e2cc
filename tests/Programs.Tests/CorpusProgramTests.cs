using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// Every model and training of the corpus of good programs, and of the examples, gives the same as generated code and in the interpreter: forward, gradients,
/// losses, metrics and buffers.
/// </summary>
public sealed class CorpusProgramTests
{
    public static TheoryData<string> Files()
    {
        var root = Repository.Root;
        return new(Directory.GetFiles(Path.Combine(root, "tests", "corpus", "good"), "*.fnn")
            .Concat(Directory.GetFiles(Path.Combine(root, "examples"), "*.fnn", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/')).Where(path => !path.Contains("/obj/") && !path.Contains("/bin/"))
            .Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void CompiledAndInterpretedAgree(string file)
    {
        var path = Path.Combine(Repository.Root, file);
        var syntax = FnnParser.Parse(new SourceText(file, File.ReadAllText(path)));
        var scope = Binder.Collect([syntax], "Corpus");
        var programs = 0;
        foreach (var name in scope.Models)
        {
            var bound = Binder.BindModel(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            var model = bound.Result!;
            foreach (var graph in new[] { model.Inference, ProgramGraphs.Training(model) })
            {
                Check(graph, model.RuntimeAxes, model.Inputs, model.Guards);
                programs++;
            }
        }
        foreach (var name in scope.Trains)
        {
            var bound = Binder.BindTrain(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            var train = bound.Result!;
            var nets = train.Nets.Select(net => Binder.BindModel(scope, net.ModelNamespace, net.ModelName).Result!).ToArray();
            var graphs = train.Objectives.Select(objective => ProgramGraphs.Objective(objective, trained => nets[trained.Net].Parameters[trained.Parameter].Type)).Append(train.Evaluation);
            foreach (var graph in graphs)
            {
                Check(graph, train.RuntimeAxes, train.Inputs, train.Guards);
                programs++;
            }
        }
        Assert.True(programs > 0 || scope.Models.Count() + scope.Trains.Count() == 0);
    }

    private static void Check(Graph graph, EquatableArray<string> axes, EquatableArray<BoundTensor> inputs, EquatableArray<BoundGuard> guards)
    {
        Assert.Empty(GraphVerifier.Verify(graph));
        graph = Simplification.Run(graph);
        Assert.Empty(GraphVerifier.Verify(graph));
        using var program = GeneratedProgram.Compile(graph);
        var cases = SizesThatFit(axes, guards).ToArray();
        Assert.NotEmpty(cases);
        for (var i = 0; i < cases.Length; i++) ProgramComparison.Check(graph, cases[i], i + 1, 2e-4, (random, node) => Draw(random, node, inputs), program);
    }

    private static double Draw(Random random, Node node, EquatableArray<BoundTensor> inputs)
    {
        if (node.Operation is Input input && !node.Type.Element.IsFloat())
        {
            var bound = inputs[input.Index].IsIndexBelow is { } below && below.TryGetConstant(out var constant) ? (int)constant : 2;
            return random.Next(0, bound);
        }
        // A buffer is most often a variance: positive.
        return node.Operation is BufferValue ? 0.5 + random.NextDouble() : random.NextDouble() * 2 - 1;
    }

    private static IEnumerable<Dictionary<string, long>> SizesThatFit(EquatableArray<string> axes, EquatableArray<BoundGuard> guards)
    {
        var found = 0;
        foreach (var start in new long[] { 5, 17, 2, 8, 4, 6, 3, 9 })
        {
            foreach (var step in new long[] { 3, 0, 1, 2 })
            {
                var sizes = axes.Select((axis, i) => (axis, size: start + i * step)).ToDictionary(item => item.axis, item => item.size);
                if (!guards.All(guard => Holds(guard, sizes)) || found == 3) continue;
                found++;
                yield return sizes;
                break;
            }
        }
    }

    private static bool Holds(BoundGuard guard, Dictionary<string, long> sizes)
    {
        var (left, right) = (guard.Left.Evaluate(axis => sizes[axis]), guard.Right.Evaluate(axis => sizes[axis]));
        return guard.Comparison switch
        {
            "==" => left == right,
            "!=" => left != right,
            "<" => left < right,
            "<=" => left <= right,
            ">" => left > right,
            _ => left >= right,
        };
    }
}
