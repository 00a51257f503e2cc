using System.Globalization;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests;

/// <summary>
/// A diagnostic announced by a comment under its line, as <c>tests/corpus/README.md</c> describes: <c>//   ^^^^ FNN1010 part of the message</c>.
/// </summary>
/// <param name="Line">The line it is about, from 0, in the file with its comments.</param>
public sealed partial record ExpectedDiagnostic(int Line, int Column, int Length, string Code, string Message)
{
    [GeneratedRegex(@"^\s*//\s*(?:(?<carets>\^+)|@(?<column>\d+)\+(?<length>\d+))\s+(?<code>FNN\d{4})\s*(?<message>.*)$")]
    private static partial Regex Comment();

    public static bool IsComment(string line) => Comment().IsMatch(line);

    public static IReadOnlyList<ExpectedDiagnostic> ReadAll(SourceText source)
    {
        var result = new List<ExpectedDiagnostic>();
        var about = 0;
        for (var line = 0; line < source.LineCount; line++)
        {
            var match = Comment().Match(source.GetLine(line));
            if (!match.Success)
            {
                about = line;
                continue;
            }
            var carets = match.Groups["carets"];
            var column = carets.Success ? carets.Index : Number(match, "column");
            var length = carets.Success ? carets.Length : Number(match, "length");
            result.Add(new ExpectedDiagnostic(about, column, length, match.Groups["code"].Value, match.Groups["message"].Value.TrimEnd()));
        }
        return result;
    }

    /// <summary>A diagnostic in the form of an announcement, with its whole message.</summary>
    public static ExpectedDiagnostic Of(Diagnostic diagnostic)
    {
        var (source, span) = diagnostic.Location;
        var position = source.GetPosition(span.Start);
        var lineEnd = source.GetLine(position.Line).Length;
        var length = Math.Max(1, Math.Min(position.Column + span.Length, lineEnd) - position.Column);
        return new ExpectedDiagnostic(position.Line, position.Column, length, diagnostic.Code, WholeText(diagnostic));
    }

    /// <summary>All that is said: the message, what other places have to say, and the fix.</summary>
    private static string WholeText(Diagnostic diagnostic)
    {
        var labels = diagnostic.Labels.Select(label => $" | at '{label.Location.Source.GetText(label.Location.Span).Split('\n')[0].TrimEnd()}': {label.Text}");
        return diagnostic.Message + string.Concat(labels) + (diagnostic.Fix is { } fix ? " | fix: " + fix : "");
    }

    public bool Announces(ExpectedDiagnostic actual) =>
        (Line, Column, Length, Code) == (actual.Line, actual.Column, actual.Length, actual.Code)
        && actual.Message.Contains(Message, StringComparison.Ordinal);

    /// <summary>The comment that announces it.</summary>
    public override string ToString()
    {
        var place = Column is >= 2 and < 120
            ? new string(' ', Column - 2) + new string('^', Length)
            : string.Create(CultureInfo.InvariantCulture, $" @{Column}+{Length}");
        return "//" + place + " " + Code + " " + Message;
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
}
