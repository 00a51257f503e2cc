using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

/// <summary>The names of a compilation by what declares them: declarations, what stands in each, and what the compiler knows by itself. Made as they are asked for.</summary>
internal sealed class Declarations(ModuleScope scope)
{
    private readonly Dictionary<(SourceText, int), DeclaredName> _symbols = [];
    private readonly Dictionary<(SourceText, int), LocalNames> _locals = [];
    private readonly Dictionary<string, DeclaredName> _builtIns = new(StringComparer.Ordinal);

    public ModuleScope Scope => scope;

    public DeclaredName Of(Symbol symbol)
    {
        var key = (symbol.Source, symbol.Syntax.Name.Span.Start);
        if (_symbols.TryGetValue(key, out var known)) return known;
        return _symbols[key] = new DeclaredName(KindOf(symbol), symbol.Name, symbol.Location, null, HeadOf(symbol), symbol.Syntax.Doc, symbol.IsLibrary);
    }

    /// <summary>The names inside a declaration.</summary>
    public LocalNames Inside(Symbol symbol)
    {
        var key = (symbol.Source, symbol.Syntax.Name.Span.Start);
        return _locals.TryGetValue(key, out var known) ? known : _locals[key] = LocalNames.Of(symbol, Of(symbol), this);
    }

    /// <summary>A fn that no text declares; null when there is none of that name.</summary>
    public DeclaredName? BuiltIn(string name)
    {
        if (_builtIns.TryGetValue(name, out var known)) return known;
        if (BuiltIns.TryFind(name) is { } row) return Add($"fn {name}({row.Parameters})", row.Documentation);
        if (OperatorTable.TryFind(name) is { } op) return Add($"fn {name}({string.Join(", ", new[] { "a", "b", "c" }.Take(op.Arity))})", op.Documentation);
        return null;

        DeclaredName Add(string signature, string? doc) => _builtIns[name] = Own(name, signature, doc);
    }

    public DeclaredName? Optimizer(string name) => OptimizerTable.FindOptimizer(name) is { } row ? Own("optimizer", row) : null;

    public DeclaredName? Schedule(string name) => OptimizerTable.FindSchedule(name) is { } row ? Own("schedule", row) : null;

    public DeclaredName? Initializer(string name) => Initializers.IsKnown(name) ? Own(name, Initializers.Signature(name), "First values of a param.") : null;

    /// <summary>What stands behind a tensor's dot.</summary>
    public static DeclaredName? MemberOfTensor(string name) => TensorMembers.TryGetValue(name, out var known) ? known : null;

    private static readonly Dictionary<string, DeclaredName> TensorMembers = new[]
    {
        Own("T", "x.T", "The last two axes changed."),
        Own("shape", "x.shape", "The sizes of all axes."),
        Own("residual", "rounds.residual", "How far each sample is from its fixed point, relative."),
        Own("converged", "rounds.converged", "Whether each sample reached its fixed point."),
    }.ToDictionary(name => name.Text, StringComparer.Ordinal);

    private static DeclaredName Own(string what, OptimizerTable.Row row) => Own(row.Name,
        $"{row.Name}({string.Join(", ", row.Settings.Select(setting => setting.Default is { } value ? $"{setting.Name}: {value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}" : setting.Name))})",
        what == "optimizer" ? "An optimizer, with its default settings." : "A schedule of a rate.");

    private static DeclaredName Own(string name, string signature, string? doc) => new(NameKind.BuiltIn, name, null, null, signature, doc, true);

    private static NameKind KindOf(Symbol symbol) => symbol switch
    {
        CallableSymbol { Kind: CallableKind.Fn } => NameKind.Fn,
        CallableSymbol { Kind: CallableKind.Layer } => NameKind.Layer,
        CallableSymbol or ModelMemberSymbol => NameKind.Model,
        TrainSymbol or TrainMemberSymbol => NameKind.Train,
        ConstSymbol => NameKind.Const,
        GenerateSymbol => NameKind.Generate,
        PipelineSymbol => NameKind.Pipeline,
        CheckpointSymbol => NameKind.Checkpoint,
        _ => NameKind.Dim,
    };

    // The text up to the body.
    private static string HeadOf(Symbol symbol)
    {
        if (symbol is DimSymbol) return "dim " + symbol.Source.GetText(symbol.Syntax.Span);
        if (symbol is MemberSymbol or ConstSymbol) return symbol.Source.GetText(symbol.Syntax.Span);
        var span = symbol.Syntax.Span;
        var end = symbol.Source.Text.IndexOf('{', span.Start, Math.Min(span.Length, symbol.Source.Text.Length - span.Start));
        return symbol.Source.Text.Substring(span.Start, (end < 0 ? span.End : end) - span.Start).TrimEnd();
    }
}
