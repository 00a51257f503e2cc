using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>
/// Checks the same files again and again, as editors do: what <see cref="FnnCompiler.Check(IReadOnlyList{FileSyntax}, string)"/> says of each state of them, and what their names mean. What had nothing to
/// complain about, and reaches nothing but what is as it was, is not bound again; what had is, as messages know places. Not for several threads at once.
/// </summary>
public sealed class FnnInspector
{
    /// <summary>What was bound without any finding.</summary>
    private sealed record Clean(string Closure, BindingNotes Notes);

    private Dictionary<(string Kind, DeclarationName Name), Clean> _clean = [];

    public (EquatableArray<Diagnostic> Diagnostics, NameTable Names) Inspect(IReadOnlyList<FileSyntax> files, string rootNamespace)
    {
        var scope = Binder.Collect(files, rootNamespace);
        var closures = new UserClosures(scope);
        var clean = new Dictionary<(string, DeclarationName), Clean>();
        var notes = new List<BindingNotes>();
        var bag = new DiagnosticBag();
        foreach (var file in files) bag.AddRange(file.Diagnostics);
        bag.AddRange(scope.Diagnostics);

        var reached = new HashSet<DeclarationName>();
        foreach (var name in scope.Models) Run("model", scope.FindExactly(name.Namespace, name.Name)!, () => FnnCompiler.CheckModel(scope, name));
        foreach (var name in scope.Trains)
        {
            Run("train", scope.FindExactly(name.Namespace, name.Name)!, () =>
            {
                var bound = Binder.BindTrain(scope, name.Namespace, name.Name);
                return (bound.Diagnostics, bound.IsClean);
            });
        }
        foreach (var name in scope.Pipelines)
        {
            Run("pipeline", scope.FindExactly(name.Namespace, name.Name)!, () =>
            {
                var bound = Binder.BindPipeline(scope, name.Namespace, name.Name);
                return (bound.Diagnostics, bound.IsClean);
            });
        }
        foreach (var name in scope.Generates)
        {
            Run("generate", scope.FindExactly(name.Namespace, name.Name)!, () =>
            {
                var compiled = FnnCompiler.CompileGenerate(scope, name.Namespace, name.Name);
                return (compiled.Diagnostics, compiled.Diagnostics.Count == 0);
            });
        }
        foreach (var symbol in scope.UserSymbols.Where(symbol => Binder.IsCompiled(scope, symbol)))
        {
            foreach (var other in closures.Reach(symbol)) reached.Add(new(other.Namespace, other.Key));
        }
        foreach (var symbol in Binder.CheckedAlone(scope))
        {
            var isReached = reached.Contains(new(symbol.Namespace, symbol.Key));
            Run(isReached ? "reached" : "alone", symbol, () =>
            {
                var own = new DiagnosticBag();
                Binder.CheckAlone(scope, symbol, isReached, own);
                return (scope.WithoutFollowers(own.ToArray()), own.Count == 0 && symbol is CallableSymbol or TrainSymbol or ConstSymbol);
            });
        }
        _clean = clean;
        scope.Notes = null;
        return (IgnoreComments.Apply(files.SelectMany(file => file.IgnoreComments), bag.ToArray()), new NameTable(scope, files, notes));

        void Run(string kind, Symbol symbol, Func<(EquatableArray<Diagnostic> Diagnostics, bool IsClean)> bind)
        {
            var key = (kind, new DeclarationName(symbol.Namespace, symbol.Key));
            var closure = closures.TextOf(symbol);
            if (!_clean.TryGetValue(key, out var known) || known.Closure != closure)
            {
                known = new Clean(closure, scope.Notes = new BindingNotes());
                var (diagnostics, isClean) = bind();
                bag.AddRange(diagnostics);
                if (isClean) clean[key] = known;
            }
            else clean[key] = known;
            notes.Add(known.Notes);
        }
    }
}
