using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// Constructs that have their place in the language and come in a later version: each gets one clear error.
/// </summary>
internal static class LaterConstructs
{
    /// <summary>What to write today, by the construct's word.</summary>
    public static readonly IReadOnlyDictionary<string, string> Instead = new Dictionary<string, string>
    {
        ["choice"] = "write a family, and a member for each alternative: model Narrow = Net(width: 16); a train for the family has a member for each, too: train FitNarrow = Fit(Narrow)",
        ["quantized"] = "round the weights in a layer of your own, and let gradients pass by: weight + stop(round(weight / scale) * scale - weight)",
    };

    /// <summary>Whether the construct begins here, and is no name: <c>quantized fc = linear(1)</c>, <c>choice { … }</c>.</summary>
    public static bool Begins(ParseSession session, int at) => session.Kinds[at] == TokenKind.Name && Instead.ContainsKey(session.Tokens[at].Text)
        && (session.Kinds[at + 1] == TokenKind.OpenBrace || (session.Kinds[at + 1] == TokenKind.Name && session.Kinds[at + 2] == TokenKind.Assign));

    /// <summary>Reports the construct whose word stands at <paramref name="at"/>; gives the index behind its last brace.</summary>
    public static int Report(ParseSession session, int at)
    {
        ReportWord(session, at);
        return SkipBraces(session, at);
    }

    /// <summary>Reports a word that may be passed over: what is around it can be read without.</summary>
    public static void ReportWord(ParseSession session, int at)
    {
        var word = session.Tokens[at].Text;
        session.Report(DiagnosticTable.NotInThisVersion, session.Tokens[at].Span, null, word, Instead[word]);
    }

    // To the end of the statement, with the braces that belong to it.
    private static int SkipBraces(ParseSession session, int at)
    {
        var i = at;
        while (session.Kinds[i] is not (TokenKind.End or TokenKind.Separator or TokenKind.CloseBrace))
        {
            if (session.Kinds[i] == TokenKind.OpenBrace)
            {
                var close = session.Partner(i);
                if (close < 0) return session.Kinds.Length - 1;
                // choice { … } or { … }
                if (session.Kinds[close + 1] != TokenKind.Or || session.Kinds[close + 2] != TokenKind.OpenBrace) return close + 1;
                i = close + 2;
                continue;
            }
            i++;
        }
        return i;
    }
}
