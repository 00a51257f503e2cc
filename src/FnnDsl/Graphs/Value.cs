using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

/// <summary>A node under construction, with the operators of mathematics. Shapes must already agree; numbers take the other side's shape and type.</summary>
public readonly struct Value(GraphBuilder builder, int id)
{
    public GraphBuilder Builder => builder;

    public int Id => id;

    public Node Node => builder[id];

    public TensorType Type => Node.Type;

    public static Value operator +(Value left, Value right) => Apply(OperatorTable.Add, left, right);

    public static Value operator +(Value left, double right) => Apply(OperatorTable.Add, left, left.Number(right));

    public static Value operator +(double left, Value right) => Apply(OperatorTable.Add, right.Number(left), right);

    public static Value operator -(Value left, Value right) => Apply(OperatorTable.Sub, left, right);

    public static Value operator -(Value left, double right) => Apply(OperatorTable.Sub, left, left.Number(right));

    public static Value operator -(double left, Value right) => Apply(OperatorTable.Sub, right.Number(left), right);

    public static Value operator *(Value left, Value right) => Apply(OperatorTable.Mul, left, right);

    public static Value operator *(Value left, double right) => Apply(OperatorTable.Mul, left, left.Number(right));

    public static Value operator *(double left, Value right) => Apply(OperatorTable.Mul, right.Number(left), right);

    public static Value operator /(Value left, Value right) => Apply(OperatorTable.Div, left, right);

    public static Value operator /(Value left, double right) => Apply(OperatorTable.Div, left, left.Number(right));

    public static Value operator /(double left, Value right) => Apply(OperatorTable.Div, right.Number(left), right);

    public static Value operator -(Value value) => Apply(OperatorTable.Neg, value);

    public static Value operator !(Value value) => Apply(OperatorTable.Not, value);

    public Value Less(Value other) => Apply(OperatorTable.Less, this, other);

    public Value Less(double other) => Less(Number(other));

    public Value LessOrEqual(Value other) => Apply(OperatorTable.LessOrEqual, this, other);

    public Value LessOrEqual(double other) => LessOrEqual(Number(other));

    public Value Greater(Value other) => Apply(OperatorTable.Greater, this, other);

    public Value Greater(double other) => Greater(Number(other));

    public Value GreaterOrEqual(Value other) => Apply(OperatorTable.GreaterOrEqual, this, other);

    public Value GreaterOrEqual(double other) => GreaterOrEqual(Number(other));

    public Value EqualTo(Value other) => Apply(OperatorTable.Equal, this, other);

    public Value EqualTo(double other) => EqualTo(Number(other));

    public Value NotEqualTo(Value other) => Apply(OperatorTable.NotEqual, this, other);

    public Value NotEqualTo(double other) => NotEqualTo(Number(other));

    public Value And(Value other) => Apply(OperatorTable.And, this, other);

    public Value Or(Value other) => Apply(OperatorTable.Or, this, other);

    /// <summary>Where this (bool) holds, the first; elsewhere the second.</summary>
    public Value Select(Value whenTrue, Value whenFalse) => Apply(OperatorTable.Select, this, whenTrue, whenFalse);

    public Value Select(Value whenTrue, double whenFalse) => Select(whenTrue, whenTrue.Number(whenFalse));

    public Value Select(double whenTrue, Value whenFalse) => Select(whenFalse.Number(whenTrue), whenFalse);

    /// <summary>A rank-0 constant of this value's element type.</summary>
    public Value Number(double number) => builder.Constant(number, Type.Element);

    public override string ToString() => Node.ToString();

    private static Value Apply(ScalarOperator op, params Value[] inputs) => inputs[0].Builder.Apply(op, inputs);
}
