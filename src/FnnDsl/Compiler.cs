using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl;

/// <summary>The list of passes, as code: what happens to a declaration between its syntax and what is printed.</summary>
public static class FnnCompiler
{
    /// <summary>Everything that is wrong in a compilation, syntax included, but what comments turn off: by file and place.</summary>
    public static EquatableArray<Diagnostic> Check(IReadOnlyList<Syntax.FileSyntax> files, string rootNamespace = "")
    {
        var scope = Binder.Collect(files, rootNamespace);
        var bag = new DiagnosticBag();
        foreach (var file in files) bag.AddRange(file.Diagnostics);
        bag.AddRange(scope.Diagnostics);
        foreach (var name in scope.Models) bag.AddRange(CheckModel(scope, name).Diagnostics);
        foreach (var name in scope.Trains) bag.AddRange(Binder.BindTrain(scope, name.Namespace, name.Name).Diagnostics);
        foreach (var name in scope.Generates) bag.AddRange(CompileGenerate(scope, name.Namespace, name.Name).Diagnostics);
        foreach (var name in scope.Pipelines) bag.AddRange(Binder.BindPipeline(scope, name.Namespace, name.Name).Diagnostics);
        bag.AddRange(Binder.CheckUninstantiated(scope));
        return IgnoreComments.Apply(files.SelectMany(file => file.IgnoreComments), bag.ToArray());
    }

    /// <summary>What is wrong in a model, its budgets included, and whether there was nothing to say at all.</summary>
    internal static (EquatableArray<Diagnostic> Diagnostics, bool IsClean) CheckModel(ModuleScope scope, DeclarationName name)
    {
        var bound = Binder.BindModel(scope, name.Namespace, name.Name);
        // Only a budget needs the plan.
        var budget = bound.Result is { Budgets.Count: > 0 } model ? BudgetCheck.Run(scope, Compile(model)).ToEquatableArray() : default;
        return (bound.Diagnostics.Concat(budget).ToEquatableArray(), bound.IsClean && budget.Count == 0);
    }

    /// <summary>Compiles a model to its two programs. Without a result there are diagnostics; the signature stays as far as it is right.</summary>
    public static (CompiledModel? Result, BoundModel? Signature, EquatableArray<Diagnostic> Diagnostics) CompileModel(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindModel(scope, ns, name);
        if (bound.Result is not { } model) return (null, bound.Signature is { } signature ? signature with { Checkpoints = Binder.CheckpointNamesOf(scope, ns, name) } : null, bound.Diagnostics);
        var compiled = Compile(model with { Checkpoints = Binder.CheckpointsOf(scope, ns, name) });
        return (compiled, bound.Signature, bound.Diagnostics.Concat(BudgetCheck.Run(scope, compiled)).ToEquatableArray());
    }

    /// <summary>Compiles a training to one program for each objective and one for evaluation.</summary>
    public static (CompiledTrain? Result, BoundTrain? Signature, EquatableArray<Diagnostic> Diagnostics) CompileTrain(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindTrain(scope, ns, name);
        if (bound.Result is not { } train) return (null, bound.Signature, bound.Diagnostics);
        // A training of a model with errors waits until they are mended: the model's own compilation reports them.
        return (ModelsOf(scope, train.Nets) is { } nets ? Compile(train, nets) : null, bound.Signature, bound.Diagnostics);
    }

    /// <summary>Compiles a pipeline: its steps are bound, and only what chooses samples by a network's answers has a program of its own.</summary>
    public static (CompiledPipeline? Result, BoundPipeline? Signature, EquatableArray<Diagnostic> Diagnostics) CompilePipeline(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindPipeline(scope, ns, name);
        if (bound.Result is not { } pipeline) return (null, bound.Signature, bound.Diagnostics);
        var answers = pipeline.Answers.Select((item, i) =>
        {
            var train = pipeline.Trains[item.Train];
            return Binder.BindTrain(scope, train.Namespace, train.Name).Result is not { } known || ModelsOf(scope, known.Nets) is not { } nets ? null
                : new CompiledAnswers(Plan(FormattableString.Invariant($"{pipeline.Name}_Answers{i}"), Pass("bind", item.Graph), train.RuntimeAxes), nets);
        }).ToArray();
        // A pipeline of a train with errors waits until they are mended.
        var result = answers.Any(program => program is null) ? null : new CompiledPipeline(pipeline, answers.Select(program => program!).ToEquatableArray());
        return (result, bound.Signature, bound.Diagnostics);
    }

    /// <summary>Compiles a generate; where a state grows, to programs that compute what one more element changes.</summary>
    public static (CompiledGenerate? Result, BoundGenerate? Signature, EquatableArray<Diagnostic> Diagnostics) CompileGenerate(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindGenerate(scope, ns, name);
        if (bound.Result is not { } generate) return (null, bound.Signature, bound.Diagnostics);
        if (ModelsOf(scope, generate.Nets) is not { } nets) return (null, bound.Signature, bound.Diagnostics);
        var bag = new DiagnosticBag();
        var compiled = Compile(generate, nets, why => LooksAhead.Report(scope, bag, generate, why));
        return (compiled, bound.Signature, bound.Diagnostics.Concat(bag.ToArray()).ToEquatableArray());
    }

    /// <summary>The models of networks; null where one has errors.</summary>
    private static EquatableArray<BoundModel>? ModelsOf(ModuleScope scope, EquatableArray<BoundNet> nets)
    {
        var models = nets.Select(net => Binder.BindModel(scope, net.ModelNamespace, net.ModelName).Result).OfType<BoundModel>().ToEquatableArray();
        return models.Count == nets.Count ? models : null;
    }

    /// <summary>The programs of a generate; null, with the reason told, where its model is not causal along the axis that grows.</summary>
    private static CompiledGenerate? Compile(BoundGenerate generate, EquatableArray<BoundModel> nets, Action<(string Reason, Origin Origin)> report)
    {
        if (generate.Growth is not { } growth) return new CompiledGenerate(generate, nets, Plan($"{generate.Name}_Program", Pass("bind", generate.Body), generate.RuntimeAxes), null);
        if (GrowthForm.TryMake(generate, growth, out var why) is not { } form)
        {
            report(why);
            return null;
        }
        // What changes from round to round is last: memory is not arranged anew for each.
        var axes = generate.RuntimeAxes.Append(growth.Axis).Append(growth.RoundAxis).ToEquatableArray();
        var rounds = new CompiledGrowth(
            Plan($"{generate.Name}_First", Pass("first", form.First), axes), Plan($"{generate.Name}_Step", Pass("step", form.Step), axes),
            form.Again is { } again ? Plan($"{generate.Name}_Again", Pass("again", again), axes) : null, form.Kept);
        return new CompiledGenerate(generate, nets, Plan($"{generate.Name}_Last", Pass("last", form.Last), axes), rounds);
    }

    public static CompiledModel Compile(BoundModel model)
    {
        var inference = Plan($"{model.Name}_Inference", Pass("bind", model.Inference), model.RuntimeAxes);
        var derived = Pass("derive", ProgramGraphs.Training(model));
        var stream = Stream(model, out var no);
        return new CompiledModel(model, inference, Plan($"{model.Name}_Training", derived, model.RuntimeAxes), stream, no);
    }

    private static CompiledStream? Stream(BoundModel model, out NoStream? no)
    {
        no = null;
        foreach (var axis in OneStepForm.Axes(model.Inference, model.RuntimeAxes))
        {
            if (OneStepForm.TryMake(model.Inference, axis, model.Inputs.Count, out var why) is not { } step)
            {
                no = new NoStream(axis, why.Reason, why.Origin);
                continue;
            }
            BoundTensor Without(BoundTensor tensor) => tensor with
            {
                Axes = tensor.Axes.Where(other => other.Size != Size.Axis(axis)).ToEquatableArray(),
                // A stream has no end that a length could lie behind.
                IsIndexBelow = tensor.IsIndexBelow?.Mentions(axis) == true ? null : tensor.IsIndexBelow,
            };
            var axes = model.RuntimeAxes.Where(other => other != axis).ToEquatableArray();
            var program = Plan($"{model.Name}_Stream", Pass("step", step.Graph), axes);
            no = null;
            return new CompiledStream(axis, model.Inputs.Select(Without).ToEquatableArray(), model.Results.Select(Without).ToEquatableArray(), step.States, step.UsesPosition, program);
        }
        return null;
    }

    public static CompiledTrain Compile(BoundTrain train, EquatableArray<BoundModel> nets)
    {
        nets = train.Storages(nets);
        var objectives = train.Objectives.Select((objective, i) =>
        {
            var derived = Pass("derive", ProgramGraphs.Objective(objective, train.Precision, trained => nets[trained.Net].Parameters[trained.Parameter].Type));
            var plan = Plan($"{train.Name}_Step{i}", derived, train.RuntimeAxes);
            return train is { Objectives.Count: 1, ClipKind: null, Accumulate: 1 } ? plan with { Updates = GradientUpdates.Find(plan) } : plan;
        }).ToEquatableArray();
        return new CompiledTrain(train, nets, objectives, Plan($"{train.Name}_Evaluation", Pass("bind", train.Evaluation), train.RuntimeAxes));
    }

    private static ProgramPlan Plan(string name, Graph graph, EquatableArray<string> axes)
    {
        graph = Pass("simplify", Simplification.Run(graph));
        // Canonicalization, fusion, kernels, places, lifetimes and loops.
        return Planner.Plan(name, graph, axes);
    }

    private static Graph Pass(string name, Graph graph)
    {
        Verify(name, graph);
        return graph;
    }

    // A graph that breaks its own rules is a mistake of the pass that made it, found where it was made.
    private static void Verify(string pass, Graph graph)
    {
        var problems = GraphVerifier.Verify(graph);
        if (problems.Count > 0) throw new InvalidOperationException($"After '{pass}': {string.Join("; ", problems)}");
    }
}
