using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// Segments: stretches whose inside a derivative computes again.
public sealed partial class GraphBuilder
{
    /// <summary>Ends a segment: gives its values as they are read behind it.</summary>
    /// <param name="values">What comes out of it.</param>
    /// <param name="start">How many nodes there were when it began: what was made since, and moves of elements, is its inside.</param>
    public Value[] Segment(IReadOnlyList<Value> values, int start)
    {
        var fromData = new Dictionary<int, bool>();
        var entries = new SortedSet<int>();
        ConeOf(values.Select(value => value.Id), id =>
        {
            if (!IsEntry(id)) return false;
            entries.Add(id);
            return true;
        });
        if (entries.Count == 0) return values.ToArray();
        var segment = Add(new Segment(values.Count), TensorType.Scalar(ElementType.I32), values.Concat(entries.Select(ValueOf)).ToArray());
        return values.Select((value, k) => Add(new SegmentValue(k), value.Type, segment)).ToArray();

        bool IsEntry(int id) => this[id].Operation switch
        {
            Graphs.Input or Graphs.Placeholder or LoopArgument or Graphs.OutputGradient => true,
            // Computed where it is read, so its source is what has to be kept; unless that is no tensor.
            Graphs.View or Graphs.Reshape => false,
            Graphs.LoopFinal or Graphs.LoopStack or EquilibriumState or SegmentValue => this[id].Inputs[0] < start,
            Loop or Graphs.Equilibrium or Graphs.Segment => false,
            _ => id < start && IsFromData(id),
        };

        // What is made of weights and numbers alone is there whenever it is wanted.
        bool IsFromData(int id)
        {
            if (fromData.TryGetValue(id, out var known)) return known;
            var cone = ConeOf([id], other => other != id && fromData.ContainsKey(other));
            var result = cone.Any(other => this[other].Operation is Graphs.Input or Graphs.Placeholder or LoopArgument or Graphs.OutputGradient or Graphs.RandomUniform || (fromData.TryGetValue(other, out var found) && found));
            fromData[id] = result;
            return result;
        }
    }

    /// <summary>A value that is read when others have been computed.</summary>
    public Value After(Value value, IReadOnlyList<Value> others) =>
        // Bools are never in memory.
        value.Type.Element == ElementType.Bool || TryGetConstant(value, out _) ? value : Add(new After(), value.Type, others.Prepend(value).ToArray());
}
