using FeedbackNN.Dsl.Names;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>The declarations of a file, and in each what it takes and owns.</summary>
internal static class Outline
{
    // The protocol's numbers for kinds of symbols.
    private static readonly Dictionary<NameKind, int> Kinds = new()
    {
        [NameKind.Dim] = 14, [NameKind.Const] = 14, [NameKind.Fn] = 12, [NameKind.Layer] = 23, [NameKind.Model] = 5, [NameKind.Train] = 24, [NameKind.Generate] = 12, [NameKind.Pipeline] = 24, [NameKind.Checkpoint] = 20,
        [NameKind.Config] = 7, [NameKind.Input] = 13, [NameKind.Param] = 8, [NameKind.Buffer] = 8, [NameKind.Instance] = 8,
        [NameKind.State] = 13, [NameKind.Net] = 8, [NameKind.Metric] = 16, [NameKind.Stage] = 8,
    };

    public static IReadOnlyList<DocumentSymbol> Of(Cursor cursor)
    {
        var names = cursor.Project.Compilation.Names;
        return names.DeclarationsIn(cursor.Source).Select(declaration => new DocumentSymbol(
            declaration.Name.Text, declaration.Name.Kind.ToString().ToLowerInvariant(), Kinds[declaration.Name.Kind],
            Range.Of(cursor.Source, declaration.Span), Range.Of(cursor.Source, declaration.Name.Location!.Value.Span),
            names.Inside(declaration.Name).Where(name => Kinds.ContainsKey(name.Kind)).OrderBy(name => name.Location!.Value.Span.Start).Select(name => Inner(name, names)).ToArray())).ToArray();

        DocumentSymbol Inner(DeclaredName name, NameTable table)
        {
            var place = Range.Of(cursor.Source, name.Location!.Value.Span);
            return new DocumentSymbol(name.Text, table.FactsOf(name)?.Type ?? name.Signature, Kinds[name.Kind], place, place, null);
        }
    }
}
