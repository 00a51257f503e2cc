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
        ["choice"] = "write one model for each alternative",
        ["quantized"] = "use the model as it is",
    };

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
                return close >= 0 ? close + 1 : session.Kinds.Length - 1;
            }
            i++;
        }
        return i;
    }
}
