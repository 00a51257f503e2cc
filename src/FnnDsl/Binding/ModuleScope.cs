using System.Collections.Concurrent;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A declaration's name: the namespace and the name in it.</summary>
public readonly record struct DeclarationName(string Namespace, string Name)
{
    /// <summary>Both, with a point between them: <c>Digits.FitSimpleNN</c>.</summary>
    public string FullName => Namespace.Length == 0 ? Name : Namespace + "." + Name;
}

/// <summary>
/// All declarations of a compilation by namespace and name, and the library's behind them. A user's declaration comes before the
/// library's of the same name, but never inside the library.
/// </summary>
public sealed class ModuleScope
{
    // A layer that is being checked may call itself.
    [ThreadStatic] private static HashSet<Symbol>? _open;

    private readonly Dictionary<DeclarationName, Symbol> _user;
    private readonly IReadOnlyDictionary<string, Symbol> _library;
    private readonly ConcurrentDictionary<Symbol, EquatableArray<Diagnostic>> _errorsAlone = new();
    private readonly ConcurrentDictionary<Symbol, ModelBinding> _models = new();

    internal ModuleScope(Dictionary<DeclarationName, Symbol> user, IReadOnlyDictionary<string, Symbol> library, IReadOnlyDictionary<DeclarationName, DimValue?> dims,
        EquatableArray<Diagnostic> diagnostics)
    {
        _user = user;
        _library = library;
        DimValues = dims;
        Diagnostics = diagnostics;
    }

    /// <summary>What is wrong with the table itself: duplicates, dims that have no value, names that hide the library's.</summary>
    public EquatableArray<Diagnostic> Diagnostics { get; }

    /// <summary>Where binding notes what names stand for; null in builds, which do not ask.</summary>
    internal BindingNotes? Notes { get; set; }

    /// <summary>The namespace of files that name none.</summary>
    internal string RootNamespace { get; init; } = "";

    /// <summary>Declarations of whose body or signature a part is missing after a syntax error: what follows from that is no news.</summary>
    internal HashSet<Symbol> Incomplete { get; } = [];

    /// <summary>Whether a declaration, or one that it reaches, is <see cref="Incomplete"/>.</summary>
    internal bool ReachesIncomplete(Symbol symbol) => Incomplete.Count > 0 && DeclarationClosure.Reach(this, symbol).Any(Incomplete.Contains);

    /// <summary>Names that a syntax error kept from being declared: to use them is no second mistake.</summary>
    internal HashSet<string> LostNames { get; } = new(StringComparer.Ordinal);

    /// <summary>Models and trainings whose C# class would clash with another type: an error has said so, and no class is made.</summary>
    internal HashSet<Symbol> Clashing { get; } = [];

    /// <summary>The user's models that become classes, in the order of their files: members of families, not families.</summary>
    public IEnumerable<DeclarationName> Models => _user
        .Where(pair => !Clashing.Contains(pair.Value) && pair.Value is ModelMemberSymbol or CallableSymbol { Kind: CallableKind.Model, IsFamily: false })
        .Select(pair => pair.Key);

    /// <summary>The user's trainings that can be run: members of families, not families.</summary>
    public IEnumerable<DeclarationName> Trains => _user
        .Where(pair => !Clashing.Contains(pair.Value) && (pair.Value is TrainMemberSymbol member ? FamilyOf(member) is not { } family || !Clashing.Contains(family) : pair.Value is TrainSymbol train && !IsFamily(train)))
        .Select(pair => pair.Key);

    /// <summary>The user's families of trainings.</summary>
    public IEnumerable<DeclarationName> TrainFamilies => _user.Where(pair => !Clashing.Contains(pair.Value) && pair.Value is TrainSymbol train && IsFamily(train)).Select(pair => pair.Key);

    /// <summary>The user's generates.</summary>
    public IEnumerable<DeclarationName> Generates => _user.Where(pair => pair.Value is GenerateSymbol && !Clashing.Contains(pair.Value)).Select(pair => pair.Key);

    /// <summary>The user's pipelines.</summary>
    public IEnumerable<DeclarationName> Pipelines => _user.Where(pair => pair.Value is PipelineSymbol && !Clashing.Contains(pair.Value)).Select(pair => pair.Key);

    /// <summary>The user's dims that have a value.</summary>
    public IEnumerable<BoundDim> Dims => _user.Values.OfType<DimSymbol>()
        .Where(dim => DimValues.TryGetValue(new(dim.Namespace, dim.Name), out var value) && value is not null)
        .Select(dim =>
        {
            var value = DimValues[new(dim.Namespace, dim.Name)]!.Value;
            return new BoundDim(dim.Namespace, dim.Name, value.Value, value.IsInteger, dim.Syntax.Doc);
        });

    internal IReadOnlyDictionary<DeclarationName, DimValue?> DimValues { get; }

    internal IEnumerable<Symbol> UserSymbols => _user.Values;

    internal IEnumerable<Symbol> LibrarySymbols => _library.Values;

    /// <summary>
    /// What a name means in a namespace: its own declarations, those of the namespaces around it, the library's. Inside the library
    /// only the library's.
    /// </summary>
    internal Symbol? Find(string fromNamespace, string name, bool insideLibrary)
    {
        if (!insideLibrary)
        {
            foreach (var space in Enclosing(fromNamespace))
            {
                if (_user.TryGetValue(new(space, name), out var found)) return found;
            }
        }
        return _library.TryGetValue(name, out var library) ? library : null;
    }

    /// <summary>What a member names as its family: where that is a member too, as in <c>model Llama = Llama(…)</c>, the library's is meant, for a member has no config to give.</summary>
    internal Symbol? FindFamily(string fromNamespace, string name) =>
        Find(fromNamespace, name, false) is MemberSymbol member ? Find("", name, true) ?? member : Find(fromNamespace, name, false);

    /// <summary>The family that a member names; null where it names none, which is reported with the member.</summary>
    internal Symbol? FamilyOf(MemberSymbol member) =>
        member.Declaration.Family is CallExpression { Callee: NameExpression name } ? FindFamily(member.Namespace, name.Name) : null;

    /// <summary>Whether a train leaves something open that its members choose: it has config, or a network whose model is a family.</summary>
    internal bool IsFamily(TrainSymbol train) => train.Declaration.Config is { Count: > 0 } || train.Declaration.Nets.Any(net => ChoiceOf(train, net) is not null);

    /// <summary>The family of models that members of a family of trains choose a network's model of; null for a network whose model is none.</summary>
    internal CallableSymbol? ChoiceOf(TrainSymbol train, NetSyntax net) => Find(train.Namespace, net.Model.Text, false) as CallableSymbol is { IsFamily: true } family ? family : null;

    /// <summary>The members of a family, in the order of their files.</summary>
    internal IEnumerable<MemberSymbol> MembersOf(Symbol family) => _user.Values.OfType<MemberSymbol>().Where(member => FamilyOf(member) == family);

    /// <summary>The members of a family of trains, or of models, by its name with or without its namespace; null where no family has it.</summary>
    public IReadOnlyList<DeclarationName>? FamilyMembers(string name, bool ofTrains)
    {
        var family = _user.FirstOrDefault(pair => (pair.Key.Name == name || pair.Key.FullName == name) && (ofTrains ? pair.Value is TrainSymbol train && IsFamily(train) : pair.Value is CallableSymbol { Kind: CallableKind.Model, IsFamily: true }));
        return family.Value is null ? null : MembersOf(family.Value).Select(member => new DeclarationName(member.Namespace, member.Name)).ToArray();
    }

    /// <summary>The models of a train's networks, by its name with or without its namespace.</summary>
    public IEnumerable<DeclarationName> NetsOf(string train) => Trains.Where(item => item.Name == train || item.FullName == train)
        .SelectMany(item => Binder.BindTrain(this, item.Namespace, item.Name).Signature?.Nets ?? default).Select(net => new DeclarationName(net.ModelNamespace, net.ModelName)).Distinct();

    internal Symbol? FindExactly(string ns, string name) => _user.TryGetValue(new(ns, name), out var found) ? found : null;

    /// <summary>The user's declaration that an origin names.</summary>
    internal Symbol? FindByFullName(string fullName)
    {
        var dot = fullName.LastIndexOf('.');
        return dot < 0 ? FindExactly("", fullName) : FindExactly(fullName.Substring(0, dot), fullName.Substring(dot + 1));
    }

    internal IEnumerable<string> NamesVisibleFrom(string fromNamespace, bool insideLibrary)
    {
        var spaces = Enclosing(fromNamespace).ToArray();
        var user = insideLibrary ? [] : _user.Keys.Where(key => spaces.Contains(key.Namespace)).Select(key => key.Name);
        return user.Concat(_library.Keys);
    }

    internal DimValue? ValueOf(DimSymbol dim) => DimValues.TryGetValue(new(dim.IsLibrary ? "" : dim.Namespace, dim.Name), out var value) ? value : null;

    /// <summary>The diagnostics that are not in or about what a syntax error has broken.</summary>
    internal EquatableArray<Diagnostic> WithoutFollowers(EquatableArray<Diagnostic> diagnostics)
    {
        if (Incomplete.Count == 0 && LostNames.Count == 0) return diagnostics;
        return diagnostics.Where(diagnostic =>
            !Incomplete.Any(symbol => Covers(symbol, diagnostic.Location) || diagnostic.Labels.Any(label => Covers(symbol, label.Location)))
            && !LostNames.Contains(diagnostic.Location.Source.GetText(diagnostic.Location.Span))).ToEquatableArray();

        static bool Covers(Symbol symbol, Location place) =>
            symbol.Source == place.Source && place.Span.Start >= symbol.Syntax.Span.Start && place.Span.Start <= symbol.Syntax.Span.End;
    }

    /// <summary>A model as it is bound by itself: once, however many trainings use it. What is noted for editors is noted each time.</summary>
    internal ModelBinding Bound(Symbol model)
    {
        if (Notes is null && _models.TryGetValue(model, out var known)) return known;
        var diagnostics = new DiagnosticBag();
        var (result, signature, storage) = new ModelBinder(this, diagnostics).Bind(model);
        return _models[model] = new ModelBinding(result, signature, storage, diagnostics.ToArray());
    }

    /// <summary>What is wrong with a layer, fn or family checked by itself, with symbolic axes and config; nothing while that is being found out.</summary>
    internal EquatableArray<Diagnostic> ErrorsAlone(Symbol symbol)
    {
        if (_errorsAlone.TryGetValue(symbol, out var known)) return known;
        var open = _open ??= [];
        if (!open.Add(symbol)) return default;
        var diagnostics = new DiagnosticBag();
        // What is symbolic here is not what the use at hand is about.
        var notes = Notes;
        Notes = null;
        if (symbol is TrainSymbol train) new TrainFamilyBinder(this, diagnostics, train).CheckAlone();
        else new ModelBinder(this, diagnostics).CheckAlone((CallableSymbol)symbol);
        Notes = notes;
        open.Remove(symbol);
        return _errorsAlone[symbol] = diagnostics.ToArray().Where(diagnostic => diagnostic.Severity == Severity.Error).ToEquatableArray();
    }

    private static IEnumerable<string> Enclosing(string space)
    {
        while (true)
        {
            yield return space;
            if (space.Length == 0) yield break;
            var dot = space.LastIndexOf('.');
            space = dot < 0 ? "" : space.Substring(0, dot);
        }
    }
}
