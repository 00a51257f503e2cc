using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>Puts a failed parse into words: what was expected, what was found, and the right form of what it stands in.</summary>
internal static class SyntaxErrors
{
    public static void ReportUnexpected(ParseSession session, int at, List<string> expected, Construct construct, int opening)
    {
        var token = session.Tokens[at];
        if (token.Kind == TokenKind.Bad) return;
        var span = PlaceOf(session, at);
        if (opening >= 0 && token.Kind is TokenKind.End or TokenKind.Separator or TokenKind.OpenBrace or TokenKind.CloseBrace
            or TokenKind.CloseParenthesis or TokenKind.CloseBracket or TokenKind.Assign or TokenKind.Update)
        {
            if (ReportEquals(session, at, construct)) return;
            ReportNotClosed(session, token, span, opening);
        }
        else if (token.Kind is TokenKind.CloseParenthesis or TokenKind.CloseBracket or TokenKind.CloseBrace && session.Partner(at) < 0)
        {
            session.Report(DiagnosticTable.BracketNotOpened, span, "take it away, or open a bracket before it", token.Text);
        }
        else if (TokenKind.IsReserved(token.Kind) && expected.Count == 1 && expected[0].StartsWith("a name", StringComparison.Ordinal))
        {
            session.Report(DiagnosticTable.ReservedWord, span, "take another name, such as " + token.Text + "_", token.Text, expected[0]);
        }
        else if (!ReportEquals(session, at, construct) && !ReportForeignStatement(session, at))
        {
            session.Report(DiagnosticTable.Expected, span, FixFor(token, construct, at > 0 ? session.Tokens[at - 1] : token), Join(expected), token.Description, construct.Name);
        }
    }

    /// <summary>A declaration, or part of one, was expected to begin here.</summary>
    public static void ReportNoDeclaration(ParseSession session, int at)
    {
        var token = session.Tokens[at];
        if (token.Kind == TokenKind.Bad) return;
        if (TokenKind.Closes(token.Kind))
        {
            session.Report(DiagnosticTable.BracketNotOpened, token.Span, "take it away, or open a bracket before it", token.Text);
            return;
        }
        var word = token.Kind == TokenKind.Name ? Spelling.Closest(token.Text, DeclarationWords.All) : null;
        session.Report(DiagnosticTable.DeclarationExpected, token.Span,
            word is not null ? "write " + word : ForeignNames.Word(token.Text) ?? "write statements inside the braces of an fn, layer, model or train", token.Description);
    }

    private static string FixFor(Token found, Construct construct, Token before) => found.Kind switch
    {
        _ when before.Kind == TokenKind.Name && ForeignNames.Word(before.Text) is { } known => known,
        TokenKind.Update when construct != Construct.Update && construct != Construct.Emit => "for 'less than a negative number' put a blank between: a < -1",
        TokenKind.If => "choose between tensors with select(condition, a, b), or write an if of its own: if condition { … } else { … }",
        TokenKind.OpenParenthesis when (construct == Construct.Parameters || construct == Construct.Results) && before.Kind == TokenKind.Name => "axes stand in square brackets: " + before.Text + "[…]",
        TokenKind.Not => "put it in parentheses: (not a)",
        TokenKind.Name when construct == Construct.Feedback && Spelling.Closest(found.Text, FeedbackGrammar.HeadWords) is { } word => "write " + word,
        _ => "the right form is " + construct.Example,
    };

    // f(x, rate = 3)
    private static bool ReportEquals(ParseSession session, int at, Construct construct)
    {
        if (session.Kinds[at] != TokenKind.Assign || construct != Construct.Arguments || at == 0 || session.Kinds[at - 1] != TokenKind.Name) return false;
        session.Report(DiagnosticTable.ArgumentWithEquals, session.Tokens[at].Span, "write " + session.Tokens[at - 1].Text + ": …");
        return true;
    }

    // let y = 3
    private static bool ReportForeignStatement(ParseSession session, int at)
    {
        if (at == 0 || session.Kinds[at - 1] != TokenKind.Name || ForeignSpellings.Statement(session.Tokens[at - 1].Text) is not { } fix) return false;
        var isFirst = session.Tokens[at - 1].StartsLine || (at > 1 && session.Kinds[at - 2] is TokenKind.Separator or TokenKind.OpenBrace);
        if (isFirst) session.Report(DiagnosticTable.ForeignSpelling, session.Tokens[at - 1].Span, fix, session.Tokens[at - 1].Text);
        return isFirst;
    }

    private static void ReportNotClosed(ParseSession session, Token found, TextSpan span, int opening)
    {
        var open = session.Tokens[opening];
        var closing = TokenKind.ClosingOf(open.Kind);
        session.Diagnostics.Report(
            DiagnosticTable.BracketNotClosed,
            session.Locate(span),
            "write '" + closing + "' before it",
            EquatableArray<Label>.Own(new Label(session.Locate(open.Span), "opened here")),
            "'" + closing + "'", "'" + open.Text + "'", session.Source.GetPosition(open.Span.Start).Line + 1, found.Description);
    }

    // A line's end has no text of its own, and a brace on a line of its own is not to blame for what is missing above: the error
    // stands at the last token before.
    private static TextSpan PlaceOf(ParseSession session, int at)
    {
        var token = session.Tokens[at];
        var isEnd = token.Kind is TokenKind.End or TokenKind.Separator || (token.Kind == TokenKind.CloseBrace && token.StartsLine);
        return isEnd && at > 0 ? session.Tokens[at - 1].Span : token.Span;
    }

    private static string Join(List<string> parts)
    {
        if (parts.Count == 0) return "something else";
        if (parts.Count == 1) return parts[0];
        return string.Join(", ", parts.Take(parts.Count - 1)) + " or " + parts[parts.Count - 1];
    }
}
