using System.Globalization;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>What may be written at a place: names in scope with their types, the words of the language where they can stand, members behind a dot.</summary>
internal static partial class Completion
{
    // The protocol's numbers for kinds of items.
    private const int KeywordItem = 14;

    private static readonly Dictionary<NameKind, int> Kinds = new()
    {
        [NameKind.Dim] = 21, [NameKind.Const] = 21, [NameKind.Fn] = 3, [NameKind.BuiltIn] = 3, [NameKind.Layer] = 7, [NameKind.Model] = 7, [NameKind.Train] = 7,
        [NameKind.Config] = 10, [NameKind.Input] = 6, [NameKind.Axis] = 20, [NameKind.Param] = 5, [NameKind.Buffer] = 5, [NameKind.Instance] = 5, [NameKind.Copies] = 5, [NameKind.Net] = 5,
    };

    private const int VariableItem = 6;

    // What is nearest comes first.
    private enum Rank { Local, User, Word, Library, BuiltIn }

    public static IReadOnlyList<CompletionItem> Of(Cursor cursor)
    {
        var names = cursor.Project.Compilation.Names;
        var place = CompletionPlace.Of(cursor.Source, cursor.Offset);
        var items = place.Expected switch
        {
            Expected.Nothing => [],
            Expected.Declaration => Words(KeywordPlace.Declaration),
            Expected.Member => Members(cursor, place, names),
            Expected.Optimizer => names.Optimizers.Select(name => Item(name, null, Rank.Local)),
            Expected.Precision => FloatFormat.All.Select(format => new CompletionItem(format.Name, KeywordItem, null, MarkupContent.Markdown(Sentence(format)), SortText(Rank.Local, format.Name))),
            Expected.Type => Words(KeywordPlace.ElementType, KeywordPlace.SettingType),
            Expected.FeedbackHead => Words(KeywordPlace.Feedback).Concat(Values(cursor, place, names)),
            Expected.Statement => StatementWords(place).Concat(Values(cursor, place, names)),
            _ => Words(KeywordPlace.Continuation, KeywordPlace.Operator, KeywordPlace.Value).Concat(Values(cursor, place, names)),
        };
        return items.GroupBy(item => item.Label).Select(same => same.First()).ToArray();
    }

    private static string Sentence(FloatFormat format) =>
        FormattableString.Invariant($"{format.MantissaBits} bits of mantissa, exponents from {format.LeastExponent} to {format.GreatestExponent}{(format.IsNarrow ? ": the loss is scaled" : "")}.");

    private static IEnumerable<CompletionItem> StatementWords(CompletionPlace place) =>
        place.Kind == "train" ? Words(KeywordPlace.Statement, KeywordPlace.Train) : Words(KeywordPlace.Statement, KeywordPlace.Body);

    private static IEnumerable<CompletionItem> Words(params KeywordPlace[] places) => KeywordTable.All.Where(keyword => places.Contains(keyword.Place))
        .Select(keyword => new CompletionItem(keyword.Word, KeywordItem, null, MarkupContent.Markdown(keyword.Sentence), SortText(Rank.Word, keyword.Word)));

    private static IEnumerable<CompletionItem> Values(Cursor cursor, CompletionPlace place, NameTable names)
    {
        var locals = Declaration(cursor, place, names) is { } declaration
            ? names.Inside(declaration).Where(name => name.Location!.Value.Span.Start < cursor.Offset && IsValue(name)).Select(name => Item(name, names.FactsOf(name), Rank.Local))
            : Guess(cursor, place);
        var visible = names.VisibleFrom(cursor.Source).ToArray();
        // What a member of a family gives by name; and only a member names trains.
        var given = visible.Where(name => name.Text == place.Family).SelectMany(names.ChoicesOf).Select(name => Item(name, null, Rank.Local));
        var isOfTrains = place is { Kind: "train", Family: not null };
        return locals.Concat(given).Concat(visible.Where(name => name.Kind is not (NameKind.Generate or NameKind.Pipeline or NameKind.Checkpoint) && (name.Kind != NameKind.Train || isOfTrains)).Select(name =>
            Item(name, names.FactsOf(name), name.Kind == NameKind.BuiltIn ? Rank.BuiltIn : name.IsLibrary ? Rank.Library : Rank.User)));
    }

    private static bool IsValue(DeclaredName name) => name.Kind is not (NameKind.Result or NameKind.Metric or NameKind.Copies or NameKind.Data);

    // The declaration of that name in this file; null where it can't be parsed just now.
    private static DeclaredName? Declaration(Cursor cursor, CompletionPlace place, NameTable names) =>
        place.Name is null ? null : names.DeclarationsIn(cursor.Source).Select(item => item.Name).LastOrDefault(name => name.Text == place.Name && name.Location!.Value.Span.Start < cursor.Offset);

    // From the text alone: names before '=', '<-' and ':'.
    private static IEnumerable<CompletionItem> Guess(Cursor cursor, CompletionPlace place) => place.Name is null ? [] : Bound().Matches(cursor.Source.Text[place.Start..cursor.Offset])
        .Select(match => match.Groups[1].Value).Where(word => KeywordTable.Find(word) is null)
        .Select(word => new CompletionItem(word, VariableItem, null, null, SortText(Rank.Local, word)));

    private static IEnumerable<CompletionItem> Members(Cursor cursor, CompletionPlace place, NameTable names)
    {
        if (Declaration(cursor, place, names) is not { } declaration) return [];
        var holder = names.Inside(declaration).FirstOrDefault(name => name.Text == place.Path[0] && IsValue(name));
        if (holder is null) return [];
        if (holder.Kind is not (NameKind.Net or NameKind.Instance))
        {
            return [new CompletionItem("T", KeywordItem, null, MarkupContent.Markdown("The last two axes changed."), "0"), new CompletionItem("shape", KeywordItem, null, MarkupContent.Markdown("The sizes of all axes."), "1")];
        }
        var members = names.MembersOf(holder).ToArray();
        foreach (var part in place.Path.Skip(1))
        {
            // Copies and their numbers are places in the same body.
            if (part == "*" || part.All(char.IsAsciiDigit) || members.Any(member => member.Text == part && member.Kind == NameKind.Copies)) continue;
            if (members.FirstOrDefault(member => member.Text == part && member.Kind == NameKind.Instance) is not { } next) return [];
            members = names.MembersOf(next).ToArray();
        }
        return members.Select(member => Item(member, names.FactsOf(member), Rank.Local));
    }

    private static CompletionItem Item(DeclaredName name, NameFacts? facts, Rank rank) => new(
        name.Text, Kinds.GetValueOrDefault(name.Kind, VariableItem), NameText.Of(name, facts),
        name.Doc is { Length: > 0 } doc ? MarkupContent.Markdown(doc) : null, SortText(rank, name.Text));

    private static string SortText(Rank rank, string text) => ((int)rank).ToString(CultureInfo.InvariantCulture) + text;

    [GeneratedRegex(@"\b([A-Za-z_][A-Za-z0-9_]*)\s*(=(?!=)|<-|:)", RegexOptions.CultureInvariant)]
    private static partial Regex Bound();
}
