using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>Which integers a program may be given: whatever lies on the axis that an input indexes, and where it indexes nothing, negative ones too.</summary>
internal sealed class IntegerInputs
{
    // What is computed of such integers may index anything.
    private const int BelowWhereComputed = 2;
    private const int LargestOfAny = 9;

    private readonly List<(int Input, Size Bound)> _checks = [];
    private readonly HashSet<int> _computed = [];

    public IntegerInputs(Graph graph) => Follow(graph, []);

    /// <summary>One of the integers that an input may have.</summary>
    /// <param name="border">What is checked before the program runs; null for nothing.</param>
    public double Draw(Random random, int input, Size? border, IReadOnlyDictionary<string, long> sizes)
    {
        var bounds = _checks.Where(check => check.Input == input).Select(check => check.Bound).Concat(border is null ? [] : [border]).Select(bound => bound.Evaluate(axis => sizes[axis]));
        var all = bounds.Concat(_computed.Contains(input) ? [BelowWhereComputed] : []).ToList();
        return all.Count == 0 ? random.Next(-LargestOfAny, LargestOfAny + 1) : random.NextInt64(0, Math.Max(1, all.Min()));
    }

    // For each node the inputs that it is made of, and whether it is nothing but one of them with its elements moved about.
    private void Follow(Graph graph, IReadOnlyList<(HashSet<int> Inputs, bool IsMoved)> arguments)
    {
        var known = new List<(HashSet<int> Inputs, bool IsMoved)>();
        foreach (var node in graph.Nodes)
        {
            var all = node.Inputs.SelectMany(input => known[input].Inputs).ToHashSet();
            switch (node.Operation)
            {
                case Input input:
                    known.Add(([input.Index], true));
                    continue;
                case LoopArgument argument:
                    known.Add(arguments[argument.Index]);
                    continue;
                case Loop loop:
                    // A state comes to be made of whatever goes into the loop.
                    Follow(loop.Body, node.Inputs.Select((input, k) => k < loop.States ? (all, false) : known[input]).ToList());
                    break;
                case CheckRange check when known[node.Inputs[0]].IsMoved && !check.Bound.AxisNames.Any(axis => axis[0] == '#'):
                    _checks.AddRange(all.Select(input => (input, check.Bound)));
                    break;
                case CheckRange:
                    _computed.UnionWith(all);
                    break;
            }
            known.Add((all, node.Operation is View or Reshape or Stop or CheckRange && known[node.Inputs[0]].IsMoved));
        }
    }
}
