using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Compilation;

/// <summary>
/// All <c>.fnn</c> files of a project as one compilation. Work is done when it is first asked for, and once: by whoever comes first, the
/// generator or the analyzer. Safe to use from several threads.
/// </summary>
internal sealed class FnnModule
{
    private static readonly RecentResults<FileSet, FnnModule> Modules = new(capacity: 16);

    /// <summary>
    /// Results without diagnostics, which hold no places in the source, so that they are good for any module with an equal declaration: after an
    /// edit in one declaration neither the analyzer nor the generator compiles the others again.
    /// </summary>
    private static readonly RecentResults<DeclarationKey, CleanResult> CleanResults = new(capacity: 512);

    private readonly ImmutableArray<FileSyntax> _files;
    private readonly ConcurrentDictionary<DeclarationKey, Lazy<DeclarationResult>> _results = new();
    private readonly Lazy<ModuleScope> _scope;
    private readonly Lazy<ImmutableArray<DeclarationInput>> _declarations;
    private readonly Lazy<EquatableArray<Diagnostic>> _uninstantiated;
    private readonly Lazy<SourceLines> _lines;

    private FnnModule(ImmutableArray<FileSyntax> files)
    {
        _files = files;
        _scope = new(() => Binder.Collect(files));
        _declarations = new(FindDeclarations);
        _uninstantiated = new(() => Binder.CheckUninstantiated(_scope.Value));
        _lines = new(() => new SourceLines(files));
    }

    /// <summary>The module of these files. Their order in the project doesn't matter.</summary>
    public static FnnModule Of(ImmutableArray<FileSyntax> files)
    {
        var ordered = files.Sort((left, right) => string.CompareOrdinal(left.Source.Path, right.Source.Path));
        return Modules.GetOrAdd(new FileSet(ordered), set => new FnnModule(set.Files));
    }

    /// <summary>The constants of the project.</summary>
    public IEnumerable<BoundDim> Dims => _files.IsEmpty ? [] : _scope.Value.Dims;

    /// <summary>The models, trainings and pipelines of the project.</summary>
    public ImmutableArray<DeclarationInput> GetDeclarations() => _declarations.Value;

    public DeclarationResult Compile(DeclarationKey declaration) =>
        _results.GetOrAdd(declaration, key => new Lazy<DeclarationResult>(() => CompileOnce(key))).Value;

    /// <summary>The lines that a compiled declaration refers to, as they are in these files.</summary>
    public LineTable LinesOf(CompiledDeclaration declaration) => _lines.Value.Select(declaration.Origins);

    /// <summary>Everything that is wrong in these files, but what comments turn off.</summary>
    public IEnumerable<Diagnostic> GetDiagnostics(CancellationToken cancellation)
    {
        var bag = new DiagnosticBag();
        foreach (var file in _files) bag.AddRange(file.Diagnostics);
        bag.AddRange(_scope.Value.Diagnostics);
        foreach (var declaration in GetDeclarations())
        {
            cancellation.ThrowIfCancellationRequested();
            bag.AddRange(Compile(declaration.Key).Diagnostics);
        }
        bag.AddRange(_uninstantiated.Value);
        return IgnoreComments.Apply(_files.SelectMany(file => file.IgnoreComments), bag.ToArray());
    }

    private DeclarationResult CompileOnce(DeclarationKey key)
    {
        var shared = CleanResults.GetOrAdd(key, _ => new CleanResult());
        if (shared.Result is { } known) return known;
        var result = DeclarationCompiler.Compile(_scope.Value, key, _lines.Value);
        if (result.Diagnostics.Count == 0) shared.Result = result;
        return result;
    }

    private ImmutableArray<DeclarationInput> FindDeclarations()
    {
        // A project without .fnn files, which gets the generator from a package of its own packages, pays nothing.
        if (_files.IsEmpty) return [];
        var scope = _scope.Value;
        var found = scope.Models.Select(name => (Kind: DeclarationKind.Model, name))
            .Concat(scope.Trains.Select(name => (Kind: DeclarationKind.Train, name)))
            .Concat(scope.TrainFamilies.Select(name => (Kind: DeclarationKind.TrainFamily, name)))
            .Concat(scope.Generates.Select(name => (Kind: DeclarationKind.Generate, name)))
            .Concat(scope.Pipelines.Select(name => (Kind: DeclarationKind.Pipeline, name)))
            .OrderBy(item => item.name.Namespace, StringComparer.Ordinal)
            .ThenBy(item => item.name.Name, StringComparer.Ordinal)
            .ToList();
        var stems = FileStems.Of(found.Select(item => item.name.Namespace + "." + item.name.Name));
        return found.Select((item, i) => new DeclarationInput(
            new DeclarationKey(
                item.Kind, item.name.Namespace, item.name.Name, _lines.Value.DocOf(item.name), stems[i],
                Binder.Closure(scope, item.name.Namespace, item.name.Name)),
            this)).ToImmutableArray();
    }

    /// <summary>A place for a result that several modules can use.</summary>
    private sealed class CleanResult
    {
        public volatile DeclarationResult? Result;
    }

    /// <summary>Files, equal to others by being the same trees.</summary>
    private readonly struct FileSet(ImmutableArray<FileSyntax> files) : IEquatable<FileSet>
    {
        public ImmutableArray<FileSyntax> Files => files;

        public bool Equals(FileSet other) => files.AsSpan().Length == other.Files.Length && files.Zip(other.Files, ReferenceEquals).All(same => same);

        public override bool Equals(object? obj) => obj is FileSet other && Equals(other);

        public override int GetHashCode() => files.Aggregate(17, (hash, file) => unchecked(hash * 31 + System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(file)));
    }
}
