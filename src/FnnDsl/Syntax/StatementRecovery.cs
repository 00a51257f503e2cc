using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// What is kept of a statement that could not be parsed: the names it binds, with a missing value, so that their uses are no
/// errors of their own, the fact that there was a return, and what C# sees of a train: its losses, metrics, averages and updates of low rank.
/// </summary>
internal static class StatementRecovery
{
    /// <summary>The index of the separator, or of the brace of the enclosing block, behind the statement that <paramref name="failedAt"/> is in.</summary>
    public static int FindEnd(ParseSession session, int start, int failedAt)
    {
        var depth = 0;
        var i = start;
        for (; session.Kinds[i] != TokenKind.End; i++)
        {
            var kind = session.Kinds[i];
            if (kind == TokenKind.OpenBrace) depth++;
            else if (kind == TokenKind.CloseBrace && --depth < 0) break;
            else if (kind == TokenKind.Separator && depth == 0 && i >= failedAt) break;
        }
        return i;
    }

    /// <summary>What stands for the tokens from <paramref name="start"/> up to <paramref name="end"/>; null for nothing.</summary>
    public static Statement? Keep(ParseSession session, int start, int end)
    {
        var span = session.Span(start, end);
        var missing = new MissingExpression(span);
        var first = session.Tokens[start];
        // retrun x
        var word = first.Kind == TokenKind.Name && session.Kinds[start + 1] == TokenKind.Name
            ? StatementGrammar.MeantWord(first.Text) ?? first.Text
            : first.Text;
        if (word == "return") return new ReturnStatement(EquatableArray<Expression>.Own(missing), span);
        if (first.Kind == TokenKind.Name && session.IsTrain && KeepOfTrain(session, word, start, end) is { } ofTrain) return ofTrain;
        if (first.Kind == TokenKind.Name && session.Kinds[start + 1] == TokenKind.Update)
        {
            return new UpdateStatement(new Identifier(first.Text, first.Span), missing, span);
        }
        if (word == "emit" && first.Kind == TokenKind.Name && session.Kinds[start + 1] == TokenKind.Name)
        {
            return new EmitStatement(new Identifier(session.Tokens[start + 1].Text, session.Tokens[start + 1].Span), missing, null, span);
        }
        return BindMissing(session, FindBoundNames(session, start, end), start, end);
    }

    private static Statement? KeepOfTrain(ParseSession session, string word, int start, int end)
    {
        var span = session.Span(start, end);
        var missing = new MissingExpression(span);
        var name = session.Kinds[start + 1] == TokenKind.Name && start + 1 < end ? Name(start + 1) : null;
        switch (word)
        {
            case "minimize":
                var isNamed = name is not null && (start + 2 == end || session.Tokens[start + 2].Text is "over" or "with" or "every");
                var with = Find("with");
                var optimizer = with >= 0 && with + 1 < end && session.Kinds[with + 1] == TokenKind.Name
                    ? new CallExpression(new NameExpression(session.Tokens[with + 1].Text, session.Tokens[with + 1].Span), EquatableArray<Argument>.Empty, session.Span(with + 1, end)) : (Expression)missing;
                return new MinimizeStatement(isNamed ? new NameExpression(name!.Text, name.Span) : missing, EquatableArray<PathPattern>.Empty, optimizer, null, span);
            case "metric" when name is not null:
                return new MetricStatement(name, missing, span);
            case "average" when name is not null:
                return new AverageStatement(name, missing, span);
            case "lora":
                var on = Find("on");
                var last = Find("except") is var except and >= 0 ? except : end;
                // Of each path the network is enough.
                var nets = on < 0 ? [] : Enumerable.Range(on + 1, Math.Max(0, last - on - 1)).Where(k => session.Kinds[k] == TokenKind.Name && (k == on + 1 || session.Kinds[k - 1] == TokenKind.Comma)).Select(Name);
                return new LoraStatement(EquatableArray<Argument>.Empty, nets.Select(net => new PathPattern(EquatableArray<Identifier>.Own(net), net.Span)).ToEquatableArray(), EquatableArray<PathPattern>.Empty, span);
            default:
                return null;
        }

        int Find(string sign)
        {
            for (var k = start + 1; k < end; k++)
            {
                if (session.Kinds[k] == TokenKind.Name && session.Tokens[k].Text == sign) return k;
            }
            return -1;
        }

        Identifier Name(int index) => new(session.Tokens[index].Text, session.Tokens[index].Span);
    }

    public static Statement? BindMissing(ParseSession session, List<Identifier> names, int start, int end)
    {
        if (names.Count == 0) return null;
        var span = session.Span(start, end);
        return new BindStatement(new EquatableArray<Identifier>(names), null, new MissingExpression(span), span);
    }

    private static List<Identifier> FindBoundNames(ParseSession session, int start, int end)
    {
        var names = new List<Identifier>();
        for (var i = start; i < end; i++)
        {
            var begins = i == start || session.Kinds[i - 1] is TokenKind.Separator or TokenKind.OpenBrace;
            if (!begins) continue;
            if (session.Kinds[i] == TokenKind.OpenParenthesis)
            {
                var close = session.Partner(i);
                var isTarget = close >= 0 && session.Kinds[close + 1] == TokenKind.Assign;
                for (var j = i + 1; isTarget && j < close; j++) AddName(j);
            }
            else if (session.Kinds[i] == TokenKind.Name)
            {
                if (session.Tokens[i].Text is "param" or "buffer" or "emit" && session.Kinds[i + 1] == TokenKind.Name) AddName(i + 1);
                else if (StatementGrammar.BeginsFeedback(session, i)) AddHead(i);
                else if (LaterConstructs.Begins(session, i) && session.Kinds[i + 1] == TokenKind.Name) AddName(i + 1);
                else
                {
                    // y = …, y[…] = …, y named "…" = …, and q, k, v = …
                    var next = i + 1;
                    while (session.Kinds[next] == TokenKind.Comma && session.Kinds[next + 1] == TokenKind.Name) next += 2;
                    if (session.Kinds[next] == TokenKind.OpenBracket && session.Partner(next) >= 0) next = session.Partner(next) + 1;
                    var isNamed = session.Kinds[next] == TokenKind.Name && session.Tokens[next].Text == "named";
                    if (!isNamed && session.Kinds[next] != TokenKind.Assign) continue;
                    for (var j = i; j < next; j += 2)
                    {
                        AddName(j);
                        if (session.Kinds[j + 1] != TokenKind.Comma) break;
                    }
                }
            }
        }
        return names;

        // The states (h: …) and the step (as t).
        void AddHead(int begin)
        {
            for (var i = begin + 1; i < end && session.Kinds[i] is not (TokenKind.OpenBrace or TokenKind.Separator); i++)
            {
                if (session.Kinds[i] == TokenKind.As) AddName(i + 1);
                else if (session.Kinds[i] == TokenKind.Name && session.Kinds[i + 1] == TokenKind.Colon) AddName(i);
                else if (TokenKind.Opens(session.Kinds[i]) && i > begin + 1 && session.Partner(i) >= 0) i = session.Partner(i);
            }
        }

        void AddName(int index)
        {
            if (session.Kinds[index] == TokenKind.Name) names.Add(new Identifier(session.Tokens[index].Text, session.Tokens[index].Span));
        }
    }
}
