using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>What the compiler says about a project's files as they are.</summary>
internal sealed record Compilation(EquatableArray<Diagnostic> Diagnostics, NameTable Names);

/// <summary>The <c>.fnn</c> files that are compiled together. Files are parsed when they change, and compiled when somebody asks.</summary>
internal sealed class Project
{
    private readonly SortedDictionary<string, FileSyntax> _files = new(FileAddress.Comparer);
    private readonly FnnInspector _inspector = new();
    private Compilation? _compilation;

    /// <summary>Whether what has been published of it is no longer right.</summary>
    public bool IsDirty { get; set; }

    public IEnumerable<FileSyntax> Files => _files.Values;

    public Compilation Compilation => _compilation ??= Compile(_inspector, _files.Values);

    public FileSyntax? Find(string path) => _files.GetValueOrDefault(path);

    public void Set(string path, string text)
    {
        if (_files.TryGetValue(path, out var known) && known.Source.Text == text) return;
        _files[path] = FnnParser.Parse(new SourceText(path, text));
        Invalidate();
    }

    public void Remove(string path)
    {
        if (_files.Remove(path)) Invalidate();
    }

    /// <summary>What the compiler would say if files had other texts.</summary>
    public Compilation With(IReadOnlyDictionary<SourceText, string> texts) => Compile(new FnnInspector(), _files.Values
        .Select(file => texts.TryGetValue(file.Source, out var text) ? FnnParser.Parse(new SourceText(file.Source.Path, text)) : file));

    private void Invalidate()
    {
        _compilation = null;
        IsDirty = true;
    }

    private static Compilation Compile(FnnInspector inspector, IEnumerable<FileSyntax> files)
    {
        var (diagnostics, names) = inspector.Inspect(files.ToArray(), FnnFiles.RootNamespace);
        return new Compilation(diagnostics, names);
    }
}
