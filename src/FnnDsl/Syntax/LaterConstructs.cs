using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// Constructs that have their place in the language and come in a later version: each gets one clear error, and what it
/// would bind stays known, so that its uses are no errors of their own.
/// </summary>
internal static class LaterConstructs
{
    private static readonly Dictionary<string, string> Instead = new()
    {
        ["feedback"] = "write the rounds out, or use repeat, which gives each round weights of its own",
        ["generate"] = "call the model's Predict in a loop in C#",
        ["pipeline"] = "run one train after the other in C#",
        ["checkpoint"] = "give parameters other names with 'named'",
        ["const"] = "write the formula where it is used",
        ["choice"] = "write one model for each alternative",
        ["lora"] = "freeze what shall not be trained",
        ["precision"] = "everything is computed in the element types that are written",
        ["accumulate"] = "take larger batches",
        ["average"] = "keep the last weights",
        ["quantized"] = "use the model as it is",
    };

    public static bool IsStatement(string word) => word is "feedback" or "lora" or "precision" or "accumulate" or "average";

    /// <summary>Reports the construct whose word stands at <paramref name="at"/>; gives the index behind its last brace.</summary>
    public static int Report(ParseSession session, int at)
    {
        var word = session.Tokens[at].Text;
        session.Report(DiagnosticTable.NotInThisVersion, session.Tokens[at].Span, null, word, Instead[word]);
        return SkipBraces(session, at);
    }

    /// <summary>
    /// A later statement, read as a binding of every name it would bind: states (<c>h: …</c>), emits (<c>emit ys = …</c>),
    /// what its body rebinds, and the step (<c>as t</c>).
    /// </summary>
    public static (Statement? Statement, int End) Skip(ParseSession session, int at)
    {
        var end = Report(session, at);
        if (session.Tokens[at].Text != "feedback") return (null, end);
        var names = new List<Identifier>();
        var open = at + 1;
        var close = session.Kinds[open] == TokenKind.OpenParenthesis ? session.Partner(open) : -1;
        for (var i = at + 1; i + 1 < end; i++)
        {
            if (session.Kinds[i] != TokenKind.Name) continue;
            var isState = i < close && session.Kinds[i + 1] == TokenKind.Colon && (i == open + 1 || session.Kinds[i - 1] == TokenKind.Comma);
            var isBound = i > close && session.Kinds[i + 1] == TokenKind.Assign;
            var isStep = session.Kinds[i - 1] == TokenKind.As;
            if (isState || isBound || isStep) names.Add(new Identifier(session.Tokens[i].Text, session.Tokens[i].Span));
        }
        return (StatementRecovery.BindMissing(session, names, at, end), end);
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
