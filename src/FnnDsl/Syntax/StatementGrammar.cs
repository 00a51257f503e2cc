using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Sprache;
using static FeedbackNN.Dsl.Syntax.Terminals;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The grammar of statements. What a statement is, its first tokens say: there is nothing to try out and take back.
/// </summary>
internal static partial class StatementGrammar
{
    private delegate Statement Finish(TextSpan span);

    private static Parser<Statement> Form(Construct construct, Parser<Finish> parser) =>
        Within(construct, Spanned(parser.Select<Finish, Func<TextSpan, Statement>>(finish => span => finish(span))));

    private static Parser<T> Later<T>(Func<Parser<T>> parser) => input => parser()(input);

    // ---- Bindings --------------------------------------------------------------------------------------------------

    private static readonly Parser<Expression> AssignedValue = Kind(TokenKind.Assign).Then(_ => ExpressionClimber.Any);

    private static readonly Parser<StringExpression> CheckpointName = Word("named").Then(_ => Terminals.String);

    /// <summary>What a <c>const</c> says: <c>y = value</c> or <c>y[t: steps] = value</c>.</summary>
    public static readonly Parser<Statement> Constant = input =>
    {
        var place = (TokenInput)input;
        return place.Session.Kinds[place.Index] == TokenKind.Name && place.Session.Kinds[place.Index + 1] == TokenKind.OpenBracket ? IndexBinding!(input) : Binding!(input);
    };

    private static readonly Parser<Statement> Binding = Form(Construct.Binding,
        from name in Name("a name")
        from other in WhenWord("named", CheckpointName)
        from value in AssignedValue
        select (Finish)(span => new BindStatement(EquatableArray<Identifier>.Own(name), other, value, span)));

    private static readonly Parser<Statement> Destructuring = Form(Construct.Destructuring,
        from names in InParentheses("names in '('", Construct.Destructuring, Name("a name"))
        from value in AssignedValue
        select (Finish)(span => new BindStatement(names, null, value, span)));

    private static readonly Parser<EquatableArray<IndexVariable>> Indices = input =>
    {
        var place = (TokenInput)input;
        var index = place.Index;
        return ExpressionClimber.IndexVariables(place.Session, ref index, canBeEmpty: true) is { } indices
            ? Result.Success(indices, place.Session.At(index))
            : Result.Failure<EquatableArray<IndexVariable>>(input, "indices", []);
    };

    private static readonly Parser<Statement> IndexBinding = Form(Construct.IndexBinding,
        from name in Name("a name")
        from indices in Indices
        from value in AssignedValue
        select (Finish)(span => new IndexBindStatement(name, indices, value, span)));

    private static readonly Parser<Statement> Update = Form(Construct.Update,
        from name in Name("a name")
        from arrow in Kind(TokenKind.Update)
        from value in ExpressionClimber.Any
        select (Finish)(span => new UpdateStatement(name, value, span)));

    // ---- Storage ---------------------------------------------------------------------------------------------------

    private static Parser<Statement> Storage(bool isBuffer) => Form(isBuffer ? Construct.Buffer : Construct.Param,
        from word in Word(isBuffer ? "buffer" : "param")
        from name in Name("a name")
        from colon in Kind(TokenKind.Colon, "':' and a type")
        from type in TypeGrammar.Type
        from other in WhenWord("named", CheckpointName)
        from value in When(TokenKind.Assign, AssignedValue)
        select (Finish)(span => new StorageStatement(isBuffer, name, type, other, value, span)));

    // ---- Blocks ----------------------------------------------------------------------------------------------------

    private static readonly Parser<Statement> Repeat = Form(Construct.Repeat,
        from word in Word("repeat")
        from count in ExpressionClimber.WithoutPipe
        from index in When(TokenKind.As, Kind(TokenKind.As).Then(_ => Name("a name for the copy's number")))
        from path in When(TokenKind.Colon, Kind(TokenKind.Colon).Then(_ => Name("a name for the copies")))
        from checkpoint in WhenWord("checkpoint", Word("checkpoint").Select(word => new Identifier(word.Text, word.Span)))
        from every in checkpoint is null ? Sprache.Parse.Return<Expression?>(null) : WhenWord("every", Word("every").Then(_ => ExpressionClimber.WithoutPipe))
        from body in Later(() => Block)
        select (Finish)(span => new RepeatStatement(count, index, path, checkpoint, every, body, span)));

    private static readonly Parser<Statement> If = Form(Construct.If,
        from word in Kind(TokenKind.If)
        from condition in ExpressionClimber.WithoutPipe
        from then in Later(() => Block)
        from otherwise in WhenWord("else", Later<Branch>(() => Else!))
        select (Finish)(span => new IfStatement(condition, then, otherwise?.Statements ?? EquatableArray<Statement>.Empty, span)));

    private sealed record Branch(EquatableArray<Statement> Statements);

    private static readonly Parser<Branch> Else =
        from word in Word("else")
        from place in Here
        from branch in place.Kind == TokenKind.If ? ElseIf : Block.Select(statements => new Branch(statements))
        select branch;

    // A chain of else if nests: its depth is bounded like that of brackets.
    private static readonly Parser<Branch> ElseIf = input =>
    {
        var place = (TokenInput)input;
        var session = place.Session;
        if (session.ChainLength >= ParseSession.DeepestBlock)
        {
            session.Report(DiagnosticTable.NestingTooDeep, place.Token.Span, null, ParseSession.DeepestBlock);
            session.FailSilently(place.Index);
            return Result.Failure<Branch>(input, "nesting", []);
        }
        session.ChainLength++;
        var result = If.Select(statement => new Branch(EquatableArray<Statement>.Own(statement)))(input);
        session.ChainLength--;
        return result;
    };

    // ---- Results ---------------------------------------------------------------------------------------------------

    private static readonly Parser<Statement> Return = Form(Construct.Return,
        from word in Kind(TokenKind.Return)
        from value in ExpressionClimber.Any
        select (Finish)(span => new ReturnStatement(
            value is TupleExpression tuple ? tuple.Items : EquatableArray<Expression>.Own(value), span)));

    // ---- Training --------------------------------------------------------------------------------------------------

    private static readonly Parser<Identifier> PathPart = input =>
    {
        var place = (TokenInput)input;
        if (place.Kind is TokenKind.Name or TokenKind.Number or TokenKind.Star)
        {
            return Result.Success(new Identifier(place.Token.Text, place.Token.Span), place.Next);
        }
        place.Session.Fail(place.Index, "a name, a number or '*'");
        return Result.Failure<Identifier>(input, "path", []);
    };

    /// <summary><c>net.blocks.*.attn</c></summary>
    public static readonly Parser<PathPattern> Path = Spanned<PathPattern>(
        from first in Name("the name of a network")
        from others in DotParts
        select (Func<TextSpan, PathPattern>)(span => new PathPattern(new EquatableArray<Identifier>(others.Prepend(first)), span)));

    private static Parser<List<Identifier>> DotParts => input =>
    {
        var parts = new List<Identifier>();
        while (((TokenInput)input).Kind == TokenKind.Dot)
        {
            var part = PathPart(input.Advance());
            if (!part.WasSuccessful) return Result.Failure<List<Identifier>>(input, "path", []);
            parts.Add(part.Value);
            input = part.Remainder;
        }
        return Result.Success(parts, input);
    };

    private sealed record Paths(EquatableArray<PathPattern> Patterns);

    private static readonly Parser<Statement> Minimize = Form(Construct.Minimize,
        from word in Word("minimize")
        from loss in UnlessWord("with", "a loss", ExpressionClimber.Any)
        from over in WhenWord("over", Word("over").Then(_ => CommaSeparated(UnlessWord("with", "the name of a network", Path))).Select(paths => new Paths(paths)))
        from with in Word("with")
        from optimizer in ExpressionClimber.Any
        from every in WhenWord("every", Word("every").Then(_ => ExpressionClimber.Any))
        select (Finish)(span => new MinimizeStatement(loss, over?.Patterns ?? EquatableArray<PathPattern>.Empty, optimizer, every, span)));

    private static readonly Parser<Statement> Metric = Form(Construct.Metric,
        from word in Word("metric")
        from name in Name("a name for the metric")
        from value in AssignedValue
        select (Finish)(span => new MetricStatement(name, value, span)));

    private static readonly Parser<Statement> Clip = Form(Construct.Clip,
        from word in Word("clip")
        from limit in ExpressionClimber.Any
        select (Finish)(span => new ClipStatement(limit, span)));

    private static readonly Parser<Statement> Freeze = Form(Construct.Freeze,
        from word in Word("freeze")
        from paths in CommaSeparated(Path)
        select (Finish)(span => new FreezeStatement(paths, span)));

    private static readonly Parser<Statement> Rate = Form(Construct.Rate,
        from word in Word("rate")
        from factor in ExpressionClimber.Any
        from behind in Word("on")
        from paths in CommaSeparated(Path)
        select (Finish)(span => new RateStatement(factor, paths, span)));

    private static readonly Parser<Statement> Accumulate = Form(Construct.Accumulate,
        from word in Word("accumulate")
        from batches in ExpressionClimber.Any
        select (Finish)(span => new AccumulateStatement(batches, span)));

    private static readonly Parser<Statement> Average = Form(Construct.Average,
        from word in Word("average")
        from net in Name("the name of a network")
        from decay in ExpressionClimber.Any
        select (Finish)(span => new AverageStatement(net, decay, span)));

    private static readonly Parser<Statement> Precision = Form(Construct.Precision,
        from word in Word("precision")
        from kind in Name("f32, tf32, bf16 or f16")
        select (Finish)(span => new PrecisionStatement(kind, span)));

    // A comma goes on with paths, or begins what is trained all the same.
    private static readonly Parser<EquatableArray<PathPattern>> LoraPaths = input =>
    {
        var paths = new List<PathPattern>();
        while (true)
        {
            var path = Path(input);
            if (!path.WasSuccessful) return Result.Failure<EquatableArray<PathPattern>>(input, "paths", []);
            paths.Add(path.Value);
            input = path.Remainder;
            var place = (TokenInput)input;
            if (place.Kind != TokenKind.Comma || place.Next is { Word: "except", Next.Kind: TokenKind.Colon }) return Result.Success(new EquatableArray<PathPattern>(paths), input);
            input = input.Advance();
        }
    };

    private static readonly Parser<Statement> Lora = Form(Construct.Lora,
        from word in Word("lora")
        from settings in ExpressionClimber.Arguments
        from behind in Word("on")
        from paths in LoraPaths
        from trained in When(TokenKind.Comma, Kind(TokenKind.Comma).Then(_ => Word("except")).Then(_ => Kind(TokenKind.Colon)).Then(_ => Word("train")).Then(_ => CommaSeparated(Path)).Select(items => new Paths(items)))
        select (Finish)(span => new LoraStatement(settings, paths, trained?.Patterns ?? EquatableArray<PathPattern>.Empty, span)));

    // ---- Budgets ---------------------------------------------------------------------------------------------------

    private static readonly Parser<NumberExpression> Amount = Kind(TokenKind.Number).Select(token =>
    {
        Lexer.TryReadNumber(token.Text, out var value);
        return new NumberExpression(value, value == Math.Floor(value), token.Span);
    });

    private static readonly Parser<BudgetSize> BudgetSize = Spanned<BudgetSize>(
        from axis in Name("the name of an axis")
        from value in ExpressionClimber.WithoutPipe
        select (Func<TextSpan, BudgetSize>)(span => new BudgetSize(axis, value, span)));

    private sealed record BudgetSizes(EquatableArray<BudgetSize> Items);

    private static readonly Parser<Statement> Budget = Form(Construct.Budget,
        from word in Word("budget")
        from resource in OneOf("memory", "flops")
        from amount in Amount
        from unit in UnlessWord("at", "a unit, such as MB or G", Name("a unit, such as MB or G"))
        from sizes in WhenWord("at", Word("at").Then(_ => CommaSeparated(BudgetSize)).Select(items => new BudgetSizes(items)))
        select (Finish)(span => new BudgetStatement(resource, amount, unit, sizes?.Items ?? EquatableArray<BudgetSize>.Empty, span)));

    private static readonly Dictionary<string, Parser<Statement>> Words = new()
    {
        ["param"] = Storage(isBuffer: false),
        ["buffer"] = Storage(isBuffer: true),
        ["repeat"] = Repeat,
        ["feedback"] = FeedbackGrammar.Feedback,
        ["emit"] = FeedbackGrammar.Emit,
        ["minimize"] = Minimize,
        ["metric"] = Metric,
        ["clip"] = Clip,
        ["freeze"] = Freeze,
        ["rate"] = Rate,
        ["accumulate"] = Accumulate,
        ["average"] = Average,
        ["precision"] = Precision,
        ["lora"] = Lora,
        ["budget"] = Budget,
    };
}
