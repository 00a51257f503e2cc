using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Sprache;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// Reads one expression by precedence climbing: a loop over operators that recurses only for tighter right sides and into
/// brackets, so that the stack stays small. A method gives null when it fails, after it has told the session what it expected.
/// </summary>
internal sealed partial class ExpressionClimber(ParseSession session, int start)
{
    private int _index = start;

    /// <summary>Whether <c>as</c> ends the expression where no reshape follows it.</summary>
    private bool EndsBeforeStep { get; init; }

    /// <summary>Whether axes may have bounds, which are read and forgotten.</summary>
    private bool TakesBounds { get; init; }

    /// <summary>A whole expression.</summary>
    public static readonly Parser<Expression> Any = From(OperatorLevel.Pipe);

    /// <summary>A whole expression that <c>as t</c> may follow.</summary>
    public static readonly Parser<Expression> BeforeStep = From(OperatorLevel.Pipe, endsBeforeStep: true);

    /// <summary>An expression without <c>|></c> and <c>as</c>: where words may follow, as in <c>repeat n as i</c>.</summary>
    public static readonly Parser<Expression> WithoutPipe = From(OperatorLevel.Or);

    /// <summary>A value with what belongs to it: a name, its subscripts, a call.</summary>
    public static readonly Parser<Expression> Tight = From(OperatorLevel.Power);

    /// <summary>The axes of a type, a reshape or a shape, in brackets.</summary>
    public static readonly Parser<EquatableArray<AxisSyntax>> Axes = AxesFrom(takesBounds: false);

    /// <summary>As above, each with the bound up to which it grows or without: <c>[batch, length &lt;= 100]</c>.</summary>
    public static readonly Parser<EquatableArray<AxisSyntax>> GrowingAxes = AxesFrom(takesBounds: true);

    private static Parser<EquatableArray<AxisSyntax>> AxesFrom(bool takesBounds) => input =>
    {
        var place = (TokenInput)input;
        var climber = new ExpressionClimber(place.Session, place.Index) { TakesBounds = takesBounds };
        return climber.AxisList(out _) is { } axes
            ? Result.Success(axes, place.Session.At(climber._index))
            : Result.Failure<EquatableArray<AxisSyntax>>(input, "axes", []);
    };

    /// <summary>The arguments of a call, in parentheses.</summary>
    public static readonly Parser<EquatableArray<Argument>> Arguments = input =>
    {
        var place = (TokenInput)input;
        var climber = new ExpressionClimber(place.Session, place.Index);
        return climber.ArgumentList("the settings in '('", out _) is { } arguments
            ? Result.Success(arguments, place.Session.At(climber._index))
            : Result.Failure<EquatableArray<Argument>>(input, "arguments", []);
    };

    private static Parser<Expression> From(int level, bool endsBeforeStep = false) => input =>
    {
        var place = (TokenInput)input;
        var climber = new ExpressionClimber(place.Session, place.Index) { EndsBeforeStep = endsBeforeStep };
        return climber.Climb(level, out _) is { } expression
            ? Result.Success(expression, place.Session.At(climber._index))
            : Result.Failure<Expression>(input, "expression", []);
    };

    private char Kind => session.Kinds[_index];

    private char KindAfter(int ahead) => _index + ahead < session.Kinds.Length ? session.Kinds[_index + ahead] : TokenKind.End;

    private TextSpan SpanFrom(int first) => session.Span(first, _index);

    // ---- Operators -------------------------------------------------------------------------------------------------

    /// <param name="lowest">The weakest operator that belongs to this expression.</param>
    /// <param name="height">The height of the tree: it bounds the recursion of everyone who walks it.</param>
    private Expression? Climb(int lowest, out int height)
    {
        var first = _index;
        var left = Operand(lowest, out height);
        var isComparison = false;
        while (left is not null)
        {
            var row = OperatorLevel.Of(Kind);
            if (row.Level == 0 || row.Level < lowest) return left;
            if (EndsBeforeStep && Kind == TokenKind.As && KindAfter(1) != TokenKind.OpenBracket) return left;
            var at = _index++;
            int rightHeight;
            if (row.Level == OperatorLevel.Pipe)
            {
                left = session.Kinds[at] == TokenKind.Pipe ? PipeInto(left, first, out rightHeight) : Reshape(left, first, out rightHeight);
            }
            else
            {
                if (session.RightSides >= ParseSession.DeepestRightSides)
                {
                    ReportNesting(at);
                    return null;
                }
                session.RightSides++;
                var right = Climb(row.RightLevel, out rightHeight);
                session.RightSides--;
                if (right is null) return null;
                var chains = isComparison && row.Level == OperatorLevel.Comparison;
                if (chains) ReportChain(left, right, at);
                isComparison = row.Level == OperatorLevel.Comparison;
                left = chains
                    ? new MissingExpression(SpanFrom(first))
                    : new BinaryExpression(row.Operator, left, right, session.Tokens[at].Span, SpanFrom(first));
            }
            height = 1 + Math.Max(height, rightHeight);
            if (left is not null && IsTooHigh(height, first)) return null;
        }
        return left;
    }

    private void ReportChain(Expression left, Expression right, int at)
    {
        var sign = session.Tokens[at].Text;
        var middle = left is BinaryExpression { Right: var inner } ? session.Source.GetText(inner.Span) : "b";
        session.Report(DiagnosticTable.ComparisonChain, session.Tokens[at].Span,
            "write … and " + middle + " " + sign + " " + session.Source.GetText(right.Span), sign, session.Source.GetText(right.Span));
    }

    private bool IsTooHigh(int height, int first)
    {
        if (height <= ParseSession.DeepestNesting) return false;
        ReportNesting(first);
        return true;
    }

    private Expression? Operand(int lowest, out int height)
    {
        var first = _index;
        if (Kind == TokenKind.Minus || (Kind == TokenKind.Not && lowest <= OperatorLevel.Not))
        {
            var isNegation = Kind == TokenKind.Minus;
            _index++;
            if (!TryEnter(out height)) return null;
            var operand = Climb(isNegation ? OperatorLevel.Negation : OperatorLevel.Not, out height);
            session.Depth--;
            height++;
            if (operand is null || IsTooHigh(height, first)) return null;
            return new UnaryExpression(isNegation ? UnaryOperator.Negate : UnaryOperator.Not, operand, SpanFrom(first));
        }
        return IsReduction() ? Reduction(out height) : Postfix(out height);
    }

    private bool TryEnter(out int height)
    {
        height = 0;
        if (++session.Depth <= ParseSession.DeepestNesting) return true;
        session.Depth--;
        ReportNesting(_index);
        return false;
    }

    private void ReportNesting(int at)
    {
        session.Report(DiagnosticTable.NestingTooDeep, session.Tokens[at].Span, null, ParseSession.DeepestNesting);
        session.FailSilently(_index);
    }

    // x |> f, x |> f(a), x |> net.head: what is called, and no operator after it.
    private Expression? PipeInto(Expression value, int first, out int height)
    {
        var outer = Enter(Construct.Pipe);
        var place = _index;
        if (Kind != TokenKind.Name)
        {
            height = 0;
            session.Fail(place, "the name of what takes the value");
            return null;
        }
        var target = Postfix(out height);
        session.Construct = outer;
        if (target is null) return null;
        var next = OperatorLevel.Of(Kind);
        if (next.Level <= OperatorLevel.Pipe || next.Level < OperatorLevel.Comparison) return new PipeExpression(value, target, SpanFrom(first));
        session.Report(DiagnosticTable.PipeTarget, session.Tokens[_index].Span,
            "put the pipe in parentheses: (x |> " + session.Source.GetText(target.Span) + ") " + session.Tokens[_index].Text + " …",
            session.Tokens[_index].Text);
        return new MissingExpression(SpanFrom(first));
    }

    private Expression? Reshape(Expression value, int first, out int height)
    {
        var outer = Enter(Construct.Reshape);
        var axes = AxisList(out height);
        session.Construct = outer;
        return axes is null ? null : new ReshapeExpression(value, axes.Value, SpanFrom(first));
    }

    private Construct Enter(Construct construct)
    {
        var outer = session.Construct;
        session.Construct = construct;
        return outer;
    }

    // ---- Reductions ------------------------------------------------------------------------------------------------

    // sum[e] a * b, but not mean[i] - x, where mean is a buffer: a reducer has its body right behind its brackets.
    private bool IsReduction()
    {
        if (Kind != TokenKind.Name || KindAfter(1) != TokenKind.OpenBracket || !Reducers.ContainsKey(session.Tokens[_index].Text)) return false;
        var close = session.Partner(_index + 1);
        return close >= 0 && session.Kinds[close + 1] is TokenKind.Name or TokenKind.Number or TokenKind.OpenParenthesis
            && !IsWordAfterExpression(close + 1);
    }

    // minimize sum[i] … is a reduction; minimize mean[i] with … is none.
    private bool IsWordAfterExpression(int index)
    {
        if (session.Kinds[index] != TokenKind.Name) return false;
        var next = session.Kinds[index + 1];
        return session.Tokens[index].Text switch
        {
            "with" or "over" or "every" or "where" or "named" or "along" or "lengths" or "truncate" or "checkpoint" or "slide" or "else" =>
                next is TokenKind.Name or TokenKind.Number or TokenKind.String,
            "reverse" => next is TokenKind.Name or TokenKind.OpenBrace,
            _ => false,
        };
    }

    private Expression? Reduction(out int height)
    {
        height = 0;
        var first = _index;
        var outer = Enter(Construct.Reduction);
        var reducer = Reducers[session.Tokens[_index++].Text];
        if (IndexVariables(session, ref _index, canBeEmpty: false) is not { } indices) return null;
        session.Construct = outer;
        if (!TryEnter(out height)) return null;
        var body = Climb(OperatorLevel.Multiplication, out height);
        session.Depth--;
        height++;
        if (body is null || IsTooHigh(height, first)) return null;
        return new ReduceExpression(reducer, indices, body, SpanFrom(first));
    }

    private static readonly Dictionary<string, Reducer> Reducers = new()
    {
        ["sum"] = Reducer.Sum,
        ["max"] = Reducer.Max,
        ["min"] = Reducer.Min,
        ["mean"] = Reducer.Mean,
        ["prod"] = Reducer.Prod,
    };

    /// <summary><c>[b, t: time, ...]</c>, from <paramref name="index"/> on; null after a failure.</summary>
    public static EquatableArray<IndexVariable>? IndexVariables(ParseSession session, ref int index, bool canBeEmpty)
    {
        var climber = new ExpressionClimber(session, index);
        var result = climber.List(TokenKind.OpenBracket, "the index variables in '['", climber.IndexVariable, out _, canBeEmpty);
        index = climber._index;
        return result;
    }

    private IndexVariable? IndexVariable(out int height)
    {
        height = 0;
        var first = _index;
        var token = session.Tokens[_index];
        if (Kind == TokenKind.Ellipsis)
        {
            _index++;
            return new IndexVariable(new Identifier("...", token.Span), null, true, token.Span);
        }
        if (Kind != TokenKind.Name)
        {
            session.Fail(_index, "a name for an index");
            return null;
        }
        _index++;
        var name = new Identifier(token.Text, token.Span);
        if (Kind != TokenKind.Colon) return new IndexVariable(name, null, false, token.Span);
        _index++;
        var range = Climb(OperatorLevel.Addition, out height);
        return range is null ? null : new IndexVariable(name, range, false, SpanFrom(first));
    }
}
