using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Planning;

// Why values are in memory: told to people who read plans, decided above.
internal sealed partial class Fusion
{
    private ILookup<int, (object Unit, int Read)>? _readers;

    /// <summary>What keeps the readers of a stored node from being one kernel with what makes it.</summary>
    public StorageReason[] WhyStored(int id)
    {
        _readers ??= Groups.SelectMany(group => group.Anchors.SelectMany(Reads).Select(read => (Unit: (object)group, Read: read.Node)))
            .Concat(_graph.Nodes.Where(node => IsStructured(node.Operation)).SelectMany(node => ReadsOfStructured(node.Id).Select(read => (Unit: (object)node.Id, Read: read))))
            .ToLookup(use => Resolve(use.Read));
        var maker = UnitOf(id);
        return _readers[id].Where(use => !use.Unit.Equals(maker)).Select(use => WhyApart(maker, id, use.Unit, use.Read)).OfType<StorageReason>().Distinct().OrderBy(reason => reason).ToArray();
    }

    private StorageReason? WhyApart(object? maker, int made, object unit, int read)
    {
        if (unit is not FusionGroup reader)
        {
            return _graph[(int)unit].Operation switch
            {
                Graphs.Contract => StorageReason.Product,
                Loop or LoopFinal or LoopStack => StorageReason.Loop,
                After => StorageReason.OtherHalf,
                _ => StorageReason.OtherStep,
            };
        }
        if (_graph[read].Operation is Graphs.Reshape) return StorageReason.Reshaped;
        if (_graph[made].Operation is Graphs.Contract) return StorageReason.ProductTiles;
        if (maker is not FusionGroup group) return _graph[made].Operation is LoopFinal or LoopStack ? StorageReason.Loop : StorageReason.OtherStep;
        return WhyNotJoined(group, reader, out _);
    }
}
