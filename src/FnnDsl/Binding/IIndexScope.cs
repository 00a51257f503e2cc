using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What index notation needs of the binder around it. Everything it gets and gives is an <see cref="Operand"/>: a tensor, a number, a size,
/// or <see cref="PoisonOperand"/> where an error has been reported already.
/// </summary>
internal interface IIndexScope
{
    /// <summary>The float type of numbers that meet no tensor.</summary>
    ElementType Float { get; }

    /// <summary>What a name in scope stands for; null (without a diagnostic) when there is no such name.</summary>
    Operand? Lookup(string name);

    /// <summary>Binds an expression that has no index variables in it. Reports what is wrong with it and gives poison then.</summary>
    Operand Evaluate(Expression expression);

    /// <summary>The size an expression without index variables stands for; null after a diagnostic.</summary>
    Size? EvaluateSize(Expression expression);

    /// <summary>
    /// An operator on two operands, with the element-type rules of expressions (numbers and sizes adapt). Tensors must have equal shapes,
    /// except that rank 0 goes with any shape.
    /// </summary>
    Operand Binary(BinaryExpression expression, Operand left, Operand right);

    /// <summary>Minus or <c>not</c>.</summary>
    Operand Unary(UnaryExpression expression, Operand operand);

    /// <summary>
    /// A call of an operator, a conversion (<c>f32(x)</c>), <c>select</c> or a declared fn on operands of one shape (or rank 0, or numbers), by position: the
    /// callee and the names of arguments are read from <paramref name="call"/>.
    /// </summary>
    Operand Call(CallExpression call, IReadOnlyList<Operand> arguments);

    /// <summary>The tensor of an element type that a number or size stands for (rank 0), or the tensor itself when it has that type; null after a diagnostic.</summary>
    TensorOperand? Adapt(Operand operand, ElementType element, TextSpan span);

    /// <summary>Whether two sizes are provably equal, with what <c>where</c> states.</summary>
    bool AreEqual(Size left, Size right);

    /// <summary>
    /// Demands <paramref name="left"/> &lt;= <paramref name="right"/>: nothing when it is provable, an error at <paramref name="span"/> when it is provably
    /// false, else a guard of the program.
    /// </summary>
    void RequireAtMost(Size left, Size right, string text, TextSpan span);

    /// <summary>Remembers that an input, seen through views, is used as an index below a bound, so that the border checks it.</summary>
    /// <returns>The index to use: checked in the graph unless the border does it.</returns>
    Graphs.Value CheckIndex(Graphs.Value index, Size bound, string what, TextSpan span);

    /// <summary>Notes what a name stands for, for editors.</summary>
    void Note(TextSpan name, Operand operand);

    /// <summary>Where a span lies: for labels.</summary>
    Location At(TextSpan span);

    /// <summary>Reports an error. <paramref name="arguments"/> fill the row's message.</summary>
    void Report(DiagnosticRow row, TextSpan span, params object[] arguments);

    /// <summary>Reports an error with labels and, when one is likely, a correction.</summary>
    void Report(DiagnosticRow row, TextSpan span, IEnumerable<Label> labels, string? fix, params object[] arguments);
}
