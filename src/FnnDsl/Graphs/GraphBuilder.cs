using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

public sealed class GraphBuilder
{
    public Node this[int id] => throw new NotImplementedException();
}
