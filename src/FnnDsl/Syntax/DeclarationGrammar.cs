using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Sprache;
using static FeedbackNN.Dsl.Syntax.Terminals;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>
/// The grammar of declarations. A parser gives what it read as a function of <see cref="DeclarationText"/>, which knows the doc
/// comment and the tokens.
/// </summary>
internal static class DeclarationGrammar
{
    public delegate Declaration Finish(DeclarationText text);

    // ---- namespace and dim -----------------------------------------------------------------------------------------

    /// <summary><c>namespace A.B</c>, as one name.</summary>
    public static readonly Parser<Identifier> Namespace = Within(Construct.Namespace,
        from word in Word("namespace")
        from name in QualifiedName("a name for the namespace")
        select name);

    private static Parser<Identifier> QualifiedName(string expected) => input =>
    {
        var first = Name(expected)(input);
        if (!first.WasSuccessful) return first;
        var (text, span, rest) = (first.Value.Text, first.Value.Span, first.Remainder);
        while (((TokenInput)rest).Kind == TokenKind.Dot)
        {
            var part = Name("a name after '.'")(rest.Advance());
            if (!part.WasSuccessful) return part;
            (text, span, rest) = (text + "." + part.Value.Text, span.Cover(part.Value.Span), part.Remainder);
        }
        return Result.Success(new Identifier(text, span), rest);
    };

    /// <summary>One constant of a <c>dim</c>, and the tokens that are its own.</summary>
    public sealed record DimItem(Identifier Name, Expression Value, int Start, int End);

    private static readonly Parser<DimItem> Dim =
        from start in Here
        from name in Name("a name for the dim")
        from assign in Kind(TokenKind.Assign)
        from value in ExpressionClimber.Any
        from end in Here
        select new DimItem(name, value, start.Index, end.Index);

    /// <summary><c>dim a = 1, b = 2*a</c></summary>
    public static readonly Parser<EquatableArray<DimItem>> Dims = Within(Construct.Dim, Word("dim").Then(_ => CommaSeparated(Dim)));

    // ---- fn, layer, model ------------------------------------------------------------------------------------------

    private sealed record Conditions(EquatableArray<Expression> Items)
    {
        public static readonly Conditions None = new(EquatableArray<Expression>.Empty);
    }

    private static readonly Parser<Conditions?> Where = WhenWord("where", Within(Construct.Where,
        from word in Word("where")
        from conditions in CommaSeparated(ExpressionClimber.WithoutPipe)
        select new Conditions(conditions)));

    // Everything behind the name: (config)(tensors) -> results where … { … }
    private static Parser<Finish> Signature(CallableKind kind, Identifier name) =>
        from first in TypeGrammar.Parameters
        from second in SecondList(kind)
        from results in TypeGrammar.Results
        from conditions in Where
        from body in StatementGrammar.Block
        select (Finish)(text => new CallableDeclaration(
            kind,
            name,
            second is null ? null : first,
            second?.Items ?? first,
            results,
            (conditions ?? Conditions.None).Items,
            body,
            text.Doc,
            text.Tokens,
            text.TokenText,
            text.Span));

    private sealed record ParameterList(EquatableArray<ParameterSyntax> Items);

    private static Parser<ParameterList?> SecondList(CallableKind kind) => input =>
    {
        var place = (TokenInput)input;
        if (place.Kind == TokenKind.OpenParenthesis && kind == CallableKind.Fn)
        {
            place.Session.Report(DiagnosticTable.SeveralParameterLists, place.Token.Span, "put all parameters in one list, or declare a layer");
        }
        return When(TokenKind.OpenParenthesis, TypeGrammar.Parameters.Select(items => new ParameterList(items)))(input);
    };

    private static Parser<Finish> Callable(CallableKind kind, string word, Construct construct) => Within(construct,
        from keyword in Word(word)
        from name in Name("a name for the " + word)
        from rest in Signature(kind, name)
        select rest);

    // model Name(…) … or model Name = Family(…)
    private static readonly Parser<Finish> Model = Within(Construct.Model,
        from keyword in Word("model")
        from name in Name("a name for the model")
        from place in Here
        from rest in place.Kind is TokenKind.Assign or TokenKind.Name ? Member(FamilyKind.Model, name, Construct.ModelMember) : Signature(CallableKind.Model, name)
        select rest);

    private static Parser<Finish> Member(FamilyKind kind, Identifier name, Construct construct) => Within(construct,
        from assign in Kind(TokenKind.Assign, "parameters in '(' or '=' and a family")
        from family in ExpressionClimber.WithoutPipe
        select (Finish)(text => new MemberDeclaration(kind, name, family, text.Doc, text.Tokens, text.TokenText, text.Span)));

    // ---- const -----------------------------------------------------------------------------------------------------

    private static readonly Parser<Finish> Const = Within(Construct.Const,
        from keyword in Word("const")
        from binding in StatementGrammar.Constant
        select (Finish)(text => new ConstDeclaration(NameOf(binding), binding, text.Doc, text.Tokens, text.TokenText, text.Span)));

    private static Identifier NameOf(Statement binding) => binding is IndexBindStatement index ? index.Target : ((BindStatement)binding).Targets[0];

    // ---- train -----------------------------------------------------------------------------------------------------

    /// <summary><c>net: Model</c></summary>
    public static readonly Parser<NetSyntax> Net = Spanned<NetSyntax>(
        from name in Name("a name for the network")
        from colon in Kind(TokenKind.Colon, "':' and a model")
        from model in QualifiedName("the name of a model")
        select (Func<TextSpan, NetSyntax>)(span => new NetSyntax(name, model, span)));

    // train Name for … or train Name(config) for … or train Name = Family(…)
    private static readonly Parser<Finish> Train = Within(Construct.Train,
        from keyword in Word("train")
        from name in UnlessWord("for", "a name for the train", Name("a name for the train"))
        from place in Here
        from rest in place.Kind == TokenKind.Assign ? Member(FamilyKind.Train, name, Construct.TrainMember) : TrainBody(name)
        select rest);

    // A list without 'for' behind it is that of the tensors, and 'for' is missing before it.
    private static readonly Parser<ParameterList?> TrainConfig = input =>
    {
        var place = (TokenInput)input;
        var close = place.Kind == TokenKind.OpenParenthesis ? place.Session.Partner(place.Index) : -1;
        return close >= 0 && place.Session.At(close + 1).IsWord("for") ? TypeGrammar.Parameters.Select(items => (ParameterList?)new ParameterList(items))(input) : Result.Success<ParameterList?>(null, input);
    };

    private static Parser<Finish> TrainBody(Identifier name) =>
        from config in TrainConfig
        from word in Word("for")
        from nets in CommaSeparated(Net)
        from inputs in TypeGrammar.Parameters
        from conditions in Where
        from body in StatementGrammar.Block
        select (Finish)(text => new TrainDeclaration(
            name, config?.Items, nets, inputs, (conditions ?? Conditions.None).Items, body, text.Doc, text.Tokens, text.TokenText, text.Span));

    // ---- generate --------------------------------------------------------------------------------------------------

    private static readonly Parser<Finish> Generate = Within(Construct.Generate,
        from keyword in Word("generate")
        from name in Name("a name for the program")
        from word in Word("from", "'from' and its networks")
        from nets in CommaSeparated(Net)
        from parameters in TypeGrammar.Parameters
        from results in TypeGrammar.Results
        from conditions in Where
        from body in StatementGrammar.Block
        select (Finish)(text => new GenerateDeclaration(
            name,
            nets,
            new CallableDeclaration(CallableKind.Fn, name, null, parameters, results, (conditions ?? Conditions.None).Items, body, text.Doc, text.Tokens, text.TokenText, text.Span),
            text.Doc,
            text.Tokens,
            text.TokenText,
            text.Span)));

    /// <summary>The declarations that have a name and a body, by their word.</summary>
    public static readonly Dictionary<string, Parser<Finish>> ByWord = new()
    {
        ["fn"] = Callable(CallableKind.Fn, "fn", Construct.Fn),
        ["layer"] = Callable(CallableKind.Layer, "layer", Construct.Layer),
        ["model"] = Model,
        ["train"] = Train,
        ["const"] = Const,
        ["generate"] = Generate,
        ["pipeline"] = PipelineGrammar.Pipeline,
        ["checkpoint"] = PipelineGrammar.Checkpoint,
    };
}
