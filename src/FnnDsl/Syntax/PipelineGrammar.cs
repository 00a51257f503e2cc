using FeedbackNN.Dsl.Text;
using Sprache;
using static FeedbackNN.Dsl.Syntax.Terminals;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>The grammar of <c>pipeline</c> and <c>checkpoint</c>. Their lines are no statements: they name stages, data and weights.</summary>
internal static class PipelineGrammar
{
    // ---- Stages ----------------------------------------------------------------------------------------------------

    private static readonly Parser<TrainCall> Call = Spanned<TrainCall>(
        from train in Name("the name of a train")
        from nets in InParentheses("its networks in '('", Construct.Stage, Name("the name of a network"))
        select (Func<TextSpan, TrainCall>)(span => new TrainCall(train, nets, span)));

    private static readonly Parser<Argument> Setting = Spanned<Argument>(
        from name in Name("a setting")
        from colon in Kind(TokenKind.Colon)
        from value in ExpressionClimber.Any
        select (Func<TextSpan, Argument>)(span => new Argument(name, value, span)));

    private static readonly Parser<Choice> Part =
        from opening in Here
        from open in Kind(TokenKind.OpenParenthesis)
        from name in Name("a name for the data")
        from settings in When(TokenKind.Comma, Kind(TokenKind.Comma).Then(_ => CommaSeparated(Setting)).Select(items => new Settings(items)))
        from close in Closing(opening.Index)
        select new Choice(name, settings?.Items ?? EquatableArray<Argument>.Empty);

    private sealed record Choice(Identifier Name, EquatableArray<Argument> Settings);

    private sealed record Settings(EquatableArray<Argument> Items);

    private static readonly Parser<DataSyntax> Data = Within(Construct.Data, Spanned<DataSyntax>(
        from name in Name("a name for the data")
        from part in When(TokenKind.OpenParenthesis, Part)
        select (Func<TextSpan, DataSyntax>)(span => part is null
            ? new DataSyntax(null, name, EquatableArray<Argument>.Empty, span)
            : new DataSyntax(name, part.Name, part.Settings, span))));

    private static readonly Parser<DataSyntax> On = Word("on", "'on' and data").Then(_ => Data);

    private static readonly Parser<Expression> Epochs =
        from word in Word("for", "'for' and a number of epochs")
        from count in ExpressionClimber.BeforeStep
        from unit in OneOf("epochs", "epoch")
        select count;

    private sealed record Frozen(EquatableArray<PathPattern> Paths);

    private static readonly Parser<Frozen> FrozenPaths = input =>
    {
        var paths = new List<PathPattern>();
        var place = SkipLines(((TokenInput)input).Next);
        while (place.Kind != TokenKind.CloseBrace)
        {
            var line = Word("freeze", "'freeze' and weights").Then(_ => CommaSeparated(StatementGrammar.Path))(place);
            if (!line.WasSuccessful) return Result.Failure<Frozen>(input, "freeze", []);
            paths.AddRange(line.Value);
            place = SkipLines((TokenInput)line.Remainder);
        }
        return Result.Success(new Frozen(new EquatableArray<PathPattern>(paths)), place.Next);
    };

    private static Parser<PipelineStep> Fit(Identifier name) =>
        Spanned<PipelineStep>(
            from call in Call
            from data in On
            from epochs in Epochs
            from frozen in When(TokenKind.OpenBrace, FrozenPaths)
            select (Func<TextSpan, PipelineStep>)(span => new FitStage(name, call, data, epochs, frozen?.Paths ?? EquatableArray<PathPattern>.Empty, name.Span.Cover(span))));

    private static Parser<PipelineStep> Evaluate(Identifier name) =>
        Spanned<PipelineStep>(
            from word in Word("evaluate")
            from call in Call
            from data in On
            select (Func<TextSpan, PipelineStep>)(span => new EvaluateStage(name, call, data, name.Span.Cover(span))));

    private static Parser<PipelineStep> Transfer(Identifier name) =>
        Spanned<PipelineStep>(
            from to in StatementGrammar.Path
            from word in Word("from", "'from' and the weights to take")
            from origin in StatementGrammar.Path
            select (Func<TextSpan, PipelineStep>)(span => new TransferStage(name, to, origin, name.Span.Cover(span))));

    private static readonly Parser<PipelineStep> NamedStage = Within(Construct.Stage,
        from name in Name("a name for the stage")
        from colon in Kind(TokenKind.Colon)
        from place in Here
        from stage in place.IsWord("evaluate") && place.Next.Kind == TokenKind.Name ? Evaluate(name)
            : place.Next.Kind == TokenKind.Dot || place.Next.IsWord("from") ? Transfer(name) : Fit(name)
        select stage);

    private static readonly Parser<PipelineStep> Run = Within(Construct.StageAgain, Spanned<PipelineStep>(
        from name in Name("the name of a stage")
        from data in WhenWord("on", On)
        from epochs in WhenWord("for", Epochs)
        select (Func<TextSpan, PipelineStep>)(span => new RunStep(name, data, epochs, span))));

    private static readonly Parser<PipelineStep> Feedback = Within(Construct.PipelineFeedback, Spanned<PipelineStep>(
        from word in Word("feedback")
        from again in Word("while", "'while' and a condition")
        from condition in ExpressionClimber.WithoutPipe
        from comma in Kind(TokenKind.Comma, "', at_most' and the most rounds")
        from most in Word("at_most", "'at_most' and the most rounds")
        from count in ExpressionClimber.WithoutPipe
        from body in Body
        select (Func<TextSpan, PipelineStep>)(span => new PipelineFeedback(condition, count, body, span))));

    private static Parser<EquatableArray<PipelineStep>> Body => Lines(place =>
        place.IsWord("feedback") && place.Next.IsWord("while") ? Feedback : place.Next.Kind == TokenKind.Colon ? NamedStage : Run);

    // ---- Names of others' checkpoints ------------------------------------------------------------------------------

    private static readonly Parser<Identifier> Hole =
        from opening in Here
        from open in Kind(TokenKind.OpenBrace)
        from name in Name("a name for the number")
        from close in Closing(opening.Index)
        select new Identifier("{" + name.Text + "}", opening.Token.Span.Cover(close.Span));

    private static readonly Parser<Identifier> EntryPart = input =>
        ((TokenInput)input).Kind switch
        {
            TokenKind.OpenBrace => Hole(input),
            TokenKind.Number => Kind(TokenKind.Number).Select(token => new Identifier(token.Text, token.Span))(input),
            _ => Name("a name, a number or {i}")(input),
        };

    private static readonly Parser<EquatableArray<Identifier>> EntryPath = input =>
    {
        var parts = new List<Identifier>();
        while (true)
        {
            var part = EntryPart(input);
            if (!part.WasSuccessful) return Result.Failure<EquatableArray<Identifier>>(input, "path", []);
            parts.Add(part.Value);
            if (((TokenInput)part.Remainder).Kind != TokenKind.Dot) return Result.Success(new EquatableArray<Identifier>(parts), part.Remainder);
            input = part.Remainder.Advance();
        }
    };

    private sealed record Bound(Expression? Value);

    private static Parser<Bound> BoundBefore(char end) => input =>
        ((TokenInput)input).Kind == end ? Result.Success(new Bound(null), input) : ExpressionClimber.WithoutPipe.Select(value => new Bound(value))(input);

    private static readonly Parser<RangeSubscript> Range = Spanned<RangeSubscript>(
        from first in BoundBefore(TokenKind.Colon)
        from colon in Kind(TokenKind.Colon, "':' between the first row and the one after the last")
        from end in BoundBefore(TokenKind.CloseBracket)
        select (Func<TextSpan, RangeSubscript>)(span => new RangeSubscript(first.Value, end.Value, null, span)));

    private static readonly Parser<RangeSubscript> Rows =
        from opening in Here
        from open in Kind(TokenKind.OpenBracket)
        from range in Range
        from close in Closing(opening.Index)
        select range;

    private static readonly Parser<CheckpointAlternative> Alternative = input => ((TokenInput)input).Kind == TokenKind.String
        ? Terminals.String.Select(name => new CheckpointAlternative(name, null, name.Span))(input)
        : StatementGrammar.Path.Select(path => new CheckpointAlternative(null, path, path.Span))(input);

    private static readonly Parser<EquatableArray<CheckpointAlternative>> Alternatives = input =>
    {
        var found = new List<CheckpointAlternative>();
        while (((TokenInput)input).Kind == TokenKind.Or)
        {
            var next = Alternative(input.Advance());
            if (!next.WasSuccessful) return Result.Failure<EquatableArray<CheckpointAlternative>>(input, "alternative", []);
            found.Add(next.Value);
            input = next.Remainder;
        }
        return Result.Success(new EquatableArray<CheckpointAlternative>(found), input);
    };

    private static readonly Parser<CheckpointLine> Entry = Within(Construct.CheckpointEntry, Spanned<CheckpointLine>(
        from path in EntryPath
        from rows in When(TokenKind.OpenBracket, Rows)
        from assign in Kind(TokenKind.Assign)
        from theirs in ExpressionClimber.Tight
        from others in Alternatives
        select (Func<TextSpan, CheckpointLine>)(span => new CheckpointEntry(path, rows, theirs, others, span))));

    private static readonly Parser<CheckpointLine> Prefix = Within(Construct.CheckpointEntry, Spanned<CheckpointLine>(
        from word in Word("prefix")
        from text in Terminals.String
        select (Func<TextSpan, CheckpointLine>)(span => new CheckpointPrefix(text, span))));

    private static readonly Parser<CheckpointLine> Ignored = Within(Construct.CheckpointEntry, Spanned<CheckpointLine>(
        from word in Word("ignore")
        from names in CommaSeparated(Terminals.String)
        select (Func<TextSpan, CheckpointLine>)(span => new CheckpointIgnored(names, span))));

    private static Parser<CheckpointLine> LineOf(TokenInput place) =>
        place.Next.Kind != TokenKind.String ? Entry : place.IsWord("prefix") ? Prefix : place.IsWord("ignore") ? Ignored : Entry;

    // ---- Declarations ----------------------------------------------------------------------------------------------

    public static readonly Parser<DeclarationGrammar.Finish> Pipeline = Within(Construct.Pipeline,
        from keyword in Word("pipeline")
        from name in Name("a name for the pipeline")
        from word in Word("with", "'with' and its networks")
        from nets in CommaSeparated(DeclarationGrammar.Net)
        from body in Body
        select (DeclarationGrammar.Finish)(text => new PipelineDeclaration(name, nets, body, text.Doc, text.Tokens, text.TokenText, text.Span)));

    public static readonly Parser<DeclarationGrammar.Finish> Checkpoint = Within(Construct.CheckpointNames,
        from keyword in Word("checkpoint")
        from name in Name("a name for the other project")
        from word in Word("for", "'for' and a model")
        from model in Name("the name of a model")
        from lines in Lines(LineOf)
        select (DeclarationGrammar.Finish)(text => new CheckpointDeclaration(name, model, lines, text.Doc, text.Tokens, text.TokenText, text.Span)));

    // ---- Lines -----------------------------------------------------------------------------------------------------

    private static TokenInput SkipLines(TokenInput place)
    {
        while (place.Kind == TokenKind.Separator) place = place.Next;
        return place;
    }

    /// <summary>Lines in braces. After one with an error the others are still read.</summary>
    private static Parser<EquatableArray<T>> Lines<T>(Func<TokenInput, Parser<T>> form) => input =>
    {
        var opening = Kind(TokenKind.OpenBrace, "'{' and the body")(input);
        if (!opening.WasSuccessful) return Result.Failure<EquatableArray<T>>(input, "body", []);
        var session = ((TokenInput)input).Session;
        var items = new List<T>();
        var place = SkipLines((TokenInput)opening.Remainder);
        while (place.Kind is not (TokenKind.CloseBrace or TokenKind.End))
        {
            session.ForgetFailure();
            var line = form(place)(place);
            var end = line.WasSuccessful ? ((TokenInput)line.Remainder).Index : -1;
            if (line.WasSuccessful && session.Kinds[end] is TokenKind.Separator or TokenKind.CloseBrace or TokenKind.End) items.Add(line.Value);
            else
            {
                if (line.WasSuccessful) session.Fail(end, "the end of the line");
                var failedAt = session.ReportFailure();
                end = Math.Max(StatementRecovery.FindEnd(session, place.Index, failedAt), place.Index + 1);
            }
            place = SkipLines(session.At(end));
        }
        session.ForgetFailure();
        var close = Closing(((TokenInput)input).Index)(place);
        return close.WasSuccessful ? Result.Success(new EquatableArray<T>(items), close.Remainder) : Result.Failure<EquatableArray<T>>(input, "body", []);
    };
}
