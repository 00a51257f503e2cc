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

    public override string ToString() => Node.ToString();
}
