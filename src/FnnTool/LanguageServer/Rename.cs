using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>Why a name stays as it is, in words for the user.</summary>
internal sealed class RenameRefusedException(string message) : Exception(message);

/// <summary>Gives a name another text at all its places in all files of its project, or says why not.</summary>
internal static class Rename
{
    // Names with a meaning of their own where values stand.
    private static readonly string[] ValueWords = ["true", "false", "inf", "pi", "training"];

    /// <summary>The place of the name that would be renamed.</summary>
    public static Range Prepare(Cursor cursor) => Range.Of(cursor.Source, Find(cursor).Place.Span);

    public static WorkspaceEdit Of(Cursor cursor, string newName, Workspace workspace)
    {
        var names = cursor.Project.Compilation.Names;
        var name = Find(cursor).Name;
        if (newName == name.Text) return new WorkspaceEdit(new Dictionary<string, IReadOnlyList<LspTextEdit>>());
        CheckNewName(name, newName);
        var places = names.Of(name).Select(occurrence => occurrence.Place).Distinct().ToArray();
        CheckCollisions(name, newName, places, names);
        CheckMeaning(cursor.Project, name, newName, places);
        return new WorkspaceEdit(places.GroupBy(place => place.Source).ToDictionary(
            file => workspace.AddressOf(file.Key)!,
            IReadOnlyList<LspTextEdit> (file) => file.Select(place => new LspTextEdit(Range.Of(place.Source, place.Span), newName)).ToArray()));
    }

    private static Occurrence Find(Cursor cursor)
    {
        if (cursor.Project.Compilation.Names.At(cursor.Source, cursor.Offset) is not { } occurrence)
        {
            var word = cursor.Source.GetText(Hover.WordAt(cursor.Source, cursor.Offset));
            throw new RenameRefusedException(KeywordTable.Find(word) is null ? "There is no name here that could be renamed." : $"'{word}' is a word of the language.");
        }
        if (occurrence.Name.IsLibrary) throw new RenameRefusedException($"'{occurrence.Name.Text}' is the library's; only your own names can be renamed.");
        return occurrence;
    }

    private static void CheckNewName(DeclaredName name, string newName)
    {
        if (KeywordTable.IsReserved(newName)) throw new RenameRefusedException($"'{newName}' is a word of the language.");
        if (!KeywordTable.IsName(newName)) throw new RenameRefusedException($"'{newName}' is no name: a name has the letters a-z and A-Z, digits and _, and does not begin with a digit.");
        if (ValueWords.Contains(newName)) throw new RenameRefusedException($"'{newName}' is a value of the language.");
    }

    private static void CheckCollisions(DeclaredName name, string newName, IReadOnlyList<Location> places, NameTable names)
    {
        var source = name.Location!.Value.Source;
        var declared = names.VisibleFrom(source).FirstOrDefault(other => other.Text == newName);
        if (name.Owner is { } owner)
        {
            if (names.Inside(owner).FirstOrDefault(other => other.Text == newName) is { } local) throw Taken(local);
            // Indices of one statement are not among the names of the whole.
            if (names.In(source).FirstOrDefault(one => one.Name.Text == newName && one.Name.Owner == owner) is { } index) throw Taken(index.Name);
            // A declaration of that name that is used beside it would be hidden.
            var span = names.DeclarationsIn(source).First(item => item.Name == owner).Span;
            if (declared is not null && (declared.Kind == NameKind.Dim || names.In(source).Any(one => one.Name == declared && one.Place.Span.Start >= span.Start && one.Place.Span.End <= span.End)))
            {
                throw Taken(declared);
            }
            return;
        }
        if (declared is not null) throw Taken(declared);
        // Where it is used, something inside could have the name.
        foreach (var place in places)
        {
            var around = names.DeclarationsIn(place.Source).Where(item => item.Span.Start <= place.Span.Start && place.Span.End <= item.Span.End).Select(item => item.Name);
            if (around.SelectMany(names.Inside).FirstOrDefault(other => other.Text == newName) is { } hidden) throw Taken(hidden);
        }

        static RenameRefusedException Taken(DeclaredName other)
        {
            var what = other.Kind == NameKind.BuiltIn ? "a fn of the language" : $"{Article(other.Kind)} {other.Kind.ToString().ToLowerInvariant()}{(other.IsLibrary ? " of the library" : "")}";
            var where = other.Location is { } place && !other.IsLibrary ? $", in line {place.Source.GetPosition(place.Span.Start).Line + 1} of {Path.GetFileName(place.Source.Path)}" : "";
            return new RenameRefusedException($"There is {what} '{other.Text}' already{where}.");
        }
    }

    private static string Article(NameKind kind) => kind is NameKind.Axis or NameKind.Index or NameKind.Instance or NameKind.Input or NameKind.Fn ? "an" : "a";

    // The last word is the compiler's: a text that has errors it had not before is not what the user wants.
    private static void CheckMeaning(Project project, DeclaredName name, string newName, IReadOnlyList<Location> places)
    {
        var texts = places.GroupBy(place => place.Source).ToDictionary(file => file.Key, file => Replace(file.Key.Text, file.Select(place => place.Span), newName));
        var before = project.Compilation.Diagnostics.Where(IsError).ToArray();
        var after = project.With(texts).Diagnostics.Where(IsError).ToArray();
        if (after.Length <= before.Length) return;
        var known = before.Select(error => error.Code).ToList();
        var first = after.First(error => !known.Remove(error.Code));
        throw new RenameRefusedException($"With '{newName}' for '{name.Text}' there would be an error: {first.Message}.");
    }

    private static bool IsError(Diagnostic diagnostic) => diagnostic.Severity == Severity.Error;

    private static string Replace(string text, IEnumerable<TextSpan> spans, string newName) =>
        spans.OrderByDescending(span => span.Start).Aggregate(text, (current, span) => string.Concat(current.AsSpan(0, span.Start), newName, current.AsSpan(span.End)));
}
