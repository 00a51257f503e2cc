using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>What a <c>lora</c> of a train says: which weights are read with an update of low rank, and which are trained beside the updates. The rest of their networks stays as it is.</summary>
internal sealed class Adapters
{
    private readonly double _scale;
    private readonly int _nets;
    private readonly Dictionary<BoundParameterReference, (BoundParameterReference B, BoundParameterReference A)> _updates = [];
    private readonly Dictionary<BoundParameterReference, BoundParameterReference> _weights = [];

    /// <param name="nets">How many networks the train has: those of the updates stand behind them.</param>
    public Adapters(EquatableArray<BoundAdapters> sets, int nets, double scale)
    {
        (Sets, _nets, _scale) = (sets, nets, scale);
        for (var set = 0; set < sets.Count; set++)
        {
            for (var k = 0; k < sets[set].Adapted.Count; k++)
            {
                var weight = new BoundParameterReference(sets[set].Net, sets[set].Adapted[k]);
                var (b, a) = (new BoundParameterReference(nets + set, 2 * k), new BoundParameterReference(nets + set, 2 * k + 1));
                _updates.Add(weight, (b, a));
                _weights.Add(b, weight);
                _weights.Add(a, weight);
            }
        }
    }

    /// <summary>One for each network that has some.</summary>
    public EquatableArray<BoundAdapters> Sets { get; }

    /// <summary>A weight with its update, or as it is.</summary>
    public Value Adapt(GraphBuilder builder, Value weight)
    {
        var parameter = (Parameter)weight.Node.Operation;
        if (!_updates.TryGetValue(new BoundParameterReference(parameter.Net, parameter.Index), out var update)) return weight;
        return builder.LowRank(weight, Part(update.B), Part(update.A), _scale);

        Value Part(BoundParameterReference part) => builder.Parameter(part.Net, part.Parameter, Sets[part.Net - _nets].Parameters[part.Parameter].Type);
    }

    /// <summary>The weight that an update belongs to; any other parameter itself.</summary>
    public BoundParameterReference WeightOf(BoundParameterReference parameter) => _weights.TryGetValue(parameter, out var weight) ? weight : parameter;

    /// <summary>Whether a parameter is a part of an update.</summary>
    public bool Contains(BoundParameterReference parameter) => _weights.ContainsKey(parameter);
}
