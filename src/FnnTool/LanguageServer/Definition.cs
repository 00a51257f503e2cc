using FeedbackNN.Dsl.Names;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>Where the name at a place was bound: a declaration, a parameter, the last binding before, in another file or the library.</summary>
internal static class Definition
{
    public static LspLocation? Of(Cursor cursor, Workspace workspace)
    {
        if (cursor.Project.Compilation.Names.At(cursor.Source, cursor.Offset) is not { } occurrence) return null;
        var place = occurrence.IsBinding ? occurrence.Name.Location : occurrence.Definition;
        return place is { } location && workspace.AddressOf(location.Source) is { } address ? new LspLocation(address, Range.Of(location.Source, location.Span)) : null;
    }
}
