using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Planning.Windows;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Turns a graph into a program: fuses, orders, gives every value its place, and writes kernels and steps.</summary>
public static class Planner
{
    /// <param name="name">Of the program: the class that is printed.</param>
    /// <param name="graph">Forward and, where there is one, backward, with outputs that say where they go.</param>
    /// <param name="axes">Run-time sizes in the order in which the caller gives them.</param>
    public static ProgramPlan Plan(string name, Graph graph, EquatableArray<string> axes)
    {
        var canonical = Canonicalization.Run(WindowForms.Run(Equilibria.Resolve(Segments.Resolve(graph))));
        return new PlanWriter(canonical, Fusion.Run(canonical), new PlanParts()).Write(name, axes);
    }
}

/// <summary>What a program is made of, as far as it is written: shared by the writers of the program and of its loops' bodies.</summary>
internal sealed class PlanParts
{
    private readonly Dictionary<Kernel, int> _kernelIds = [];

    public List<BufferPlan> Buffers { get; } = [];

    public List<Kernel> Kernels { get; } = [];

    public List<Step> Steps { get; } = [];

    public ArenaPlace NewBuffer(string name, ElementType element, Size length, params StorageReason[] reasons)
    {
        Buffers.Add(new BufferPlan(name, element, length, -1, -1) { Reasons = reasons.ToEquatableArray() });
        return new ArenaPlace(Buffers.Count - 1, element, length);
    }

    public int KernelId(Kernel kernel)
    {
        kernel = kernel with { Name = KernelNames.Describe(kernel) };
        if (_kernelIds.TryGetValue(kernel, out var id)) return id;
        id = Kernels.Count;
        Kernels.Add(kernel);
        _kernelIds.Add(kernel, id);
        return id;
    }
}

/// <summary>Writes the steps of one program, or of one loop's body.</summary>
internal sealed partial class PlanWriter(Graph graph, Fusion fusion, PlanParts program)
{
    private readonly List<Step> _steps = program.Steps;
    private readonly Dictionary<int, Place> _places = [];

    public ProgramPlan Write(string name, EquatableArray<string> axes)
    {
        AssignOutputs();
        var backwardStart = -1;
        foreach (var unit in Schedule.Run(graph, fusion))
        {
            if (unit.IsBackward && backwardStart < 0)
            {
                CopyOutputs(isBackward: false);
                backwardStart = _steps.Count;
            }
            WriteUnit(unit);
        }
        if (backwardStart < 0)
        {
            CopyOutputs(isBackward: false);
            backwardStart = _steps.Count;
        }
        CopyOutputs(isBackward: true);
        var plan = new ProgramPlan(name, axes, program.Buffers.ToEquatableArray(), program.Kernels.ToEquatableArray(), _steps.ToEquatableArray(), [], [], [], backwardStart,
            graph.Outputs.Count(output => output.Target is ScalarTarget), UsesRandom(graph));
        var (buffers, kernels, steps) = InPlace.Run(plan);
        plan = plan with { Buffers = buffers.ToEquatableArray(), Kernels = kernels.ToEquatableArray(), Steps = steps.ToEquatableArray(), Loops = StepLoops.Find(steps, backwardStart) };
        return Lifetimes.Fill(plan with { Kept = KeptOperands.Find(plan) });
    }

    private static bool UsesRandom(Graph graph) => graph.Nodes.Any(node => node.Operation is RandomUniform || (node.Operation is Loop loop && UsesRandom(loop.Body)));

    // ---- Places -----------------------------------------------------------------------------------------------------

    private readonly List<(OutputTarget Target, int Node)> _copies = [];

    /// <summary>A value that is computed for one output is computed in that output's place; others are copied when the program ends.</summary>
    private void AssignOutputs()
    {
        foreach (var output in graph.Outputs)
        {
            // It is in its place.
            if (output.Target is WrittenTarget) continue;
            var source = fusion.Resolve(output.Node);
            // A gradient that needs none from outside (zeros, where none flows) is computed with the forward half, which has no place for it yet.
            var isEarly = output.Target is InputGradientTarget && !fusion.IsBackward(source);
            var canWriteThere = IsWrittenAnywhere(source) && !isEarly && !_places.ContainsKey(source);
            if (canWriteThere) _places.Add(source, TargetPlace(output.Target, graph[source].Type));
            else _copies.Add((output.Target, source));
        }
    }

    /// <summary>A node whose steps write it to whatever place it is given.</summary>
    private bool IsWrittenAnywhere(int node) => !Fusion.IsLeaf(graph[node].Operation) && graph[node].Operation is not (CheckRange or CheckConverged or After or WriteKept or Loop or LoopFinal or LoopStack);

    private void CopyOutputs(bool isBackward)
    {
        // A gradient that two parameters share is copied where it was computed: a training has no backward half of its own.
        foreach (var (target, node) in _copies.Where(copy => (copy.Target is InputGradientTarget || fusion.IsBackward(copy.Node)) == isBackward))
        {
            _steps.Add(new CopyStep(PlaceOf(node), TargetPlace(target, graph[node].Type), graph[node].Type.ElementCount, graph[node].Origin));
        }
    }

    private static Place TargetPlace(OutputTarget target, TensorType type) => target switch
    {
        ResultTarget result => new ResultPlace(result.Index, type.Element, type.ElementCount),
        GradientTarget gradient => new GradientPlace(gradient.Net, gradient.Parameter, type.Element, type.ElementCount),
        InputGradientTarget input => new InputGradientPlace(input.Input, type.Element, type.ElementCount),
        BufferTarget buffer => new NewNetBufferPlace(buffer.Net, buffer.Buffer, type.Element, type.ElementCount),
        KeptTarget kept => new NewKeptPlace(kept.Index, type.Element, type.ElementCount),
        ScalarTarget scalar => new ScalarPlace(scalar.Index),
        _ => throw new InvalidOperationException($"No place is known for {target}."),
    };

    /// <summary>Where a node's value lies in memory.</summary>
    private Place PlaceOf(int id)
    {
        id = fusion.Resolve(id);
        if (_places.TryGetValue(id, out var place)) return place;
        var node = graph[id];
        var length = node.Type.ElementCount;
        place = node.Operation switch
        {
            Input input => new InputPlace(input.Index, node.Type.Element, length),
            Parameter parameter => new ParameterPlace(parameter.Net, parameter.Index, node.Type.Element, length),
            BufferValue buffer => new NetBufferPlace(buffer.Net, buffer.Index, node.Type.Element, length),
            OutputGradient gradient => new OutputGradientPlace(gradient.Index, node.Type.Element, length),
            Kept kept => new KeptPlace(kept.Index, node.Type.Element, length),
            // What is checked is what it was, and what is written into something kept lies there.
            CheckRange or CheckConverged or After or WriteKept => PlaceOf(node.Inputs[0]),
            _ => program.NewBuffer("t" + id, node.Type.Element, length, fusion.WhyStored(id)),
        };
        _places.Add(id, place);
        return place;
    }

    // ---- Groups -----------------------------------------------------------------------------------------------------

    private void WriteGroup(FusionGroup group)
    {
        var builder = new KernelBuilder(graph, fusion, group, group.Domain);
        var places = new Dictionary<int, Place>();
        var combine = new List<(Node Node, Place Partial)>();
        if (group.Product is { } tile) builder.AddOperand("tile", tile.Type.Element, tile.Id);
        var form = group.Product is not null ? KernelForm.Epilogue
            : group.HasColumnReductions && group.Anchors.Max(anchor => anchor.ReducedRows) == group.Domain.Rows.Count ? KernelForm.Parts : KernelForm.Rows;

        foreach (var anchor in group.Anchors)
        {
            var value = builder.EmitAnchor(anchor);
            if (!fusion.Stored.Contains(anchor.Node.Id)) continue;
            var parts = fusion.PartsOf(anchor.Node.Id);
            foreach (var part in parts) builder.Store(StoreOfPart(anchor, value, Written(anchor, PlaceOf(part.Whole)), part));
            if (parts.Count > 0) continue;
            var place = PlaceOf(anchor.Node.Id);
            if (form == KernelForm.Parts && anchor.Placement == Placement.ColumnReduction)
            {
                place = NewParts(anchor.Node, group.Domain.Columns);
                combine.Add((anchor.Node, place));
            }
            builder.Store(StoreOf(anchor, value, Written(anchor, place)));
        }

        int Written(Anchor anchor, Place place)
        {
            var operand = builder.AddOperand("", anchor.Node.Type.Element, -1);
            places.Add(operand, place);
            return operand;
        }

        var kernel = builder.Build("", form);
        var id = program.KernelId(kernel);
        var operands = builder.OperandNodes.Select((node, position) => places.TryGetValue(position, out var place) ? place : position == 0 && group.Product is not null ? null : PlaceOf(node)).ToArray();
        var origin = group.Anchors[group.Anchors.Count - 1].Node.Origin;

        if (group.Product is { } product)
        {
            var result = fusion.Stored.Contains(product.Id) ? PlaceOf(product.Id) : null;
            _steps.Add(Product(product, result, id, operands.Skip(1).Select(place => place!).ToEquatableArray(), origin));
        }
        else
        {
            _steps.Add(new KernelStep(id, operands.Select(place => place!).ToEquatableArray(), origin));
        }
        foreach (var (node, partial) in combine) Combine(node, partial, group.Domain.Columns);
    }

    private KernelStore StoreOfPart(Anchor anchor, int value, int operand, Fusion.PartOf part)
    {
        var variables = anchor.Domain.Variables;
        var shape = graph[part.Whole].Type.Shape;
        var address = Affine.Address(shape, part.Within(AffineMap.Identity(anchor.Node.Type.Rank, variables)), variables);
        return new KernelStore(value, KernelBuilder.AccessTo(operand, address), null, 0, Adds: false);
    }

    private static KernelStore StoreOf(Anchor anchor, int value, int operand)
    {
        var domain = anchor.Domain;
        var shape = anchor.Node.Type.Shape;
        AffineIndex address;
        switch (anchor.Placement)
        {
            case Placement.ColumnReduction:
                // Kept axes come first in the domain, in the order of the result's axes, and the column is its last.
                var kept = domain.Rows.Count - anchor.ReducedRows;
                var indices = Enumerable.Range(0, shape.Count).Select(axis => AffineMap.Index(domain.Variables, axis < kept ? axis : domain.Variables - 1)).ToEquatableArray();
                address = Affine.Address(shape, indices, domain.Variables);
                return new KernelStore(value, KernelBuilder.AccessTo(operand, address), ((Reduce)anchor.Node.Operation).Kind, anchor.ReducedRows, Adds: false);
            default:
                address = Affine.Address(shape, AffineMap.Identity(shape.Count, domain.Variables), domain.Variables);
                return new KernelStore(value, KernelBuilder.AccessTo(operand, address), null, 0, Adds: false);
        }
    }

    private Place NewParts(Node node, Size columns) => program.NewBuffer("parts" + node.Id, node.Type.Element, Size.Constant(Kernel.PartCount) * columns, StorageReason.Parts);

    /// <summary>Adds the parts of a column reduction as a tree, always the same.</summary>
    private void Combine(Node node, Place partial, Size columns)
    {
        var domain = new LoopDomain(default, columns);
        var builder = new PartsKernel(((Reduce)node.Operation).Kind, node.Type.Element, columns);
        _steps.Add(new KernelStep(program.KernelId(builder.Build(domain)), EquatableArray<Place>.Own(partial, PlaceOf(node.Id)), node.Origin));
    }

    // ---- Structured operations --------------------------------------------------------------------------------------

    private void WriteStructured(Node node)
    {
        switch (node.Operation)
        {
            case Contract:
                _steps.Add(Product(node, PlaceOf(node.Id), null, default, node.Origin));
                break;
            case Attention or AttentionLogSums:
                WriteAttention(node);
                break;
            case AttentionGradient gradient:
                WriteAttentionGradient(node, gradient);
                break;
            case Sample:
                WriteSample(node);
                break;
            case WriteKept write:
                Move(node, node.Inputs[1], (axis, variables) => AffineMap.Index(variables, axis) with { Offset = axis == write.Axis ? write.At : Size.Zero }, adds: false);
                break;
            case Gather gather:
                var source = graph[node.Inputs[0]].Type;
                _steps.Add(new GatherStep(PlaceOf(node.Inputs[0]), PlaceOf(node.Inputs[1]), PlaceOf(node.Id),
                    Size.Product(source.Shape.Take(gather.Axis)), source.Shape[gather.Axis], graph[node.Inputs[1]].Type.ElementCount,
                    Size.Product(source.Shape.Skip(gather.Axis + 1)), node.Origin));
                break;
            case Loop loop:
                WriteLoop(node, loop);
                break;
            case ScatterAdd scatter:
                _steps.Add(new ScatterAddStep(PlaceOf(node.Inputs[0]), PlaceOf(node.Inputs[1]), PlaceOf(node.Id),
                    Size.Product(node.Type.Shape.Take(scatter.Axis)), node.Type.Shape[scatter.Axis], graph[node.Inputs[1]].Type.ElementCount,
                    Size.Product(node.Type.Shape.Skip(scatter.Axis + 1)), node.Origin));
                break;
            case CheckRange check:
                _steps.Add(new CheckRangeStep(PlaceOf(node.Id), node.Type.ElementCount, check.Bound, check.What, node.Origin));
                break;
            case After:
                // Nothing to do: it is where it was.
                break;
            case CheckConverged check:
                _steps.Add(new CheckConvergedStep(PlaceOf(node.Inputs[1]), PlaceOf(node.Inputs[2]), check.What, check.Otherwise, check.Rounds, node.Origin));
                break;
            case Pad pad when Fusion.HasBorder(pad):
                WriteBorder(node, pad);
                WritePieces(node);
                break;
            case Pad pad:
                _steps.Add(new FillStep(PlaceOf(node.Id), node.Type.ElementCount, pad.Value, node.Origin));
                Move(node, node.Inputs[0], (axis, variables) => AffineMap.Index(variables, axis, pad.Between[axis] + Size.One, pad.Before[axis]), adds: false);
                break;
            case Concat:
                WritePieces(node);
                break;
            case ViewTranspose transpose:
                // Where no two elements meet, they are stored; and where every place has one, there is nothing else to fill.
                var from = graph[node.Inputs[0]].Type.Shape;
                if (!WindowMap.IsBijective(transpose.Map, from, node.Type.Shape)) _steps.Add(new FillStep(PlaceOf(node.Id), node.Type.ElementCount, 0, node.Origin));
                if (WindowMap.IsInjective(transpose.Map, from)) PlaceWindows(node, transpose.Map, from);
                else Move(node, node.Inputs[0], (axis, variables) => Pad(transpose.Map[axis], variables), adds: true);
                break;
            default:
                throw new InvalidOperationException($"No step is known for {node}.");
        }
    }

    private ProductStep Product(Node node, Place? result, int? epilogue, EquatableArray<Place> operands, Origin origin)
    {
        var contract = (Contract)node.Operation;
        var left = graph[node.Inputs[0]].Type.Shape;
        var right = graph[node.Inputs[1]].Type.Shape;
        return new ProductStep(
            Size.Product(left.Take(contract.BatchRank)),
            Size.Product(left.Skip(contract.BatchRank).Take(contract.LeftRank)),
            Size.Product(right.Skip(contract.BatchRank).Take(contract.RightRank)),
            Size.Product(left.Skip(contract.BatchRank + contract.LeftRank)),
            Operand(node, node.Inputs[0]), Operand(node, node.Inputs[1]), result, epilogue, operands, origin) { ProductOrigin = node.Origin, Operands = contract.Operands ?? FloatFormat.F32 };
    }

    private MatrixOperand Operand(Node product, int input)
    {
        MatrixLayout.TryRead(graph, product, input, out var source, out var layout);
        if (fusion.PartsOf(source).FirstOrDefault() is { } part)
        {
            source = part.Whole;
            MatrixLayout.TryReadWithin(graph, product, input, part, out layout);
        }
        return new MatrixOperand(PlaceOf(source), layout.Offset, layout.BatchStride, layout.Rows, layout.Columns);
    }
}
