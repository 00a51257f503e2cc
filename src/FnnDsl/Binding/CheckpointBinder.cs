using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Another project's names of a model's weights: each row of each weight has one place in a file, and each place in a file one weight. Worked out for one model at a time, whose config the
/// declaration may speak of; one for a family holds for each member.
/// </summary>
internal sealed class CheckpointBinder(ModuleScope scope, DiagnosticBag diagnostics, CheckpointSymbol symbol)
{
    private readonly SymbolReports _reports = new(symbol, diagnostics);
    private readonly HashSet<CheckpointEntry> _matched = [];

    private CheckpointDeclaration Declaration => symbol.Declaration;

    /// <summary>Reports what is wrong, for each model that the declaration is for.</summary>
    public void Check()
    {
        if (RuntimeNames.Contains(symbol.Name) || RuntimeNames.ObjectMembers.Contains(symbol.Name)) _reports.Add(DiagnosticTable.NameOfRuntime, Declaration.Name.Span, $"another name, such as 'My{symbol.Name}'", symbol.Name);
        if (NetUse.FindModel(scope, diagnostics, symbol, Declaration.Name.Text, Declaration.Model, takesFamilies: true) is not { } target) return;
        Symbol[] models = target is CallableSymbol { IsFamily: true } ? scope.MembersOf(target).OfType<ModelMemberSymbol>().ToArray<Symbol>() : [target];
        foreach (var model in models)
        {
            // What is wrong in the model is reported with the model.
            if (scope.Bound(model) is not { Result: not null } bound) return;
            Bind(model, bound.Storage);
            if (diagnostics.HasErrors) break;
        }
        // What one member of a family has no place for, another may have.
        if (models.Length == 0 || (models.Length > 1 && diagnostics.HasErrors)) return;
        var names = models.SelectMany(model => Weights(scope.Bound(model).Storage)).Select(weight => weight.Path).Distinct().ToArray();
        foreach (var entry in Declaration.Entries.Where(entry => !_matched.Contains(entry)))
        {
            var written = string.Join(".", entry.Parts.Select(part => part.Text));
            _reports.Add(DiagnosticTable.PatternMatchesNothing, CheckpointEntries.PathSpan(entry), Spelling.Fix(written, names), written);
        }
    }

    /// <summary>The names that hold for a model: its own, its family's and the library's. Those of the user's that are wrong are there without parts: C# that uses them has no error of its own.</summary>
    public static EquatableArray<BoundCheckpoint> Of(ModuleScope scope, Symbol model, NetStorage storage)
    {
        var family = CallableOf(scope, model);
        var found = new List<BoundCheckpoint>();
        foreach (var checkpoint in scope.UserSymbols.Concat(scope.LibrarySymbols).OfType<CheckpointSymbol>())
        {
            var target = scope.Find(checkpoint.Namespace, checkpoint.Declaration.Model.Text, checkpoint.IsLibrary);
            if (target is null || (target != model && target != family) || found.Any(other => other.Name == checkpoint.Name)) continue;
            if (new CheckpointBinder(scope, new DiagnosticBag(), checkpoint).Bind(model, storage) is { } bound) found.Add(bound);
            else if (!checkpoint.IsLibrary) found.Add(WithoutParts(checkpoint));
        }
        return found.OrderBy(checkpoint => checkpoint.Name, StringComparer.Ordinal).ToEquatableArray();
    }

    /// <summary>The same of a model with errors: names alone.</summary>
    public static EquatableArray<BoundCheckpoint> NamesOf(ModuleScope scope, Symbol model)
    {
        var family = model is ModelMemberSymbol member ? scope.FamilyOf(member) : null;
        return scope.UserSymbols.Concat(scope.LibrarySymbols).OfType<CheckpointSymbol>()
            .Where(checkpoint => scope.Find(checkpoint.Namespace, checkpoint.Declaration.Model.Text, checkpoint.IsLibrary) is { } target && (target == model || target == family))
            .Select(WithoutParts).GroupBy(checkpoint => checkpoint.Name).Select(group => group.First()).OrderBy(checkpoint => checkpoint.Name, StringComparer.Ordinal).ToEquatableArray();
    }

    private static BoundCheckpoint WithoutParts(CheckpointSymbol checkpoint) => new(checkpoint.Name, null, default, default);

    /// <summary>The weights and buffers that files have.</summary>
    private static IEnumerable<BoundStorage> Weights(NetStorage storage) => storage.Parameters.Concat(storage.Buffers);

    private static LayerInstance? InstanceOf(ModuleScope scope, Symbol model) => ModelBinder.InstanceOf(new BindingContext(scope, new DiagnosticBag(), training: false, symbolic: false), model);

    private static CallableSymbol? CallableOf(ModuleScope scope, Symbol model) => InstanceOf(scope, model)?.Symbol;

    private BoundCheckpoint? Bind(Symbol model, NetStorage storage)
    {
        var weights = Weights(storage).ToArray();
        var entries = new CheckpointEntries(SizesOf(model), _reports, symbol.Source, weights);
        foreach (var entry in Declaration.Entries)
        {
            if (entries.Add(entry)) _matched.Add(entry);
        }
        // A misspelt path is why a weight is missing.
        var isForOne = scope.Find(symbol.Namespace, Declaration.Model.Text, symbol.IsLibrary) == model;
        if (diagnostics.HasErrors || (isForOne && Declaration.Entries.Any(entry => !_matched.Contains(entry)))) return null;
        var missing = entries.MissingWeights();
        if (missing.Count > 0)
        {
            _reports.Add(DiagnosticTable.NameMissing, Declaration.Name.Span, $"add {missing[0]} = \"…\"", model.Name, $"'{missing[0]}'" + (missing.Count > 1 ? $" and {missing.Count - 1} more" : ""));
            return null;
        }
        if (entries.Finish() is not { } parts) return null;
        var prefix = Declaration.Lines.OfType<CheckpointPrefix>().LastOrDefault()?.Prefix.Value;
        return new BoundCheckpoint(symbol.Name, prefix, Declaration.Lines.OfType<CheckpointIgnored>().SelectMany(line => line.Names).Select(name => name.Value).ToEquatableArray(), parts);
    }

    // Numbers of rows are written with the config of the model.
    private Func<Expression, long?> SizesOf(Symbol model)
    {
        var frame = new Frame(symbol, null, default);
        foreach (var pair in InstanceOf(scope, model)?.Config ?? new Dictionary<string, Operand>()) frame.Config[pair.Key] = pair.Value;
        var body = new BodyBinder(new BindingContext(scope, diagnostics, training: false, symbolic: false), frame);
        return expression =>
        {
            if (body.EvaluateSize(expression) is not { } size) return null;
            if (size.TryGetConstant(out var number)) return number;
            _reports.Add(DiagnosticTable.CheckpointUnfit, expression.Span, null, $"{size} is no number that is known at build");
            return null;
        };
    }
}
