using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Diagnostics;

/// <summary>
/// A comment that turns findings of one line off: <c>// fnn: ignore FNN6001</c> at the end of the line, or alone on a line above it. Several codes are
/// separated by commas; words behind the last are for readers.
/// </summary>
/// <param name="Location">The whole comment.</param>
/// <param name="Word">What the comment asks for: <c>ignore</c>, or a word so like it that it was meant.</param>
/// <param name="Line">The line it is about, from 0; null when no code follows it.</param>
/// <param name="IsMarked">Whether <c>fnn:</c> is there. Without it, it is one only by what it says: <c>// ignore FNN6001</c>.</param>
public sealed record IgnoreComment(Location Location, string Word, EquatableArray<IgnoredCode> Codes, int? Line, bool IsMarked)
{
    /// <summary>The one thing that such a comment can ask for.</summary>
    public const string Ignore = "ignore";

    private static readonly Regex Head = new(@"\G//[ \t]*(?:(?<mark>fnn:)[ \t]*(?<word>[A-Za-z]+)|(?<word>ignore)(?=[ \t]+FNN[0-9]))", RegexOptions.CultureInvariant);

    // The first word counts as a code, and so does what follows a comma or looks like one: everything else is a reason.
    private static readonly Regex First = new(@"\G[ \t]+(?<code>[A-Za-z0-9]+)", RegexOptions.CultureInvariant);
    private static readonly Regex Next = new(@"\G(?:[ \t]*,[ \t]*(?<code>[A-Za-z0-9]+)|[ \t]+(?<code>FNN[0-9]+))", RegexOptions.CultureInvariant);

    /// <summary>The comment that begins at a place and ends with its line, if it is one of these.</summary>
    public static IgnoreComment? Read(SourceText source, int start, int end, int? line)
    {
        var head = Head.Match(source.Text, start, end - start);
        if (!head.Success) return null;
        var word = head.Groups["word"].Value;
        if (word != Ignore && Spelling.Closest(word, [Ignore]) is null) return null;
        var codes = new List<IgnoredCode>();
        var place = head.Index + head.Length;
        for (var form = First; form.Match(source.Text, place, end - place) is { Success: true } match; form = Next)
        {
            var code = match.Groups["code"];
            codes.Add(new IgnoredCode(code.Value, new Location(source, new TextSpan(code.Index, code.Length))));
            place = match.Index + match.Length;
        }
        return new IgnoreComment(new Location(source, TextSpan.FromBounds(start, end)), word, codes.ToEquatableArray(), line, head.Groups["mark"].Success);
    }
}

/// <summary>A code as such a comment writes it.</summary>
public readonly record struct IgnoredCode(string Text, Location Location);
