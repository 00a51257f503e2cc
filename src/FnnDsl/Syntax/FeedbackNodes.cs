using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

// The nodes of a feedback block: its states, how long it runs, and what its body collects.

/// <summary>One state: <c>h: real[batch, hidden] = 0</c>.</summary>
public sealed record StateSyntax(Identifier Name, TypeSyntax Type, Expression? Initial, TextSpan Span) : SyntaxNode(Span)
{
    /// <summary>Whether it was written with <c>grow</c>.</summary>
    public bool Grows { get; init; }
}

/// <summary><c>x_t in x</c>: in each step <see cref="Name"/> is the next slice of <see cref="Value"/>.</summary>
public sealed record LoopSource(Identifier Name, Expression Value, TextSpan Span) : SyntaxNode(Span);

/// <summary>How long a feedback block runs.</summary>
public abstract record FeedbackForm(TextSpan Span) : SyntaxNode(Span);

/// <summary><c>over x_t in x, y_t in y along time</c></summary>
public sealed record OverForm(EquatableArray<LoopSource> Sources, Expression Axis, TextSpan Span) : FeedbackForm(Span);

/// <summary><c>times 8</c></summary>
public sealed record TimesForm(Expression Count, TextSpan Span) : FeedbackForm(Span);

/// <summary><c>until change &lt; 1e-3, at_most 20</c></summary>
public sealed record UntilForm(Expression Condition, Expression AtMost, TextSpan Span) : FeedbackForm(Span);

/// <summary><c>until halt(p), at_most 20</c></summary>
public sealed record HaltForm(Expression Probability, Expression AtMost, TextSpan Span) : FeedbackForm(Span);

/// <summary><c>to fixed_point(tol: 1e-4, at_most: 40)</c></summary>
public sealed record FixedPointForm(EquatableArray<Argument> Arguments, TextSpan Span) : FeedbackForm(Span);

/// <summary><c>feedback (h: real[batch, hidden] = 0) over x_t in x along time reverse as t { … }</c></summary>
/// <param name="Step">The name behind <c>as</c>.</param>
/// <param name="Reverse">The word <c>reverse</c> itself.</param>
/// <param name="Checkpoint">What stands behind <c>checkpoint every</c>.</param>
/// <param name="Slide">How many elements a full state that grows forgets.</param>
/// <param name="Otherwise"><c>warn</c>, <c>fail</c> or <c>best</c>, behind <c>else</c>.</param>
public sealed record FeedbackStatement(
    EquatableArray<StateSyntax> States,
    FeedbackForm Form,
    Identifier? Step,
    Identifier? Reverse,
    Expression? Lengths,
    Expression? Truncate,
    Expression? Checkpoint,
    Expression? Slide,
    Identifier? Otherwise,
    EquatableArray<Statement> Body,
    TextSpan Span) : Statement(Span);

/// <summary><c>emit ys = y along 0</c></summary>
public sealed record EmitStatement(Identifier Name, Expression Value, Expression? Along, TextSpan Span) : Statement(Span);
