using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

// Operands: numbers, names, brackets, and the calls, subscripts and members behind them.
internal sealed partial class ExpressionClimber
{
    private delegate T? Item<T>(out int height) where T : SyntaxNode;

    private Expression? Postfix(out int height)
    {
        var first = _index;
        var result = Primary(out height);
        while (result is not null)
        {
            var partHeight = 0;
            switch (Kind)
            {
                case TokenKind.OpenParenthesis:
                {
                    var arguments = ArgumentList("arguments", out partHeight);
                    if (arguments is null) return null;
                    result = new CallExpression(result, arguments.Value, SpanFrom(first));
                    break;
                }
                case TokenKind.OpenBracket:
                {
                    var outer = Enter(Construct.Subscripts);
                    var subscripts = List(TokenKind.OpenBracket, "subscripts", Subscript, out partHeight);
                    if (subscripts is null) return null;
                    session.Construct = outer;
                    result = new SubscriptExpression(result, subscripts.Value, SpanFrom(first));
                    break;
                }
                case TokenKind.Dot:
                {
                    _index++;
                    // A number is a place among the copies of a repeat: net.blocks.0.weight.
                    if (Kind is not (TokenKind.Name or TokenKind.Number))
                    {
                        var outer = Enter(Construct.Member);
                        session.Fail(_index, "a name after '.'");
                        session.Construct = outer;
                        return null;
                    }
                    var member = new Identifier(session.Tokens[_index].Text, session.Tokens[_index].Span);
                    _index++;
                    result = new MemberExpression(result, member, SpanFrom(first));
                    break;
                }
                default: return result;
            }
            height = 1 + Math.Max(height, partHeight);
            if (IsTooHigh(height, first)) return null;
        }
        return result;
    }

    private Expression? Primary(out int height)
    {
        height = 1;
        var first = _index;
        var token = session.Tokens[first];
        switch (token.Kind)
        {
            case TokenKind.Number:
                _index++;
                Lexer.TryReadNumber(token.Text, out var number);
                return new NumberExpression(number, token.Text.IndexOfAny(['.', 'e', 'E']) < 0, token.Span);
            case TokenKind.String:
                _index++;
                return new StringExpression(Lexer.ReadStringValue(token.Text), token.Span);
            case TokenKind.Name when token.Text == "choice" && KindAfter(1) == TokenKind.OpenBrace:
                _index = LaterConstructs.Report(session, first);
                return new MissingExpression(SpanFrom(first));
            case TokenKind.Name:
                _index++;
                return new NameExpression(token.Text, token.Span);
            case TokenKind.OpenParenthesis:
                return Group(out height);
            case TokenKind.OpenBracket:
            {
                var outer = Enter(Construct.Shape);
                var axes = AxisList(out height);
                if (axes is null) return null;
                session.Construct = outer;
                return new ShapeExpression(axes.Value, SpanFrom(first));
            }
            default:
                session.Fail(first, "a value");
                return null;
        }
    }

    private Expression? Group(out int height)
    {
        var first = _index;
        var outer = Enter(Construct.Group);
        var items = List(TokenKind.OpenParenthesis, "a value", Inner, out height, canBeEmpty: false);
        if (items is null) return null;
        session.Construct = outer;
        // Parentheses leave no node, but they do belong to the span of what they hold.
        if (items.Value.Count == 1) return items.Value[0] with { Span = SpanFrom(first) };
        return new TupleExpression(items.Value, SpanFrom(first));
    }

    private Expression? Inner(out int height) => Climb(OperatorLevel.Pipe, out height);

    private EquatableArray<Argument>? ArgumentList(string what, out int height)
    {
        var outer = session.Construct;
        if (Kind == TokenKind.OpenParenthesis) session.Construct = Construct.Arguments;
        var arguments = List(TokenKind.OpenParenthesis, what, Argument, out height);
        if (arguments is not null) session.Construct = outer;
        return arguments;
    }

    private Argument? Argument(out int height)
    {
        var first = _index;
        Identifier? name = null;
        if (Kind == TokenKind.Name && KindAfter(1) == TokenKind.Colon)
        {
            name = new Identifier(session.Tokens[_index].Text, session.Tokens[_index].Span);
            _index += 2;
        }
        var value = Climb(OperatorLevel.Pipe, out height);
        return value is null ? null : new Argument(name, value, SpanFrom(first));
    }

    private Subscript? Subscript(out int height)
    {
        height = 0;
        var first = _index;
        if (Kind == TokenKind.Ellipsis)
        {
            _index++;
            return new EllipsisSubscript(SpanFrom(first));
        }
        Expression? from = null;
        if (Kind != TokenKind.Colon)
        {
            from = Climb(OperatorLevel.Pipe, out height);
            if (from is null) return null;
            if (Kind != TokenKind.Colon) return new IndexSubscript(from, SpanFrom(first));
        }
        _index++;
        if (!RangePart(ref height, out var to)) return null;
        Expression? step = null;
        if (Kind == TokenKind.Colon)
        {
            _index++;
            if (!RangePart(ref height, out step)) return null;
        }
        return new RangeSubscript(from, to, step, SpanFrom(first));
    }

    // A part of a:b:c, each of which may be left out.
    private bool RangePart(ref int height, out Expression? part)
    {
        part = null;
        if (Kind is TokenKind.Colon or TokenKind.Comma or TokenKind.CloseBracket) return true;
        part = Climb(OperatorLevel.Pipe, out var partHeight);
        height = Math.Max(height, partHeight);
        return part is not null;
    }

    private EquatableArray<AxisSyntax>? AxisList(out int height) => List(TokenKind.OpenBracket, "the axes in '['", Axis, out height);

    private AxisSyntax? Axis(out int height)
    {
        height = 0;
        var first = _index;
        if (Kind == TokenKind.Ellipsis)
        {
            _index++;
            return new EllipsisAxis(SpanFrom(first));
        }
        var size = Climb(OperatorLevel.Addition, out height);
        if (size is null) return null;
        var axis = new SizeAxis(size, SpanFrom(first));
        if (!TakesBounds || Kind != TokenKind.LessOrEqual) return axis;
        _index++;
        return Climb(OperatorLevel.Addition, out _) is { } bound ? axis with { AtMost = bound, Span = SpanFrom(first) } : null;
    }

    // Items between brackets, with commas. The bracket that opens may be missing, which is the caller's failure.
    private EquatableArray<T>? List<T>(char open, string what, Item<T> item, out int height, bool canBeEmpty = true) where T : SyntaxNode
    {
        height = 0;
        if (Kind != open)
        {
            session.Fail(_index, what);
            return null;
        }
        if (!TryEnter(out height)) return null;
        var opening = _index++;
        var close = TokenKind.ClosingOf(open);
        if (canBeEmpty && Kind == close)
        {
            _index++;
            session.Depth--;
            return EquatableArray<T>.Empty;
        }
        var construct = session.Construct;
        var items = new List<T>();
        while (true)
        {
            var one = item(out var itemHeight);
            if (one is null) break;
            session.Construct = construct;
            items.Add(one);
            height = Math.Max(height, itemHeight);
            if (Kind == TokenKind.Comma) _index++;
            else if (Kind == close)
            {
                _index++;
                session.Depth--;
                return new EquatableArray<T>(items);
            }
            else
            {
                session.Fail(_index, "','", opening);
                session.Fail(_index, "'" + close + "'", opening);
                break;
            }
        }
        session.Depth--;
        return null;
    }
}
