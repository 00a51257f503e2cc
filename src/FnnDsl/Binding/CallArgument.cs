using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// One argument of a call. Its value is bound when it is asked for, as some arguments (axes) are names that stand for themselves; what comes
/// through a pipe has been bound already.
/// </summary>
internal sealed class CallArgument(Identifier? name, Expression syntax, Operand? bound)
{
    private Operand? _bound = bound;

    public Identifier? Name => name;

    public Expression Syntax => syntax;

    public TextSpan Span => syntax.Span;

    public Operand Bind(BodyBinder binder) => _bound ??= binder.Bind(syntax);

    /// <summary>As above; in an outline it is a part of its own.</summary>
    public Operand BindPart(BodyBinder binder) => _bound ??= binder.BindPart(syntax);
}
