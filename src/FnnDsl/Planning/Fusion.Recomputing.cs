using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Planning;

// What need not lie in memory, because what it is made of does.
internal sealed partial class Fusion
{
    /// <summary>Operations on each element by which a value is made again in the kernels that read it.</summary>
    private const int MostRemade = 3;

    /// <summary>What may be computed again for each row beside them, in additions: a norm divides twice and takes a root.</summary>
    private const int RowLimit = 32;

    /// <summary>
    /// A value that a few cheap operations make of others, which lie in memory as long as it is read, is made of them again where it is read and no longer stored: a norm's gradient needs x - mean, and with one
    /// number for each row that gives the normalized x, too. No kernel reads more whole tensors then than it did. (Whether an expression is dear is decided from its outside inwards, before it is known what inside
    /// it is stored.)
    /// </summary>
    private void DropRemade()
    {
        var structured = _graph.Nodes.Where(node => IsStructured(node.Operation)).SelectMany(node => ReadsOfStructured(node.Id))
            .Concat(_graph.Nodes.Where(node => node.Operation is Reshape).Select(node => node.Id)).Concat(_graph.Outputs.Select(output => output.Node)).Select(Resolve);
        var candidates = new SortedSet<int>(_anchors.Keys.Where(id => _stored.Contains(id) && _graph[id].Type.Rank > 0 && OwnCost(_graph[id].Operation) == 1));
        candidates.ExceptWith(structured);
        if (candidates.Count == 0) return;

        var positions = new Dictionary<object, int>();
        foreach (var unit in Schedule.Run(_graph, this)) positions.Add(unit.Group ?? (object)unit.Structured, positions.Count);
        var readers = UnitsReading().ToDictionary(uses => uses.Key, uses => new HashSet<object>(uses));
        foreach (var id in candidates) TryRemake(id, readers, node => readers[node].Max(unit => positions.TryGetValue(unit, out var position) ? position : -1));
    }

    /// <param name="readers">Who reads each node; kept true.</param>
    /// <param name="lastRead">When a node is read for the last time.</param>
    private void TryRemake(int id, Dictionary<int, HashSet<object>> readers, Func<int, int> lastRead)
    {
        var maker = _groupOf[id];
        var units = readers[id].Where(unit => unit != maker).Cast<FusionGroup>().ToArray();
        if (SourcesOfRemade(id, units, readers, lastRead) is not { } sources || !units.All(unit => HasItsColumns(id, unit))) return;
        // Rows alone are no work for a kernel over rows and columns.
        var others = maker.Anchors.Where(other => other.Node.Id != id).ToArray();
        if (others.Length > 0 && others.All(other => other.Placement == Placement.Row)) return;

        var anchor = _anchors[id];
        _anchors.Remove(id);
        if (units.Any(unit => unit.Anchors.Sum(other => InlineNodes(other.Node).Count) > KernelSizeLimit))
        {
            _anchors.Add(id, anchor);
            return;
        }
        _groupOf.Remove(id);
        _stored.Remove(id);
        maker.Anchors.Remove(anchor);
        foreach (var group in units.Append(maker))
        {
            (group.Sources, group.Size) = (null, null);
            foreach (var other in group.Anchors) _reads.Remove((other.Node.Id, other.Domain, other.Placement));
        }
        foreach (var source in sources) readers[source].UnionWith(units);
        if (others.Length > 0) return;
        Groups = Groups.Where(group => group != maker).ToArray();
        if (maker.Product is { } product) _groupOfProduct.Remove(product.Id);
    }

    /// <summary>Nodes in memory that a value is made of by few operations; null where it can't be made again without more memory or more reads.</summary>
    private HashSet<int>? SourcesOfRemade(int id, FusionGroup[] units, Dictionary<int, HashSet<object>> readers, Func<int, int> lastRead)
    {
        var node = _graph[id];
        var domain = LoopDomain.Of(node.Type.Shape);
        var inside = Inside(node, AffineMap.Identity(node.Type.Rank, domain.Variables), domain.Variables);
        var costs = inside.Where(read => !IsLoaded(read.Node)).ToLookup(IsAlongColumns, read => OwnCost(_graph[read.Node].Operation));
        if (costs[true].Any(cost => cost > 1) || 1 + costs[true].Sum() > MostRemade || costs[false].Sum() > RowLimit) return null;

        var sources = new HashSet<int>();
        var whole = new HashSet<int>();
        foreach (var read in inside.Where(read => IsLoaded(read.Node)))
        {
            var source = Resolve(read.Node);
            var isLasting = _graph[source].Operation switch
            {
                // It is changed as soon as its gradient is there and nobody reads it any more.
                Parameter => lastRead(source) >= lastRead(id),
                Kept => false,
                var operation when IsLeaf(operation) => true,
                _ => _stored.Contains(source) && (!IsWhole(read, domain) || lastRead(source) >= lastRead(id)),
            };
            if (!isLasting) return null;
            sources.Add(source);
            if (IsWhole(read, domain)) whole.Add(source);
        }
        return units.All(unit => whole.Count(source => !readers[source].Contains(unit)) <= 1) ? sources : null;
    }

    /// <summary>Whether as many elements are read as there are rows and columns.</summary>
    private static bool IsWhole(Read read, LoopDomain domain) =>
        Enumerable.Range(0, domain.Variables).All(variable => (variable < domain.Rows.Count ? domain.Rows[variable] : domain.Columns).IsOne || read.Indices.Any(index => !index.Coefficients[variable].IsZero));

    /// <summary>Whether it is another element for each column.</summary>
    private static bool IsAlongColumns(Read read) => read.Indices.Any(IsAlongColumns);

    private static bool IsAlongColumns(AffineIndex index) => !index.Coefficients[index.Coefficients.Count - 1].IsZero;

    /// <summary>Whether the columns of a kernel that reads a node are its columns, too: what is computed once for a row is so there.</summary>
    private bool HasItsColumns(int id, FusionGroup group) => group.Anchors.SelectMany(anchor => Reads(anchor).Where(read => read.Node == id)).All(read =>
        IsAlongColumns(read.Indices[read.Indices.Count - 1]) && !read.Indices.Take(read.Indices.Count - 1).Any(IsAlongColumns));
}
