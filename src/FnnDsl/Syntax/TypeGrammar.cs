using FeedbackNN.Dsl.Text;
using Sprache;
using static FeedbackNN.Dsl.Syntax.Terminals;

namespace FeedbackNN.Dsl.Syntax;

/// <summary>The grammar of types and parameter lists.</summary>
internal static class TypeGrammar
{
    private static Parser<TypeSyntax> TypeOf(Parser<EquatableArray<AxisSyntax>> axisList) => Within(Construct.Type, Spanned<TypeSyntax>(
        from element in Name("a type")
        from axes in When(TokenKind.OpenBracket, axisList.Select(axes => (object)axes))
        select (Func<TextSpan, TypeSyntax>)(span => new TypeSyntax(element, axes is null ? null : (EquatableArray<AxisSyntax>)axes, span))));

    /// <summary><c>f32[batch, 10]</c>, or without axes <c>int</c>.</summary>
    public static readonly Parser<TypeSyntax> Type = TypeOf(ExpressionClimber.Axes);

    /// <summary>The type of a state that grows: <c>i32[batch, length &lt;= 100]</c>.</summary>
    public static readonly Parser<TypeSyntax> GrowingType = TypeOf(ExpressionClimber.GrowingAxes);

    private static readonly Parser<ParameterSyntax> Parameter = Spanned<ParameterSyntax>(
        from name in Name("a name for the parameter")
        from colon in Kind(TokenKind.Colon, "':' and a type")
        from type in Type
        from value in When(TokenKind.Assign, Kind(TokenKind.Assign).Then(_ => ExpressionClimber.Any))
        select (Func<TextSpan, ParameterSyntax>)(span => new ParameterSyntax(name, type, value, span)));

    /// <summary><c>(x: f32[batch, n], k: int = 3)</c></summary>
    public static readonly Parser<EquatableArray<ParameterSyntax>> Parameters =
        InParentheses("parameters in '('", Construct.Parameters, Parameter);

    private static readonly Parser<ResultSyntax> NamedResult = Spanned<ResultSyntax>(
        from name in Name("a name for the result")
        from colon in Kind(TokenKind.Colon, "':' and a type, as several results have names")
        from type in Type
        select (Func<TextSpan, ResultSyntax>)(span => new ResultSyntax(name, type, span)));

    private static readonly Parser<EquatableArray<ResultSyntax>> OneResult =
        Type.Select(type => EquatableArray<ResultSyntax>.Own(new ResultSyntax(null, type, type.Span)));

    private static readonly Parser<EquatableArray<ResultSyntax>> SeveralResults = InParentheses("results in '('", Construct.Results, NamedResult);

    /// <summary><c>-> f32[batch, 10]</c> or <c>-> (logits: …, rounds: …)</c></summary>
    public static readonly Parser<EquatableArray<ResultSyntax>> Results = Within(Construct.Results,
        from arrow in Kind(TokenKind.Arrow, "'->' and the type of the result")
        from place in Here
        from results in place.Kind == TokenKind.OpenParenthesis ? SeveralResults : OneResult
        select results);
}
