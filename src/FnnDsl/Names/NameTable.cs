using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

/// <summary>
/// What the names of a compilation mean, for editors: which name stands where, where it was bound, what it is. A file's names are looked up when they are first asked for, as most
/// edits ask for nothing but diagnostics. It is not safe for several threads at once.
/// </summary>
public sealed class NameTable
{
    private readonly ModuleScope _scope;
    private readonly IReadOnlyList<FileSyntax> _files;
    private readonly IReadOnlyList<BindingNotes> _notes;
    private readonly Declarations _declarations;
    private readonly Dictionary<SourceText, IReadOnlyList<Occurrence>> _occurrences = [];

    internal NameTable(ModuleScope scope, IReadOnlyList<FileSyntax> files, IReadOnlyList<BindingNotes> notes)
    {
        (_scope, _files, _notes) = (scope, files, notes);
        _declarations = new Declarations(scope);
    }

    /// <summary>What binding noted, with the file and offset of each name.</summary>
    internal IEnumerable<(SourceText Source, int Start, Operand Operand)> Notes
    {
        get
        {
            var symbols = _scope.UserSymbols.Concat(_scope.LibrarySymbols).ToDictionary(symbol => (symbol.IsLibrary, symbol.FullName));
            return _notes.SelectMany(notes => notes.All).GroupBy(note => (note.IsLibrary, note.Declaration, note.Start)).Select(same => same.First())
                .Select(note => (symbols[(note.IsLibrary, note.Declaration)].Source, symbols[(note.IsLibrary, note.Declaration)].Syntax.Span.Start + note.Start, note.Operand));
        }
    }

    /// <summary>The library's files, which nobody edits.</summary>
    public static IEnumerable<SourceText> LibrarySources => Library.Files.Select(file => file.Source);

    /// <summary>All names of a file, by place.</summary>
    public IReadOnlyList<Occurrence> In(SourceText source)
    {
        if (_occurrences.TryGetValue(source, out var known)) return known;
        var found = new List<Occurrence>();
        foreach (var symbol in SymbolsIn(source))
        {
            try
            {
                NameResolver.Run(_declarations, symbol, found);
            }
            catch (InsufficientExecutionStackException)
            {
                // Nested so deep that binding has refused it too.
            }
        }
        return _occurrences[source] = found.OrderBy(occurrence => occurrence.Place.Span.Start).ThenByDescending(occurrence => occurrence.IsBinding).ToArray();
    }

    /// <summary>The name at an offset, or the one that ends there; null where there is none.</summary>
    public Occurrence? At(SourceText source, int offset)
    {
        var all = In(source);
        return all.FirstOrDefault(one => one.Place.Span.Start <= offset && offset < one.Place.Span.End) ?? all.FirstOrDefault(one => one.Place.Span.End == offset);
    }

    /// <summary>Every place where a name of the user's files stands.</summary>
    public IEnumerable<Occurrence> Of(DeclaredName name) => _files.SelectMany(file => In(file.Source)).Where(one => ReferenceEquals(one.Name, name));

    /// <summary>What binding knows of a name where it stands; null where nothing was understood.</summary>
    public NameFacts? FactsOf(Occurrence occurrence) =>
        FactsAt(occurrence.Place) ?? (occurrence.Definition is { } definition ? FactsAt(definition) : null) ?? (occurrence.Name.Location is { } first ? FactsAt(first) : null);

    /// <summary>What binding knows of a name where it was first bound.</summary>
    public NameFacts? FactsOf(DeclaredName name) => name.Location is { } first ? FactsAt(first) : null;

    private NameFacts? FactsAt(Location place)
    {
        var symbol = SymbolsIn(place.Source).FirstOrDefault(symbol => symbol.Syntax.Span.Start <= place.Span.Start && place.Span.End <= symbol.Syntax.Span.End);
        return symbol is null ? null : _notes.Select(notes => notes.At(symbol, place.Span.Start)).FirstOrDefault(operand => operand is not null) is { } known ? NameFacts.Of(known) : null;
    }

    /// <summary>Whether a declaration is compiled as it stands; a layer, fn or family is bound for each use, and what is known of its names is that of the first.</summary>
    public bool IsBoundOnce(DeclaredName declaration) => declaration.Kind is NameKind.Dim or NameKind.Const
        || (declaration.Kind is NameKind.Model or NameKind.Train && _scope.UserSymbols.FirstOrDefault(symbol => symbol.Location == declaration.Location) switch
        {
            CallableSymbol model => !model.IsFamily,
            TrainSymbol train => !_scope.IsFamily(train),
            _ => true,
        });

    // ---- For completion and outlines ------------------------------------------------------------------------------

    /// <summary>The declarations of a file, in order, with the place of the whole of each.</summary>
    public IEnumerable<(DeclaredName Name, TextSpan Span)> DeclarationsIn(SourceText source) =>
        SymbolsIn(source).Select(symbol => (_declarations.Of(symbol), symbol.Syntax.Span)).OrderBy(item => item.Span.Start);

    /// <summary>The names inside a declaration.</summary>
    public IEnumerable<DeclaredName> Inside(DeclaredName declaration) =>
        SymbolAt(declaration) is { } symbol ? _declarations.Inside(symbol).All : [];

    /// <summary>Declarations that are seen from a file, the library's and the compiler's own behind the user's.</summary>
    public IEnumerable<DeclaredName> VisibleFrom(SourceText source)
    {
        var space = _files.FirstOrDefault(file => file.Source == source) is { } file ? file.Namespace ?? _scope.RootNamespace : "";
        return _scope.NamesVisibleFrom(space, false).Distinct()
            .Select(name => _scope.Find(space, name, false)).OfType<Symbol>().Select(_declarations.Of)
            .Concat(BuiltIns.Names.Concat(Operators.OperatorTable.All.Select(row => row.Name)).Select(_declarations.BuiltIn).OfType<DeclaredName>());
    }

    /// <summary>The weights and layers of what an instance or a network is one of: what may stand behind its dot.</summary>
    public IEnumerable<DeclaredName> MembersOf(DeclaredName instance)
    {
        if (instance.Owner is not { } owner || SymbolAt(owner) is not { } symbol) return [];
        var layer = _declarations.Inside(symbol).LayerOf(instance.Text) switch
        {
            ModelMemberSymbol member => _scope.FamilyOf(member),
            var other => other,
        };
        return layer is null ? [] : _declarations.Inside(layer).All.Where(name => name.Kind is NameKind.Instance or NameKind.Param or NameKind.Buffer or NameKind.Copies);
    }

    /// <summary>What members of a family give by name: its config, and the networks that they choose.</summary>
    public IEnumerable<DeclaredName> ChoicesOf(DeclaredName family) => SymbolAt(family) switch
    {
        CallableSymbol { IsFamily: true } model => _declarations.Inside(model).All.Where(name => name.Kind == NameKind.Config),
        TrainSymbol train => TrainInstance.OpenNames(_scope, train).Select(name => _declarations.Inside(train).Find(name)).OfType<DeclaredName>(),
        _ => [],
    };

    /// <summary>What stands behind <c>with</c>, and the schedules of their rates.</summary>
    public IEnumerable<DeclaredName> Optimizers => OptimizerTable.Optimizers.Select(row => _declarations.Optimizer(row.Name)!)
        .Concat(OptimizerTable.Schedules.Select(row => _declarations.Schedule(row.Name)!));

    private IEnumerable<Symbol> SymbolsIn(SourceText source) => _scope.UserSymbols.Concat(_scope.LibrarySymbols).Where(symbol => symbol.Source == source);

    private Symbol? SymbolAt(DeclaredName declaration) =>
        _scope.UserSymbols.Concat(_scope.LibrarySymbols).FirstOrDefault(symbol => symbol.Location == declaration.Location);
}
