using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Sprache;
using static FeedbackNN.Dsl.Syntax.Terminals;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The grammar of a feedback block: its states, how long it runs, its options in any order, and <c>emit</c> in its body. All its words are names
/// elsewhere.
/// </summary>
internal static class FeedbackGrammar
{
    private static readonly Parser<Expression> Value = ExpressionClimber.BeforeStep;

    // ---- States ----------------------------------------------------------------------------------------------------

    private static Parser<StateSyntax> StateOf(Parser<TypeSyntax> types) => Spanned<StateSyntax>(
        from name in Name("a name for the state")
        from colon in Kind(TokenKind.Colon, "':' and a type")
        from type in types
        from initial in When(TokenKind.Assign, Kind(TokenKind.Assign).Then(_ => ExpressionClimber.Any))
        select (Func<TextSpan, StateSyntax>)(span => new StateSyntax(name, type, initial, span)));

    private static readonly Parser<StateSyntax> FixedState = StateOf(TypeGrammar.Type);

    private static readonly Parser<StateSyntax> GrowingState = StateOf(TypeGrammar.GrowingType).Select(state => state with { Grows = true });

    // A state may be called grow.
    private static readonly Parser<StateSyntax> State = input =>
    {
        var place = (TokenInput)input;
        return place.IsWord("grow") && place.Next.Kind == TokenKind.Name ? GrowingState(place.Next) : FixedState(input);
    };

    private static readonly Parser<EquatableArray<StateSyntax>> SomeStates = InParentheses("the states in '('", Construct.States, State);

    private static readonly Parser<EquatableArray<StateSyntax>> NoStates =
        Within(Construct.States, Expect<EquatableArray<StateSyntax>>("a state, such as h: real[batch, n] = 0"));

    private static readonly Parser<EquatableArray<StateSyntax>> States = input =>
    {
        var states = SomeStates(input);
        return states.WasSuccessful && states.Value.Count == 0 ? NoStates(input.Advance()) : states;
    };

    // ---- How long --------------------------------------------------------------------------------------------------

    private static Parser<FeedbackForm> Form(Construct construct, Parser<Func<TextSpan, FeedbackForm>> parser) => Within(construct, Spanned(parser));

    private static readonly Parser<LoopSource> NamedSource = Spanned<LoopSource>(
        from name in Name("a name for the slice")
        from word in Word("in", "'in' and what is cut into slices")
        from value in Value
        select (Func<TextSpan, LoopSource>)(span => new LoopSource(name, value, span)));

    // A slice may be called along.
    private static readonly Parser<LoopSource> Source = input =>
        ((TokenInput)input).IsWord("along") && !((TokenInput)input).Next.IsWord("in")
            ? Expect<LoopSource>("a name for the slice")(input)
            : NamedSource(input);

    private static readonly Parser<FeedbackForm> Over = Form(Construct.Over,
        from word in Word("over")
        from sources in CommaSeparated(Source)
        from along in Word("along", "'along' and an axis")
        from axis in Value
        select (Func<TextSpan, FeedbackForm>)(span => new OverForm(sources, axis, span)));

    private static readonly Parser<FeedbackForm> Times = Form(Construct.Times,
        from word in Word("times")
        from count in Value
        select (Func<TextSpan, FeedbackForm>)(span => new TimesForm(count, span)));

    // Where only the comma is missing, only the comma is asked for.
    private static readonly Parser<Expression> AtMost =
        from place in Here
        from comma in Kind(TokenKind.Comma, place.IsWord("at_most") ? "','" : "', at_most' and the most rounds")
        from word in Word("at_most", "'at_most' and the most rounds")
        from most in Value
        select most;

    private static readonly Parser<Expression> Condition = input =>
    {
        var place = (TokenInput)input;
        var isMissing = place.IsWord("at_most") && place.Next.Kind is TokenKind.Name or TokenKind.Number;
        return isMissing ? Expect<Expression>("a condition")(input) : Value(input);
    };

    private static readonly Parser<FeedbackForm> Until = Form(Construct.Until,
        from word in Word("until")
        from condition in Condition
        from most in AtMost
        select (Func<TextSpan, FeedbackForm>)(span => new UntilForm(condition, most, span)));

    private static readonly Parser<FeedbackForm> Halt = Form(Construct.Halt,
        from until in Word("until")
        from word in Word("halt")
        from opening in Here
        from open in Kind(TokenKind.OpenParenthesis)
        from probability in ExpressionClimber.Any
        from close in Closing(opening.Index)
        from most in AtMost
        select (Func<TextSpan, FeedbackForm>)(span => new HaltForm(probability, most, span)));

    private static readonly Parser<FeedbackForm> FixedPoint = Form(Construct.FixedPoint,
        from to in Word("to")
        from word in Word("fixed_point", "'fixed_point' and its settings")
        from arguments in ExpressionClimber.Arguments
        select (Func<TextSpan, FeedbackForm>)(span => new FixedPointForm(arguments, span)));

    private static readonly Dictionary<string, Parser<FeedbackForm>> Forms = new()
    {
        ["over"] = Over,
        ["times"] = Times,
        ["until"] = input => IsHalt(((TokenInput)input).Next) ? Halt(input) : Until(input),
        ["to"] = FixedPoint,
    };

    // halt(p) by itself; halt(p) > 0.9 is a condition that calls something of the user's.
    private static bool IsHalt(TokenInput place)
    {
        if (!place.IsWord("halt") || place.Next.Kind != TokenKind.OpenParenthesis) return false;
        var close = place.Session.Partner(place.Index + 1);
        if (close < 0) return true;
        var behind = place.Session.Kinds[close + 1];
        return OperatorLevel.Of(behind).Level == 0 && behind is not (TokenKind.OpenParenthesis or TokenKind.OpenBracket or TokenKind.Dot);
    }

    private static readonly Parser<FeedbackForm> HowLong = input =>
        Forms.TryGetValue(((TokenInput)input).Word, out var form)
            ? form(input)
            : Expect<FeedbackForm>("how long it runs (over … along, times, until …, at_most, or to fixed_point(…))")(input);

    // ---- Options ---------------------------------------------------------------------------------------------------

    private sealed record Options(Identifier? Step, Identifier? Reverse, Expression? Lengths, Expression? Truncate, Expression? Checkpoint, Expression? Slide, Identifier? Otherwise)
    {
        public static readonly Options None = new(null, null, null, null, null, null, null);
    }

    private delegate Options Change(Options options);

    private static readonly Dictionary<string, Parser<Change>> ByWord = new()
    {
        ["as"] = Kind(TokenKind.As).Then(_ => Name("a name for the step")).Select(name => (Change)(options => options with { Step = name })),
        ["reverse"] = Word("reverse").Select(word => (Change)(options => options with { Reverse = new Identifier(word.Text, word.Span) })),
        ["lengths"] = Word("lengths").Then(_ => Value).Select(value => (Change)(options => options with { Lengths = value })),
        ["truncate"] = Word("truncate").Then(_ => Value).Select(value => (Change)(options => options with { Truncate = value })),
        ["checkpoint"] = Within(Construct.Checkpoint, Word("checkpoint").Then(_ => Word("every")).Then(_ => Value))
            .Select(value => (Change)(options => options with { Checkpoint = value })),
        ["slide"] = Word("slide").Then(_ => Value).Select(value => (Change)(options => options with { Slide = value })),
        ["else"] = Within(Construct.Otherwise, Word("else").Then(_ => OneOf("warn", "fail", "best")))
            .Select(word => (Change)(options => options with { Otherwise = word })),
    };

    private static readonly Parser<Options> AllOptions = input =>
    {
        var options = Options.None;
        var given = new Dictionary<string, TextSpan>();
        while (true)
        {
            var place = (TokenInput)input;
            var word = place.Kind == TokenKind.As ? place.Token.Text : place.Word;
            if (!ByWord.TryGetValue(word, out var option))
            {
                if (place.Kind != TokenKind.OpenBrace) place.Session.Fail(place.Index, "an option");
                return Result.Success(options, input);
            }
            var change = option(input);
            if (!change.WasSuccessful) return Result.Failure<Options>(input, "option", []);
            if (given.TryGetValue(word, out var first)) ReportTwice(place, first);
            else
            {
                options = change.Value(options);
                given.Add(word, place.Token.Span);
            }
            input = change.Remainder;
        }
    };

    private static void ReportTwice(TokenInput place, TextSpan first) => place.Session.Diagnostics.Report(
        DiagnosticTable.OptionTwice,
        place.Session.Locate(place.Token.Span),
        "take one of them away",
        EquatableArray<Label>.Own(new Label(place.Session.Locate(first), "given here first")),
        place.Token.Text);

    // ---- Statements ------------------------------------------------------------------------------------------------

    // Also in a train, where nothing else is updated.
    private static readonly Parser<EquatableArray<Statement>> Body = input =>
    {
        var session = ((TokenInput)input).Session;
        session.FeedbackDepth++;
        var body = StatementGrammar.Block(input);
        session.FeedbackDepth--;
        return body;
    };

    /// <summary><c>feedback (h: real[batch, n] = 0) times 8 as t { … }</c></summary>
    public static readonly Parser<Statement> Feedback = Within(Construct.Feedback, Spanned<Statement>(
        from word in Word("feedback")
        from states in States
        from form in HowLong
        from options in AllOptions
        from body in Body
        select (Func<TextSpan, Statement>)(span => new FeedbackStatement(
            states, form, options.Step, options.Reverse, options.Lengths, options.Truncate, options.Checkpoint, options.Slide, options.Otherwise, body, span))));

    /// <summary><c>emit ys = y</c> or <c>emit ys = y along 0</c></summary>
    public static readonly Parser<Statement> Emit = Within(Construct.Emit, Spanned<Statement>(
        from word in Word("emit")
        from name in Name("a name for what is collected")
        from assign in Kind(TokenKind.Assign)
        from value in ExpressionClimber.Any
        from along in WhenWord("along", Word("along").Then(_ => ExpressionClimber.Any))
        select (Func<TextSpan, Statement>)(span => new EmitStatement(name, value, along, span))));

    /// <summary>The words that may stand between the states and the body.</summary>
    public static readonly string[] HeadWords = [.. Forms.Keys, .. ByWord.Keys];
}
