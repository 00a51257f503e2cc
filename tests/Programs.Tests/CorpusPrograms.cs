using System.Collections.Concurrent;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>One program of a model or training: its graph, simplified, and what its sizes and inputs must be.</summary>
/// <param name="File">The path from the repository's root.</param>
/// <param name="Largest">The largest number that is drawn for it.</param>
internal sealed record CorpusProgram(string File, string Name, Graph Graph, EquatableArray<string> Axes, EquatableArray<BoundTensor> Inputs, EquatableArray<BoundGuard> Guards, double Largest)
{
    /// <summary>With the name of its file.</summary>
    public string FullName => $"{Path.GetFileNameWithoutExtension(File)} {Name}";

    /// <summary>Gives numbers for a node of the program that it takes from outside, at these sizes.</summary>
    public Func<Random, Node, double> DrawAt(IReadOnlyDictionary<string, long> sizes)
    {
        var integers = new IntegerInputs(Graph);
        return (random, node) => node switch
        {
            { Operation: Input, Type.Element: ElementType.Bool } => random.Next(0, 2),
            { Operation: Input input } when !node.Type.Element.IsFloat() => integers.Draw(random, input.Index, Inputs[input.Index].IsIndexBelow, sizes),
            // Words that have been kept.
            { Operation: Kept } when !node.Type.Element.IsFloat() => random.Next(0, 2),
            // A buffer is most often a variance: positive.
            { Operation: BufferValue } => 0.5 + random.NextDouble(),
            _ => Largest * (random.NextDouble() * 2 - 1),
        };
    }

    /// <summary>Up to three tuples of run-time sizes that the program accepts, small ones unless others are to be tried first.</summary>
    public IEnumerable<Dictionary<string, long>> SizesThatFit(params long[] others)
    {
        var found = 0;
        foreach (var start in others.Concat([5, 17, 2, 8, 4, 6, 3, 9]))
        {
            foreach (var step in new long[] { 3, 0, 1, 2 })
            {
                var sizes = Axes.Select((axis, i) => (axis, size: start + i * step)).ToDictionary(item => item.axis, item => item.size);
                if (!Guards.All(guard => guard.Holds(axis => sizes[axis])) || found == 3) continue;
                found++;
                yield return sizes;
                break;
            }
        }
    }
}

/// <summary>The corpus of good programs and the examples, as programs to run.</summary>
internal static class CorpusPrograms
{
    // Larger than what it has of its own, which the corpus has small: the interpreter would take minutes.
    private const string TooLarge = "examples/CharGpt/";

    // Sums of 64 weights up to 1, and of products of such, are so large that states end at 1 in float32, and the largest of several equal ones is another than in float64.
    private const string Saturating = "examples/SpamFilter/";

    /// <summary>Paths from the repository's root, with slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "corpus", "good"), "*.fnn")
        .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "examples"), "*.fnn", SearchOption.AllDirectories))
        .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/')).Where(path => !path.StartsWith(TooLarge, StringComparison.Ordinal) && !path.Contains("/obj/") && !path.Contains("/bin/"))
        .Order(StringComparer.Ordinal).ToArray();

    /// <summary>Inference and training of each model, each objective and the evaluation of each training.</summary>
    public static IReadOnlyList<CorpusProgram> Of(string file) => Known.GetOrAdd(file, _ => new Lazy<IReadOnlyList<CorpusProgram>>(() => Bind(file))).Value;

    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<CorpusProgram>>> Known = new(StringComparer.Ordinal);

    private static List<CorpusProgram> Bind(string file)
    {
        var syntax = FnnParser.Parse(new SourceText(file, File.ReadAllText(Path.Combine(Repository.Root, file))));
        var scope = Binder.Collect([syntax], "Corpus");
        var programs = new List<CorpusProgram>();
        foreach (var name in scope.Models)
        {
            var bound = Binder.BindModel(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            var model = bound.Result!;
            Add($"{name.Name}_Inference", model.Inference, model.RuntimeAxes, model.Inputs, model.Guards);
            Add($"{name.Name}_Training", ProgramGraphs.Training(model), model.RuntimeAxes, model.Inputs, model.Guards);
        }
        foreach (var name in scope.Trains)
        {
            var bound = Binder.BindTrain(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            var train = bound.Result!;
            var nets = train.Storages(train.Nets.Select(net => Binder.BindModel(scope, net.ModelNamespace, net.ModelName).Result!));
            for (var i = 0; i < train.Objectives.Count; i++)
            {
                var graph = ProgramGraphs.Objective(train.Objectives[i], train.Precision, trained => nets[trained.Net].Parameters[trained.Parameter].Type);
                Add(FormattableString.Invariant($"{name.Name}_Step{i}"), graph, train.RuntimeAxes, train.Inputs, train.Guards);
            }
            Add($"{name.Name}_Evaluation", train.Evaluation, train.RuntimeAxes, train.Inputs, train.Guards);
        }
        foreach (var name in scope.Generates)
        {
            var bound = Binder.BindGenerate(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            var generate = bound.Result!;
            if (generate.Growth is not { } growth)
            {
                Add($"{name.Name}_Program", generate.Body, generate.RuntimeAxes, generate.Inputs, generate.Guards);
                continue;
            }
            var form = GrowthForm.TryMake(generate, growth, out var why);
            Assert.True(form is not null, why.Reason);
            var axes = generate.RuntimeAxes.Append(growth.Axis).Append(growth.RoundAxis).ToEquatableArray();
            // After the first round, and with room for one more element.
            var guards = generate.Guards.Append(new BoundGuard("", Size.Axis(growth.Axis), ">", growth.Start, default)).Append(new BoundGuard("", Size.Axis(growth.Axis), "<", growth.Capacity, default)).ToEquatableArray();
            Add($"{name.Name}_First", form!.First, axes, generate.Inputs, guards);
            Add($"{name.Name}_Step", form.Step, axes, generate.Inputs, guards);
            if (form.Again is { } again) Add($"{name.Name}_Again", again, axes, generate.Inputs, guards);
            Add($"{name.Name}_Last", form.Last, axes, generate.Inputs, guards);
        }
        foreach (var name in scope.Pipelines)
        {
            var bound = Binder.BindPipeline(scope, name.Namespace, name.Name);
            Assert.True(bound.Result is not null, string.Join("\n", bound.Diagnostics));
            for (var i = 0; i < bound.Result!.Answers.Count; i++)
            {
                var (train, graph) = bound.Result.Answers[i];
                Add(FormattableString.Invariant($"{name.Name}_Answers{i}"), graph, bound.Result.Trains[train].RuntimeAxes, bound.Result.Trains[train].Inputs, default);
            }
        }
        Assert.True(programs.Count > 0 || scope.Models.Count() + scope.Trains.Count() == 0);
        return programs;

        void Add(string name, Graph graph, EquatableArray<string> axes, EquatableArray<BoundTensor> inputs, EquatableArray<BoundGuard> guards)
        {
            Assert.Empty(GraphVerifier.Verify(graph));
            graph = Simplification.Run(graph);
            Assert.Empty(GraphVerifier.Verify(graph));
            programs.Add(new CorpusProgram(file, name, graph, axes, inputs, guards, file.StartsWith(Saturating, StringComparison.Ordinal) ? 0.2 : 1));
        }
    }
}
