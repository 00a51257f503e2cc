using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>What kind of thing may stand at a place of a text that is just being typed.</summary>
internal enum Expected
{
    Nothing,
    Declaration,
    Statement,
    FeedbackHead,
    Member,
    Optimizer,
    Precision,
    Type,
    Value,
}

/// <summary>
/// Where in the language a cursor stands, read from the text before it: while somebody types, the tree has a hole right there.
/// </summary>
/// <param name="Kind">The word of the declaration around it: <c>layer</c>; null outside of all.</param>
/// <param name="Name">That declaration's name.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="Path">Before a dot, the names that lead to it: <c>net</c>, <c>blocks</c>.</param>
internal sealed partial record CompletionPlace(Expected Expected, string? Kind, string? Name, int Start, IReadOnlyList<string> Path)
{
    /// <summary>In a member of a family, what is written of the family's name by here; null anywhere else.</summary>
    public string? Family { get; private init; }

    public static CompletionPlace Of(SourceText source, int offset)
    {
        var before = source.Text[..offset];
        var line = before[(before.LastIndexOf('\n') + 1)..];
        var comment = line.IndexOf("//", StringComparison.Ordinal);
        var declaration = DeclarationHead().Matches(before).LastOrDefault();
        if (declaration is not null && HasEnded(before.AsSpan(declaration.Index))) declaration = null;
        var place = new CompletionPlace(Expected.Value, declaration?.Groups["kind"].Value, declaration?.Groups["name"].Value, declaration?.Index ?? offset, [])
        {
            Family = declaration is not null && MemberOf().Match(before[declaration.Index..]) is { Success: true } family ? family.Groups["family"].Value : null,
        };
        if (comment >= 0 || IsInString(line)) return place with { Expected = Expected.Nothing };
        if (MemberPath().Match(line) is { Success: true } member) return place with { Expected = Expected.Member, Path = member.Groups["path"].Value.Split('.') };
        if (NewName().IsMatch(line)) return place with { Expected = Expected.Nothing };
        if (BehindWith().IsMatch(line)) return place with { Expected = Expected.Optimizer };
        if (place.Kind == "train" && BehindPrecision().IsMatch(line)) return place with { Expected = Expected.Precision };
        if (FeedbackHead().IsMatch(line)) return place with { Expected = Expected.FeedbackHead };
        if (declaration is null) return place with { Expected = LineStart().IsMatch(line) ? Expected.Declaration : Expected.Nothing };
        var isInBody = before.AsSpan(declaration.Index).Contains('{');
        if (TypePlace().IsMatch(line) && (!isInBody || StorageOrState().IsMatch(line))) return place with { Expected = Expected.Type };
        return place with { Expected = isInBody && StatementStart().IsMatch(line) ? Expected.Statement : Expected.Value };
    }

    // As many braces closed as opened, and at least one.
    private static bool HasEnded(ReadOnlySpan<char> text)
    {
        var (depth, opened) = (0, false);
        for (var k = 0; k < text.Length; k++)
        {
            if (text[k] == '/' && k + 1 < text.Length && text[k + 1] == '/')
            {
                var end = text[k..].IndexOf('\n');
                if (end < 0) return false;
                k += end;
            }
            else if (text[k] == '{') (depth, opened) = (depth + 1, true);
            else if (text[k] == '}') depth--;
        }
        return opened && depth <= 0;
    }

    private static bool IsInString(string line) => line.Count(c => c == '"') % 2 == 1;

    [GeneratedRegex(@"^[ \t]*(?<kind>fn|layer|model|train|generate|pipeline)[ \t]+(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex DeclarationHead();

    [GeneratedRegex(@"^\s*(model|train)\s+[A-Za-z0-9_]+\s*=\s*(?<family>[A-Za-z0-9_]*)", RegexOptions.CultureInvariant)]
    private static partial Regex MemberOf();

    [GeneratedRegex(@"(?<path>[A-Za-z_][A-Za-z0-9_]*(\.([A-Za-z0-9_]+|\*))*)\.[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex MemberPath();

    // A name that is only being made up: nothing can be suggested.
    [GeneratedRegex(@"^\s*(namespace|dim|const|fn|layer|model|train|param|buffer|metric|emit)\s+[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex NewName();

    [GeneratedRegex(@"\bwith\s+[A-Za-z0-9_]*$|\blr:\s*[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex BehindWith();

    [GeneratedRegex(@"(^|[;{])\s*precision\s+[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex BehindPrecision();

    [GeneratedRegex(@"\bfeedback\s*\(.*\)\s*([A-Za-z0-9_,: ]*\s)?[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex FeedbackHead();

    [GeneratedRegex(@"^\s*[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex LineStart();

    [GeneratedRegex(@"(^|[;{])\s*[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex StatementStart();

    [GeneratedRegex(@"(:|->)\s*[A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex TypePlace();

    [GeneratedRegex(@"^\s*(param|buffer)\b|\bfeedback\s*\(", RegexOptions.CultureInvariant)]
    private static partial Regex StorageOrState();
}
