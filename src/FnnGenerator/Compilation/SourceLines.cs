using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Printing;

namespace FeedbackNN.Generator.Compilation;

/// <summary>Finds the line of an origin: the file of its declaration, and there the line of its token.</summary>
internal sealed class SourceLines
{
    private readonly Dictionary<string, (SourceText Source, Declaration Declaration)> _declarations = new(StringComparer.Ordinal);

    public SourceLines(IEnumerable<FileSyntax> files)
    {
        foreach (var file in files)
        {
            foreach (var declaration in file.Declarations)
            {
                var name = new DeclarationName(file.Namespace ?? "", declaration.Name.Text).FullName;
                // Of two with one name the first counts, as in the binder, which reports the second.
                if (!_declarations.ContainsKey(name)) _declarations.Add(name, (file.Source, declaration));
            }
        }
    }

    public string? DocOf(DeclarationName name) => Find(name)?.Declaration.Doc;

    /// <summary>Where a declaration's name stands.</summary>
    public Dsl.Diagnostics.Location? LocationOf(DeclarationName name) =>
        Find(name) is var (source, declaration) ? new Dsl.Diagnostics.Location(source, declaration.Name.Span) : null;

    /// <summary>The lines of these origins. Origins in the library have none.</summary>
    public LineTable Select(IEnumerable<Origin> origins) => new(
        origins.Distinct()
            .Select(origin => (Origin: origin, Line: LineOf(origin)))
            .Where(pair => pair.Line is not null)
            .Select(pair => new OriginLine(pair.Origin, pair.Line!))
            .ToEquatableArray());

    private SourceLine? LineOf(Origin origin)
    {
        if (!_declarations.TryGetValue(origin.Declaration ?? "", out var found)) return null;
        var tokens = found.Declaration.Tokens;
        if (tokens.Count == 0) return null;
        var offset = tokens[Math.Max(0, Math.Min(origin.Token, tokens.Count - 1))];
        var line = found.Source.GetPosition(offset).Line;
        return new SourceLine(found.Source.Path, line + 1, LineTable.CodeOf(found.Source.GetLine(line)));
    }

    private (SourceText Source, Declaration Declaration)? Find(DeclarationName name) =>
        _declarations.TryGetValue(name.FullName, out var found) ? found : null;
}
