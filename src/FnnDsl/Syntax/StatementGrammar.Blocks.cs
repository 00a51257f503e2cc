using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Sprache;

namespace FeedbackNN.Dsl.Syntax;

// Blocks: statements in braces, each parsed and recovered by itself.
internal static partial class StatementGrammar
{
    /// <summary>Statements in braces. After a statement with an error the others are still read.</summary>
    public static readonly Parser<EquatableArray<Statement>> Block = input =>
    {
        var opening = (TokenInput)input;
        var session = opening.Session;
        if (opening.Kind != TokenKind.OpenBrace)
        {
            session.Fail(opening.Index, "'{' and the body");
            return Result.Failure<EquatableArray<Statement>>(input, "block", []);
        }
        var construct = session.Construct;
        var statements = new List<Statement>();
        var index = opening.Index + 1;
        session.BlockDepth++;
        while (true)
        {
            while (session.Kinds[index] == TokenKind.Separator) index++;
            if (session.Kinds[index] is TokenKind.CloseBrace or TokenKind.End) break;
            session.ForgetFailure();
            session.Construct = Construct.Statement;
            var (statement, end) = ReadStatement(session, index);
            if (statement is not null) statements.Add(statement);
            index = end;
        }
        session.BlockDepth--;
        session.Construct = construct;
        session.ForgetFailure();
        // The brace that is missing at the end of the text is reported; what is there counts nevertheless.
        if (session.Kinds[index] == TokenKind.CloseBrace) index++;
        else
        {
            session.Construct = Construct.Body;
            session.Fail(index, "'}'", opening.Index);
            session.ReportFailure();
            session.Construct = construct;
        }
        return Result.Success(new EquatableArray<Statement>(statements), session.At(index));
    };

    // One statement and the index behind it. It always gets further: the place returned is greater than the one given.
    private static (Statement? Statement, int End) ReadStatement(ParseSession session, int start)
    {
        var token = session.Tokens[start];
        if (IsDeclaration(session, start))
        {
            session.Report(DiagnosticTable.DeclarationInside, token.Span, "move it outside of all braces",
                (token.Text == "fn" ? "an fn" : "a " + token.Text));
            var name = session.Tokens[start + 1];
            var after = StatementRecovery.FindEnd(session, start, start);
            return (StatementRecovery.BindMissing(session, [new Identifier(name.Text, name.Span)], start, after), after);
        }
        var result = FormOf(session, start)(session.At(start));
        if (result.WasSuccessful)
        {
            var end = ((TokenInput)result.Remainder).Index;
            if (session.Kinds[end] is TokenKind.Separator or TokenKind.CloseBrace or TokenKind.End)
            {
                return (CheckPlace(session, token, result.Value), end);
            }
            session.Construct = ConstructOf(session, start);
            session.Fail(end, "the end of the line");
        }
        var failedAt = session.ReportFailure();
        var next = Math.Max(StatementRecovery.FindEnd(session, start, failedAt), start + 1);
        return (StatementRecovery.Keep(session, start, next), next);
    }

    private static bool IsWordOfStatement(ParseSession session, int index) =>
        session.Kinds[index] == TokenKind.Name
        && session.Kinds[index + 1] is not (TokenKind.Assign or TokenKind.Update or TokenKind.OpenBracket or TokenKind.Comma or TokenKind.Dot or TokenKind.Pipe)
        && !(session.Tokens[index + 1].Text == "named" && session.Kinds[index + 2] == TokenKind.String);

    private static bool IsDeclaration(ParseSession session, int index) =>
        session.Kinds[index] == TokenKind.Name && session.Kinds[index + 1] == TokenKind.Name && DeclarationWords.Contains(session.Tokens[index].Text);

    private static Parser<Statement> FormOf(ParseSession session, int start)
    {
        switch (session.Kinds[start])
        {
            case TokenKind.Return: return Return;
            case TokenKind.If: return If;
            case TokenKind.OpenParenthesis when session.Partner(start) is var close and >= 0 && session.Kinds[close + 1] == TokenKind.Assign:
                return Destructuring;
            case TokenKind.Name:
                if (IsWordOfStatement(session, start) && Words.TryGetValue(session.Tokens[start].Text, out var form)) return form;
                switch (session.Kinds[start + 1])
                {
                    case TokenKind.Assign: return Binding;
                    case TokenKind.Update: return Update;
                    case TokenKind.Name when session.Tokens[start + 1].Text == "named": return Binding;
                    case TokenKind.OpenBracket when session.Partner(start + 1) is var end and >= 0 && session.Kinds[end + 1] == TokenKind.Assign:
                        return IndexBinding;
                }
                break;
        }
        return NoStatement;
    }

    private static Construct ConstructOf(ParseSession session, int start) => session.Kinds[start] switch
    {
        TokenKind.Return => Construct.Return,
        TokenKind.If => Construct.If,
        TokenKind.OpenParenthesis => Construct.Destructuring,
        _ => session.Tokens[start].Text switch
        {
            "param" => Construct.Param,
            "buffer" => Construct.Buffer,
            "repeat" => Construct.Repeat,
            "feedback" => Construct.Feedback,
            "emit" => Construct.Emit,
            "minimize" => Construct.Minimize,
            "metric" => Construct.Metric,
            "clip" => Construct.Clip,
            "freeze" => Construct.Freeze,
            "rate" => Construct.Rate,
            "accumulate" => Construct.Accumulate,
            "average" => Construct.Average,
            "precision" => Construct.Precision,
            "lora" => Construct.Lora,
            "budget" => Construct.Budget,
            _ => Construct.Statement,
        },
    };

    // What begins like no statement: find out what was meant.
    private static readonly Parser<Statement> NoStatement = input =>
    {
        var place = (TokenInput)input;
        var session = place.Session;
        if (LaterConstructs.Begins(session, place.Index))
        {
            LaterConstructs.ReportWord(session, place.Index);
            return Fail(place.Index);
        }
        var meant = place.Kind != TokenKind.Name ? null
            : BeginsFeedback(session, place.Index) ? "feedback"
            : session.Kinds[place.Index + 1] is TokenKind.Name or TokenKind.Number ? MeantWord(place.Token.Text)
            : null;
        if (meant is { } word)
        {
            session.Report(DiagnosticTable.Expected, place.Token.Span, "write " + word, "a statement", place.Token.Description, "a body");
            return Fail(place.Index);
        }
        var value = ExpressionClimber.Any(input);
        if (!value.WasSuccessful) return Result.Failure<Statement>(input, "statement", []);
        var end = ((TokenInput)value.Remainder).Index;
        switch (session.Kinds[end])
        {
            case TokenKind.Assign or TokenKind.Update:
                session.Report(DiagnosticTable.BadTarget, value.Value.Span, "take a new name: y = …");
                return Fail(end);
            case TokenKind.Comma when value.Value is NameExpression && NamesUpToAssign(session, place.Index) is { } names:
                session.Report(DiagnosticTable.BadTarget, names, "put the names in parentheses: (" + session.Source.GetText(names) + ") = …");
                return Fail(end);
            case TokenKind.Separator or TokenKind.CloseBrace or TokenKind.End:
                session.Report(DiagnosticTable.ValueUnused, value.Value.Span, DeedFix(value.Value) ?? "bind it to a name (y = …), or return it");
                return Fail(end);
            default:
                session.Fail(end, "an operator");
                session.Fail(end, "the end of the line");
                return Result.Failure<Statement>(input, "statement", []);
        }

        IResult<Statement> Fail(int index)
        {
            session.FailSilently(index);
            return Result.Failure<Statement>(input, "statement", []);
        }
    };

    /// <summary>Whether a feedback begins here, its word perhaps misspelled: <c>feedbak (h: …</c>.</summary>
    public static bool BeginsFeedback(ParseSession session, int index)
    {
        if (!IsWordOfStatement(session, index)) return false;
        var word = session.Tokens[index].Text;
        if (word == "feedback") return true;
        var isCallWithNames = session.Kinds[index + 1] == TokenKind.OpenParenthesis && session.Kinds[index + 2] == TokenKind.Name && session.Kinds[index + 3] == TokenKind.Colon;
        return isCallWithNames && Spelling.Closest(word, ["feedback"]) is not null;
    }

    /// <summary>The words that begin statements.</summary>
    public static IEnumerable<string> StatementWords => [.. Words.Keys, "return", "if"];

    /// <summary>The word of a statement or declaration that was probably meant.</summary>
    public static string? MeantWord(string word) =>
        Spelling.Closest(word, [.. StatementWords, .. DeclarationWords.All]);

    // q, k, v = …
    private static TextSpan? NamesUpToAssign(ParseSession session, int start)
    {
        var end = start;
        while (session.Kinds[end] == TokenKind.Name && session.Kinds[end + 1] == TokenKind.Comma) end += 2;
        return session.Kinds[end] == TokenKind.Name && session.Kinds[end + 1] == TokenKind.Assign
            ? session.Span(start, end + 1)
            : null;
    }

    // Some statements belong to a train, others to what computes something.
    private static Statement? CheckPlace(ParseSession session, Token first, Statement statement)
    {
        if (statement is BudgetStatement)
        {
            // It is decided when the whole model is known, so that no part of the body can have one of its own.
            if (session.IsModel && session.BlockDepth == 1) return statement;
            session.Report(DiagnosticTable.StatementElsewhere, first.Span, null, first.Text, session.IsModel ? "a model itself, not in a block inside it" : "a model");
            return null;
        }
        var isOfTrain = statement is MinimizeStatement or MetricStatement or ClipStatement or FreezeStatement or RateStatement or AccumulateStatement or AverageStatement or PrecisionStatement or LoraStatement;
        var isOfCallable = statement is ReturnStatement or StorageStatement || (statement is UpdateStatement && session.FeedbackDepth == 0);
        if (session.IsTrain ? !isOfCallable : !isOfTrain) return statement;
        session.Report(DiagnosticTable.StatementElsewhere, first.Span, isOfTrain ? "declare a train: train FitNet for net: Net (x: f32[batch, 784], label: i32[batch]) { … }" : null,
            statement is UpdateStatement ? "<-" : first.Text, session.IsTrain ? "an fn, layer or model" : "a train");
        return null;
    }

    // loss.backward(), print(x)
    private static string? DeedFix(Expression value) => value switch
    {
        CallExpression { Callee: NameExpression name } => ForeignNames.Deed(name.Name),
        CallExpression { Callee: MemberExpression member } => ForeignNames.Deed(member.Member.Text),
        _ => null,
    };
}
