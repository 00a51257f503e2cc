using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>What a kernel loops over: rows, then columns.</summary>
internal sealed record LoopDomain(EquatableArray<Size> Rows, Size Columns)
{
    /// <summary>Loop variables: one for each row axis, then the column.</summary>
    public int Variables => Rows.Count + 1;

    public static LoopDomain Of(EquatableArray<Size> shape) => shape.Count == 0
        ? new LoopDomain(default, Size.One)
        : new LoopDomain(shape.Take(shape.Count - 1).ToEquatableArray(), shape[shape.Count - 1]);
}

/// <summary>How a node's value stands in a loop domain.</summary>
internal enum Placement
{
    /// <summary>One element for each row and column; the node's shape is the domain's.</summary>
    Column,

    /// <summary>One element for each row; the node's shape is the domain's rows.</summary>
    Row,

    /// <summary>The result of a reduction over the columns of each row.</summary>
    RowReduction,

    /// <summary>The result of a reduction over the last <see cref="Anchor.ReducedRows"/> row axes.</summary>
    ColumnReduction,
}

/// <summary>A node that some kernel must compute: it is stored, or it is a reduction. Everything between anchors is computed inline.</summary>
internal sealed class Anchor
{
    public Anchor(Node node, Graph graph)
    {
        Node = node;
        switch (node.Operation)
        {
            case Reduce reduce when reduce.Axes[0] != graph[node.Inputs[0]].Type.Rank - 1:
                Placement = Placement.ColumnReduction;
                ReducedRows = reduce.Axes.Count;
                (Domain, InputOrder) = ColumnReductionDomain(graph[node.Inputs[0]].Type.Shape, reduce.Axes);
                break;
            case Reduce or ArgReduce:
                Placement = Placement.RowReduction;
                Domain = LoopDomain.Of(graph[node.Inputs[0]].Type.Shape);
                break;
            default:
                Placement = Placement.Column;
                Domain = LoopDomain.Of(node.Type.Shape);
                break;
        }
    }

    public Node Node { get; }

    public LoopDomain Domain { get; private set; }

    public Placement Placement { get; private set; }

    public int ReducedRows { get; }

    /// <summary>For a column reduction: the loop variable of each axis of its input.</summary>
    public int[]? InputOrder { get; }

    public bool IsReduction => Placement is Placement.RowReduction or Placement.ColumnReduction;

    /// <summary>Puts a whole-shape value at row level of a domain whose rows are its shape.</summary>
    public void MoveToRows(LoopDomain domain)
    {
        Domain = domain;
        Placement = Placement.Row;
    }

    public bool CanMoveToRows(LoopDomain domain) => Placement is Placement.Column or Placement.Row && Node.Type.Shape == domain.Rows;

    /// <summary>Indices of the node whose elements this anchor needs (its input for a reduction, else itself), over the loop variables.</summary>
    public EquatableArray<AffineIndex> BodyIndices() => Placement switch
    {
        Placement.Column or Placement.RowReduction or Placement.Row => AffineMap.Identity(BodyRank, Domain.Variables),
        _ => InputOrder!.Select(variable => AffineMap.Index(Domain.Variables, variable)).ToEquatableArray(),
    };

    private int BodyRank => Placement == Placement.RowReduction ? Domain.Variables : Node.Type.Rank;

    /// <summary>Kept axes first (those before the block, then those behind it but the last), then the reduced block; the last axis is the column.</summary>
    private static (LoopDomain Domain, int[] Order) ColumnReductionDomain(EquatableArray<Size> shape, EquatableArray<int> block)
    {
        var last = shape.Count - 1;
        var rows = Enumerable.Range(0, last).Where(axis => !block.Contains(axis)).Concat(block).ToArray();
        var order = Enumerable.Range(0, shape.Count).Select(axis => axis == last ? rows.Length : Array.IndexOf(rows, axis)).ToArray();
        return (new LoopDomain(rows.Select(axis => shape[axis]).ToEquatableArray(), shape[last]), order);
    }
}

/// <summary>Anchors that one kernel computes. All stand in one domain.</summary>
internal sealed class FusionGroup(LoopDomain domain)
{
    public LoopDomain Domain { get; set; } = domain;

    /// <summary>In node order.</summary>
    public List<Anchor> Anchors { get; } = [];

    /// <summary>Nodes in memory that it reads, found when first asked for; a change of anchors makes a new group.</summary>
    public int[]? Sources { get; set; }

    /// <summary>Values in its body, found when first asked for.</summary>
    public int? Size { get; set; }

    /// <summary>The matrix product on whose tiles this runs, or null.</summary>
    public Node? Product { get; set; }

    public bool HasReductions => Anchors.Any(anchor => anchor.IsReduction);

    public bool HasColumnReductions => Anchors.Any(anchor => anchor.Placement == Placement.ColumnReduction);

    /// <summary>Gradients from outside are needed: it belongs to the backward half of a program that has one.</summary>
    public bool IsBackward { get; set; }
}
