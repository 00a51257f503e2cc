using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>The list of passes, as code: what happens to a declaration between its syntax and what is printed.</summary>
public static class FnnCompiler
{
    /// <summary>Everything that is wrong in a compilation, syntax included: by file and place.</summary>
    public static EquatableArray<Diagnostic> Check(IReadOnlyList<Syntax.FileSyntax> files, string rootNamespace = "")
    {
        var bag = new DiagnosticBag();
        foreach (var file in files) bag.AddRange(file.Diagnostics);
        var scope = Binder.Collect(files, rootNamespace);
        bag.AddRange(scope.Diagnostics);
        foreach (var name in scope.Models) bag.AddRange(Binder.BindModel(scope, name.Namespace, name.Name).Diagnostics);
        foreach (var name in scope.Trains) bag.AddRange(Binder.BindTrain(scope, name.Namespace, name.Name).Diagnostics);
        bag.AddRange(Binder.CheckUninstantiated(scope));
        return bag.ToArray();
    }

    /// <summary>A model with every name, type and axis known, its graphs verified.</summary>
    public static BindResult<BoundModel> BindModel(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindModel(scope, ns, name);
        if (bound.Result is not { } model) return bound;
        Verify("bind", model.Inference);
        Verify("bind", model.Training);
        return bound;
    }

    /// <summary>A training with every name, type and axis known, its graphs verified.</summary>
    public static BindResult<BoundTrain> BindTrain(ModuleScope scope, string ns, string name)
    {
        var bound = Binder.BindTrain(scope, ns, name);
        if (bound.Result is not { } train) return bound;
        foreach (var objective in train.Objectives) Verify("bind", objective.Forward);
        Verify("bind", train.Evaluation);
        return bound;
    }

    // A graph that breaks its own rules is a mistake of the pass that made it, found where it was made.
    private static void Verify(string pass, Graph graph)
    {
        var problems = GraphVerifier.Verify(graph);
        if (problems.Count > 0) throw new InvalidOperationException($"After '{pass}': {string.Join("; ", problems)}");
    }
}
