using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Decides which nodes share a kernel. First it finds the nodes that must be computed into memory or are reductions (anchors); what
/// lies between them is computed inline, again in every kernel that needs it, unless that costs too much. Then it joins anchors
/// over the same loop domain: a value with the reductions over it, reductions with what is made of them, values that read the same
/// tensors. Elementwise work on a matrix product's result joins the product.
/// </summary>
internal sealed partial class Fusion
{
    /// <summary>Values in one kernel beyond which the JIT starts to spill registers.</summary>
    private const int KernelSizeLimit = 96;

    private readonly Graph _graph;
    private readonly bool[] _isBackward;
    private readonly SortedSet<int> _stored = [];
    private readonly Dictionary<int, Anchor> _anchors = [];
    private readonly Dictionary<int, FusionGroup> _groupOf = [];
    private readonly Dictionary<int, FusionGroup> _groupOfProduct = [];

    private Fusion(Graph graph)
    {
        _graph = graph;
        _isBackward = new bool[graph.Nodes.Count];
        foreach (var node in graph.Nodes) _isBackward[node.Id] = node.Operation is OutputGradient || node.Inputs.Any(id => _isBackward[id]);
    }

    /// <summary>Groups in an order in which they, and the structured operations between them, can run.</summary>
    public IReadOnlyList<FusionGroup> Groups { get; private set; } = [];

    /// <summary>Nodes whose values are in memory when the program has computed them.</summary>
    public ISet<int> Stored => _stored;

    public bool IsBackward(int node) => _isBackward[node];

    public FusionGroup? GroupOfProduct(int node) => _groupOfProduct.TryGetValue(node, out var group) ? group : null;

    public FusionGroup? GroupOf(int node) => _groupOf.TryGetValue(node, out var group) ? group : null;

    public static Fusion Run(Graph graph)
    {
        var fusion = new Fusion(graph);
        fusion.FindStored();
        do fusion.Group();
        while (fusion.StoreExpensiveShared() || fusion.StoreNarrower());
        fusion.DropUnread();
        fusion.DropRemade();
        return fusion;
    }

    /// <summary>Operations with a step of their own.</summary>
    public static bool IsStructured(Operation operation) =>
        operation is Contract or Gather or ScatterAdd or CheckRange or CheckConverged or After or ViewTranspose or Pad or Concat or Sample or WriteKept or Loop or LoopFinal or LoopStack || IsOfAttention(operation);

    /// <summary>Nodes that are in memory without anyone computing them.</summary>
    public static bool IsLeaf(Operation operation) => operation is Input or Parameter or BufferValue or OutputGradient or Kept or LoopArgument;

    /// <summary>True where a kernel loads the node instead of computing it inline.</summary>
    public bool IsLoaded(int id) => IsLeaf(_graph[id].Operation) || IsStructured(_graph[id].Operation) || _graph[id].Operation is Reshape || _placedSums.ContainsKey(id) || (_anchors.ContainsKey(id) && !IsNumber(id));

    /// <summary>Numbers are written where they are used, even when they are an output too.</summary>
    private bool IsNumber(int id) => _graph[id].Operation is Constant or SizeValue;

    private void FindStored()
    {
        FindPlacedSums();
        foreach (var node in _graph.Nodes)
        {
            switch (node.Operation)
            {
                case Contract:
                    foreach (var input in node.Inputs) Store(MatrixLayout.TryRead(_graph, node, input, out var source, out _) ? source : input);
                    break;
                case Attention or AttentionLogSums or AttentionGradient:
                    foreach (var source in ReadsOfAttention(node)) Store(source);
                    break;
                case Reduce when IsCombinationOfReductions(node.Inputs[0]):
                    Store(node.Inputs[0]);
                    break;
                case Elementwise { Operator.Typing: OperatorTyping.Comparison } when ComparedWithExtreme(node) is { } compared:
                    foreach (var input in compared.Where(MayDiffer)) Store(input);
                    break;
                case Loop loop:
                    // A state that begins as one number everywhere is filled in.
                    foreach (var input in node.Inputs.Where((input, position) => position >= loop.States || !IsFilled(input, out _))) Store(input);
                    break;
                case Sample:
                    foreach (var input in ReadsOfSample(node)) Store(input);
                    break;
                case Reshape or Gather or ScatterAdd or CheckRange or CheckConverged or After:
                    foreach (var input in node.Inputs) Store(input);
                    break;
            }
            if (IsStructured(node.Operation)) _stored.Add(node.Id);
        }
        foreach (var output in _graph.Outputs) Store(output.Node);
    }

    /// <summary>
    /// Made, element by element, of several reductions' results (a loss of each row): computed where those are, one number a row is
    /// stored instead of several.
    /// </summary>
    private bool IsCombinationOfReductions(int id)
    {
        var reductions = new HashSet<int>();
        var stack = new Stack<int>([id]);
        while (stack.Count > 0)
        {
            var node = _graph[stack.Pop()];
            if (node.Operation is Reduce && node.Type.Shape == _graph[id].Type.Shape) reductions.Add(node.Id);
            else if (node.Operation is Elementwise or Graphs.Convert) foreach (var input in node.Inputs) stack.Push(input);
        }
        return reductions.Count > 1 && _graph[id].Operation is Elementwise;
    }

    /// <summary>Whether a node is one number everywhere.</summary>
    public bool IsFilled(int id, out double value)
    {
        while (_graph[id].Operation is View or Reshape) id = _graph[id].Inputs[0];
        value = _graph[id].Operation is Constant constant ? constant.Value : 0;
        return _graph[id].Operation is Constant;
    }

    private void Store(int id)
    {
        var operation = _graph[id].Operation;
        if (!IsLeaf(operation) && operation is not Reshape) _stored.Add(id);
    }

    private void Group()
    {
        _anchors.Clear();
        _groupOf.Clear();
        _groupOfProduct.Clear();
        _reads.Clear();
        _sources.Clear();
        FindPieces();
        foreach (var node in _graph.Nodes)
        {
            if (_placedSums.ContainsKey(node.Id)) continue;
            if (node.Operation is Reduce or ArgReduce || (_stored.Contains(node.Id) && !IsStructured(node.Operation))) _anchors.Add(node.Id, new Anchor(node, _graph));
        }
        foreach (var anchor in _anchors.Values)
        {
            var group = new FusionGroup(anchor.Domain) { IsBackward = _isBackward[anchor.Node.Id] };
            group.Anchors.Add(anchor);
            _groupOf.Add(anchor.Node.Id, group);
        }
        // 1. A value and what it is made of, as long as nothing is summed over rows.
        JoinAlongUses(anchor => anchor.Placement != Placement.ColumnReduction);
        // 2. Elementwise work on a product's result joins the product.
        AttachToProducts();
        // 3. Sums over rows, and kernels that read the same tensors.
        JoinAlongUses(_ => true);
        JoinReaders();
        Groups = _groupOf.Values.Distinct().ToArray();
    }

    private void JoinAlongUses(Func<Anchor, bool> filter)
    {
        foreach (var anchor in _anchors.Values.OrderBy(anchor => anchor.Node.Id).Where(filter))
        {
            foreach (var read in Reads(anchor).Select(read => read.Node).Distinct().ToArray())
            {
                if (_anchors.TryGetValue(read, out var source) && filter(source)) TryJoin(_groupOf[source.Node.Id], _groupOf[anchor.Node.Id]);
            }
        }
    }

    private void JoinReaders()
    {
        var readers = new SortedDictionary<int, List<FusionGroup>>();
        foreach (var anchor in _anchors.Values.OrderBy(anchor => anchor.Node.Id))
        {
            foreach (var read in Reads(anchor))
            {
                if (_graph[read.Node].Type.Rank == 0) continue;
                if (!readers.TryGetValue(read.Node, out var list)) readers.Add(read.Node, list = []);
                var group = _groupOf[anchor.Node.Id];
                if (!list.Contains(group)) list.Add(group);
            }
        }
        foreach (var list in readers.Values)
        {
            for (var i = 1; i < list.Count; i++)
            {
                // Groups may have been joined meanwhile: look them up again by an anchor.
                var earlier = _groupOf[list[i - 1].Anchors[0].Node.Id];
                var later = _groupOf[list[i].Anchors[0].Node.Id];
                TryJoin(earlier, later);
            }
        }
    }

    private bool TryJoin(FusionGroup first, FusionGroup second)
    {
        if (first == second || WhyNotJoined(first, second, out var domain) is not null) return false;
        var group = new FusionGroup(domain) { IsBackward = first.IsBackward };
        var joined = first.Anchors.Concat(second.Anchors).Select(anchor => Placed(anchor, domain)).ToArray();
        group.Anchors.AddRange(joined.OrderBy(anchor => anchor.Node.Id));
        foreach (var anchor in joined)
        {
            _anchors[anchor.Node.Id] = anchor;
            _groupOf[anchor.Node.Id] = group;
        }
        return true;
    }

    /// <summary>What keeps two groups from being one kernel; null where nothing does.</summary>
    /// <param name="domain">Over which they would be joined.</param>
    private StorageReason? WhyNotJoined(FusionGroup first, FusionGroup second, out LoopDomain domain)
    {
        domain = first.Domain;
        if (first.IsBackward != second.IsBackward) return StorageReason.OtherHalf;
        if (first.Product is not null || second.Product is not null) return StorageReason.ProductTiles;
        if (first.Domain != second.Domain)
        {
            if (!second.Anchors.All(anchor => anchor.CanMoveToRows(first.Domain)))
            {
                if (!first.Anchors.All(anchor => anchor.CanMoveToRows(second.Domain))) return StorageReason.OtherLoops;
                domain = second.Domain;
            }
        }
        // Numbers beside one row: whoever computes a piece of the row would write them, and of an empty row there is no piece. A sum over the row is one piece.
        if (Types.Size.Product(domain.Rows).IsOne && first.Domain != second.Domain && !first.Anchors.Concat(second.Anchors).Any(anchor => anchor.IsReduction)) return StorageReason.OtherLoops;
        // Row axes that a column reduction sums over must be the same for all of them.
        var reducedRows = first.Anchors.Concat(second.Anchors).Where(anchor => anchor.Placement == Placement.ColumnReduction).Select(anchor => anchor.ReducedRows).Distinct().ToArray();
        if (reducedRows.Length > 1 || (reducedRows.Length == 1 && reducedRows[0] != domain.Rows.Count)) return StorageReason.OtherSums;
        if (Size(first) + Size(second) > KernelSizeLimit) return StorageReason.KernelSize;

        var wanted = domain;
        var placed = first.Anchors.Concat(second.Anchors).Select(anchor => Placed(anchor, wanted)).ToDictionary(anchor => anchor.Node.Id);
        if (!placed.Values.All(anchor => Reads(anchor).All(read => !placed.TryGetValue(read.Node, out var source) || IsAtOwnPlace(read, source)))) return StorageReason.OtherElements;
        // Under another shape it is read from memory, where it is not yet.
        if (placed.Values.Any(anchor => Reads(anchor).Any(read => _graph[read.Node].Operation is Reshape && placed.ContainsKey(Resolve(read.Node))))) return StorageReason.Reshaped;
        return HasPathAround(first, second) || HasPathAround(second, first) ? StorageReason.Between : null;
    }

    private Anchor Placed(Anchor anchor, LoopDomain domain)
    {
        if (anchor.Domain == domain) return anchor;
        var moved = new Anchor(anchor.Node, _graph);
        moved.MoveToRows(domain);
        return moved;
    }

    /// <summary>The value is read exactly where this iteration computes it.</summary>
    private static bool IsAtOwnPlace(Read read, Anchor source)
    {
        if (source.Placement == Placement.ColumnReduction) return false;
        var domain = source.Domain;
        var shape = source.Node.Type.Shape;
        for (var axis = 0; axis < shape.Count; axis++)
        {
            if (shape[axis].IsOne) continue;
            if (read.Indices[axis] != AffineMap.Index(domain.Variables, axis)) return false;
        }
        // A row-level value is the same for all columns; a whole-shape value must not be read for other columns than this.
        return true;
    }

    /// <summary>A way from a unit to a group that leads through a third: as one kernel the two would have to wait for themselves.</summary>
    private bool HasPathAround(object from, FusionGroup to)
    {
        // All that the group waits for: no unit can be passed over by the ids of its values, since others of its values may come later, and so on for what it waits for.
        var seen = new HashSet<object> { to };
        var stack = new Stack<object>(UnitsBefore(to).Where(unit => !unit.Equals(from)));
        while (stack.Count > 0)
        {
            var unit = stack.Pop();
            if (unit.Equals(from)) return true;
            if (!seen.Add(unit)) continue;
            foreach (var next in UnitsBefore(unit)) stack.Push(next);
        }
        return false;
    }

    /// <summary>What must run before a unit: groups, and structured operations by id.</summary>
    public IEnumerable<object> UnitsBefore(object unit) => SourcesOf(unit).Select(UnitOf).OfType<object>().Where(other => !other.Equals(unit));

    /// <summary>Nodes that a unit reads and that something must have computed, shapes looked through.</summary>
    private int[] SourcesOf(object unit)
    {
        if (unit is FusionGroup group)
        {
            return group.Sources ??= group.Anchors.SelectMany(Reads).Select(read => read.Node)
                .Concat(group.Product is { } product ? ReadsOfStructured(product.Id) : [])
                .Select(Resolve).Where(IsComputed).Distinct().ToArray();
        }
        var id = (int)unit;
        if (!_sources.TryGetValue(id, out var sources))
        {
            sources = ReadsOfStructured(id).Select(Resolve).Where(IsComputed).Distinct().ToArray();
            _sources.Add(id, sources);
        }
        return sources;
    }

    private readonly Dictionary<int, int[]> _sources = [];

    private bool IsComputed(int id) => !IsLeaf(_graph[id].Operation);

    /// <summary>Who computes a node: a group, a structured operation (by id), or nobody.</summary>
    private object? UnitOf(int id)
    {
        if (_graph[id].Operation is LoopFinal or LoopStack) id = _graph[id].Inputs[0];
        if (_groupOf.TryGetValue(id, out var group)) return group;
        if (_placedSums.TryGetValue(id, out var placed)) return placed;
        if (!IsStructured(_graph[id].Operation)) return null;
        if (IsOfAttention(_graph[id].Operation)) return RunsWith(id);
        // A product whose tiles a group works on runs with that group.
        return _groupOfProduct.TryGetValue(id, out var fused) ? fused : id;
    }

    /// <summary>Nodes that a structured operation reads from memory.</summary>
    public IEnumerable<int> ReadsOfStructured(int id)
    {
        var node = _graph[id];
        return node.Operation switch
        {
            Contract => node.Inputs.Select(input => MatrixLayout.TryRead(_graph, node, input, out var source, out _) ? source : input),
            Attention or AttentionLogSums or AttentionGradient => ReadsOfAttention(node),
            Sample => ReadsOfSample(node),
            WriteKept => Walk(node.Inputs[1], AffineMap.Identity(node.Type.Rank, node.Type.Rank), node.Type.Rank).Select(read => read.Node).Prepend(node.Inputs[0]),
            ViewTranspose or Pad or Concat => node.Inputs.SelectMany(input => Walk(input, AffineMap.Identity(_graph[input].Type.Rank, _graph[input].Type.Rank), _graph[input].Type.Rank)).Select(read => read.Node),
            _ => node.Inputs,
        };
    }

    // ---- What is read from memory in the end ------------------------------------------------------------------------

    /// <summary>Anchors that only their own kernel reads are not stored; those that others read are.</summary>
    private void DropUnread()
    {
        var needed = new HashSet<int>(_graph.Outputs.Select(output => Resolve(output.Node)));
        foreach (var group in Groups)
        {
            foreach (var read in group.Anchors.SelectMany(Reads))
            {
                var source = Resolve(read.Node);
                if (group.Product?.Id == source || (_graph[read.Node].Operation is not Reshape && GroupOf(source) == group)) continue;
                needed.Add(source);
            }
        }
        foreach (var node in _graph.Nodes.Where(node => IsStructured(node.Operation)))
        {
            foreach (var read in ReadsOfStructured(node.Id)) needed.Add(Resolve(read));
            if (node.Operation is not Contract) needed.Add(node.Id);
        }
        _stored.Clear();
        foreach (var id in needed.Where(id => !IsLeaf(_graph[id].Operation))) _stored.Add(id);
    }

    /// <summary>The node in whose memory a chain of reshapes lies.</summary>
    public int Resolve(int id)
    {
        while (_graph[id].Operation is Reshape) id = _graph[id].Inputs[0];
        return id;
    }
}
