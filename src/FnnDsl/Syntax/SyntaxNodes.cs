using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

// The syntax tree: what the parser gives and the binder reads. Nodes are immutable, know their span and nothing else.

/// <summary>A name with where it stands.</summary>
public sealed record Identifier(string Text, TextSpan Span)
{
    public override string ToString() => Text;
}

/// <summary>Any node of the tree.</summary>
public abstract record SyntaxNode(TextSpan Span);

// ---- Expressions ------------------------------------------------------------------------------------------------

public abstract record Expression(TextSpan Span) : SyntaxNode(Span);

/// <summary>A number. <see cref="IsInteger"/> tells <c>3</c> from <c>3.0</c>; <c>inf</c> is a name, not a literal.</summary>
public sealed record NumberExpression(double Value, bool IsInteger, TextSpan Span) : Expression(Span);

public sealed record StringExpression(string Value, TextSpan Span) : Expression(Span);

/// <summary>A name in an expression; <c>true</c>, <c>false</c> and <c>inf</c> come as names too.</summary>
public sealed record NameExpression(string Name, TextSpan Span) : Expression(Span);

public enum UnaryOperator { Negate, Not }

public sealed record UnaryExpression(UnaryOperator Operator, Expression Operand, TextSpan Span) : Expression(Span);

public enum BinaryOperator
{
    Add, Subtract, Multiply, Divide, MatrixMultiply, Remainder, Power,
    Less, LessOrEqual, Greater, GreaterOrEqual, Equal, NotEqual,
    And, Or,
}

/// <param name="OperatorSpan">The operator's own span, for messages about it.</param>
public sealed record BinaryExpression(BinaryOperator Operator, Expression Left, Expression Right, TextSpan OperatorSpan, TextSpan Span) : Expression(Span);

/// <summary><c>value |> target</c>: target is a name, member or call.</summary>
public sealed record PipeExpression(Expression Value, Expression Target, TextSpan Span) : Expression(Span);

/// <summary>An argument, by position or (<c>lr: 1e-3</c>) by name.</summary>
public sealed record Argument(Identifier? Name, Expression Value, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>f(a, b: 1)</c>; <c>linear(128)(x)</c> is a call whose callee is a call.</summary>
public sealed record CallExpression(Expression Callee, EquatableArray<Argument> Arguments, TextSpan Span) : Expression(Span);

/// <summary><c>wte.weight</c>, <c>w.T</c>.</summary>
public sealed record MemberExpression(Expression Target, Identifier Member, TextSpan Span) : Expression(Span);

/// <summary>
/// <c>x[:, -1]</c>, <c>x[a:b, ..., ::2]</c>, and inside index notation <c>x[b, 2*i + u]</c>: both are subscripts; the binder tells
/// them apart by whether names in them are index variables.
/// </summary>
public sealed record SubscriptExpression(Expression Target, EquatableArray<Subscript> Subscripts, TextSpan Span) : Expression(Span);

public abstract record Subscript(TextSpan Span) : SyntaxNode(Span);

/// <summary>One index: the axis goes away (or, in index notation, is indexed by the expression).</summary>
public sealed record IndexSubscript(Expression Index, TextSpan Span) : Subscript(Span);

/// <summary><c>from:to:step</c>, each optional.</summary>
public sealed record RangeSubscript(Expression? From, Expression? To, Expression? Step, TextSpan Span) : Subscript(Span);

/// <summary><c>...</c></summary>
public sealed record EllipsisSubscript(TextSpan Span) : Subscript(Span);

/// <summary><c>x as [batch, heads, d/heads]</c></summary>
public sealed record ReshapeExpression(Expression Value, EquatableArray<AxisSyntax> Axes, TextSpan Span) : Expression(Span);

/// <summary>The reducer keywords of index notation.</summary>
public enum Reducer { Sum, Max, Min, Mean, Prod }

/// <summary><c>sum[i, j] body</c>: reduces over index variables. (<c>sum(x, axis)</c> is an ordinary call of the name <c>sum</c>.)</summary>
public sealed record ReduceExpression(Reducer Reducer, EquatableArray<IndexVariable> Indices, Expression Body, TextSpan Span) : Expression(Span);

/// <summary><c>(a, b)</c></summary>
public sealed record TupleExpression(EquatableArray<Expression> Items, TextSpan Span) : Expression(Span);

/// <summary><c>[n, 3, 2*d]</c>: a shape as a value, as in <c>zeros([n, 3])</c>.</summary>
public sealed record ShapeExpression(EquatableArray<AxisSyntax> Axes, TextSpan Span) : Expression(Span);

/// <summary>Stands where an expression could not be parsed; an error has been reported and everything that uses it stays silent.</summary>
public sealed record MissingExpression(TextSpan Span) : Expression(Span);

// ---- Types ------------------------------------------------------------------------------------------------------

/// <summary>One axis of a type: an expression over sizes, or <c>...</c>.</summary>
public abstract record AxisSyntax(TextSpan Span) : SyntaxNode(Span);

public sealed record SizeAxis(Expression Size, TextSpan Span) : AxisSyntax(Span)
{
    /// <summary>The bound of an axis that grows: <c>length &lt;= 128</c>.</summary>
    public Expression? AtMost { get; init; }
}

public sealed record EllipsisAxis(TextSpan Span) : AxisSyntax(Span);

/// <summary><c>f32[batch, pixels]</c>; a config type (<c>dim</c>, <c>int</c>, <c>bool</c>, <c>f32</c>, <c>fn</c>) has no axes: <see cref="Axes"/> is null.</summary>
public sealed record TypeSyntax(Identifier Element, EquatableArray<AxisSyntax>? Axes, TextSpan Span) : SyntaxNode(Span);

// ---- Statements -------------------------------------------------------------------------------------------------

public abstract record Statement(TextSpan Span) : SyntaxNode(Span);

/// <summary>An index variable, with the range given to it where one is (<c>t: time</c>); <c>...</c> is an index variable of its own kind.</summary>
public sealed record IndexVariable(Identifier Name, Expression? Range, bool IsEllipsis, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>y = value</c>, <c>(q, k, v) = value</c>, and <c>y named "other" = linear(3)</c> for instances.</summary>
public sealed record BindStatement(EquatableArray<Identifier> Targets, StringExpression? CheckpointName, Expression Value, TextSpan Span) : Statement(Span);

/// <summary><c>y[b, o] = sum[i] x[b, i] * w[o, i]</c></summary>
public sealed record IndexBindStatement(Identifier Target, EquatableArray<IndexVariable> Indices, Expression Value, TextSpan Span) : Statement(Span);

/// <summary><c>param w: real[out, in] named "weight" = kaiming_uniform()</c> or <c>buffer mean: real[d] = 0</c>.</summary>
public sealed record StorageStatement(bool IsBuffer, Identifier Name, TypeSyntax Type, StringExpression? CheckpointName, Expression? Initial, TextSpan Span) : Statement(Span);

/// <summary><c>mean &lt;- value</c></summary>
public sealed record UpdateStatement(Identifier Target, Expression Value, TextSpan Span) : Statement(Span);

/// <summary><c>repeat depth as i : h checkpoint every 2 { … }</c></summary>
/// <param name="Checkpoint">The word <c>checkpoint</c>, where it stands.</param>
/// <param name="Every">What stands behind <c>checkpoint every</c>.</param>
public sealed record RepeatStatement(Expression Count, Identifier? Index, Identifier? Path, Identifier? Checkpoint, Expression? Every, EquatableArray<Statement> Body, TextSpan Span) : Statement(Span);

/// <summary><c>if condition { … } else { … }</c>, over build-time values; <c>else if</c> nests in <see cref="Else"/>.</summary>
public sealed record IfStatement(Expression Condition, EquatableArray<Statement> Then, EquatableArray<Statement> Else, TextSpan Span) : Statement(Span);

/// <summary>The size of a run-time axis that a budget holds at: <c>batch 64</c>.</summary>
public sealed record BudgetSize(Identifier Axis, Expression Value, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>budget memory 512MB at batch 64, time 128</c>: what a model may need.</summary>
/// <param name="Resource"><c>memory</c> or <c>flops</c>.</param>
public sealed record BudgetStatement(Identifier Resource, NumberExpression Number, Identifier Unit, EquatableArray<BudgetSize> Sizes, TextSpan Span) : Statement(Span);

public sealed record ReturnStatement(EquatableArray<Expression> Values, TextSpan Span) : Statement(Span);

/// <summary>
/// <c>net.blocks.*.attn</c>: a path pattern of names, numbers and <c>*</c>.
/// </summary>
public sealed record PathPattern(EquatableArray<Identifier> Parts, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>minimize loss over critic with adam(2e-4) every 5</c></summary>
public sealed record MinimizeStatement(Expression Loss, EquatableArray<PathPattern> Over, Expression Optimizer, Expression? Every, TextSpan Span) : Statement(Span);

public sealed record MetricStatement(Identifier Name, Expression Value, TextSpan Span) : Statement(Span);

/// <summary><c>clip global_norm(1.0)</c> or <c>clip value(0.5)</c></summary>
public sealed record ClipStatement(Expression Limit, TextSpan Span) : Statement(Span);

public sealed record FreezeStatement(EquatableArray<PathPattern> Paths, TextSpan Span) : Statement(Span);

/// <summary><c>rate 0.1 on net.embed, net.blocks.0</c>: these weights learn by so much of the optimizer's rate.</summary>
public sealed record RateStatement(Expression Factor, EquatableArray<PathPattern> Paths, TextSpan Span) : Statement(Span);

/// <summary><c>accumulate 4</c>: gradients of so many batches are added up before a step.</summary>
public sealed record AccumulateStatement(Expression Batches, TextSpan Span) : Statement(Span);

/// <summary><c>average net 0.999</c>: a moving average of a network's weights.</summary>
public sealed record AverageStatement(Identifier Net, Expression Decay, TextSpan Span) : Statement(Span);

/// <summary><c>precision bf16</c></summary>
public sealed record PrecisionStatement(Identifier Kind, TextSpan Span) : Statement(Span);

/// <summary><c>lora(rank: 8, alpha: 16) on net.blocks.*.attn.q.weight, except: train net.head</c></summary>
/// <param name="Trained">What stands behind <c>except: train</c>.</param>
public sealed record LoraStatement(EquatableArray<Argument> Settings, EquatableArray<PathPattern> Paths, EquatableArray<PathPattern> Trained, TextSpan Span) : Statement(Span);

// ---- Declarations -----------------------------------------------------------------------------------------------

/// <param name="Doc">The text of the <c>///</c> lines above, joined by line breaks; null without any.</param>
/// <param name="Tokens">Starts of this declaration's tokens, in order: positions inside it that survive edits above it.</param>
/// <param name="TokenText">All tokens joined by single blanks, comments left out: two declarations with equal text mean the same.</param>
public abstract record Declaration(Identifier Name, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span) : SyntaxNode(Span);

/// <summary>One name of <c>dim pixels = 784, classes = 10</c>.</summary>
public sealed record DimDeclaration(Identifier Name, Expression Value, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary><c>const beta[t: steps] = 1e-4 + 0.02 * t / (steps - 1)</c>: a tensor of which everything is known at build.</summary>
/// <param name="Binding">The statement that gives it its value; binds the name itself.</param>
public sealed record ConstDeclaration(Identifier Name, Statement Binding, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span);

public enum CallableKind { Fn, Layer, Model }

/// <summary>A parameter of a signature: config (<c>heads: int = 4</c>) or tensor (<c>x: real[batch, in]</c>).</summary>
public sealed record ParameterSyntax(Identifier Name, TypeSyntax Type, Expression? Default, TextSpan Span) : SyntaxNode(Span);

/// <summary>One result; named when there are several.</summary>
public sealed record ResultSyntax(Identifier? Name, TypeSyntax Type, TextSpan Span) : SyntaxNode(Span);

/// <summary>
/// <c>fn</c>, <c>layer</c> or <c>model</c>. An <c>fn</c> has one list that mixes tensors and config in <see cref="Parameters"/>;
/// a layer, and a model family, has its config in <see cref="Config"/>.
/// </summary>
public sealed record CallableDeclaration(
    CallableKind Kind,
    Identifier Name,
    EquatableArray<ParameterSyntax>? Config,
    EquatableArray<ParameterSyntax> Parameters,
    EquatableArray<ResultSyntax> Results,
    EquatableArray<Expression> Where,
    EquatableArray<Statement> Body,
    string? Doc,
    EquatableArray<int> Tokens,
    string TokenText,
    TextSpan Span) : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary>What the members of a family are.</summary>
public enum FamilyKind { Model, Train }

/// <summary><c>model CharGpt = Gpt(depth: 4, …)</c>, <c>train FitChars = Fit(CharGpt, rate: 1e-3)</c>: a member of a family.</summary>
public sealed record MemberDeclaration(FamilyKind Kind, Identifier Name, Expression Family, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary>One network of a <c>train</c>: <c>net: SimpleNN</c>.</summary>
public sealed record NetSyntax(Identifier Name, Identifier Model, TextSpan Span) : SyntaxNode(Span);

/// <summary>A <c>train</c>; a family of them where it has <see cref="Config"/>, or networks whose models are families.</summary>
public sealed record TrainDeclaration(
    Identifier Name,
    EquatableArray<ParameterSyntax>? Config,
    EquatableArray<NetSyntax> Nets,
    EquatableArray<ParameterSyntax> Inputs,
    EquatableArray<Expression> Where,
    EquatableArray<Statement> Body,
    string? Doc,
    EquatableArray<int> Tokens,
    string TokenText,
    TextSpan Span) : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary>One parsed file. Declarations that could not be parsed are missing from it and have diagnostics.</summary>
public sealed record FileSyntax(
    SourceText Source,
    string? Namespace,
    EquatableArray<Declaration> Declarations,
    EquatableArray<Diagnostic> Diagnostics)
{
    /// <summary>Names of declarations that could not be parsed: their uses are no errors of their own.</summary>
    public EquatableArray<string> BrokenNames { get; init; }

    /// <summary>Comments that turn findings off. Comments are no tokens: no declaration knows of them.</summary>
    public EquatableArray<IgnoreComment> IgnoreComments { get; init; }
}
