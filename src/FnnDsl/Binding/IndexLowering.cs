using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Turns index terms whose ranges are known into graph values. An element of a tensor is a view of it, an index an <see cref="Iota"/>, an index read
/// from a tensor a gather; what stands between them is the binder's, element by element. Null stands for a part with an error.
/// </summary>
internal sealed partial class IndexLowering(IIndexScope scope, GraphBuilder builder)
{
    public IndexedOperand? Lower(IndexTerm term) => term switch
    {
        ConstantTerm constant => new IndexedOperand(constant.Operand, []),
        PositionTerm position => LowerPosition(position),
        AccessTerm access => LowerAccess(access),
        BinaryTerm binary => LowerBinary(binary),
        UnaryTerm unary => LowerUnary(unary),
        CallTerm call => LowerCall(call),
        ReduceTerm reduce => LowerReduce(reduce),
        _ => throw new InvalidOperationException($"Unknown index term {term.GetType().Name}."),
    };

    private IndexedOperand LowerPosition(PositionTerm term) =>
        new(new TensorOperand(builder.Iota(term.Index.Sizes!.Value, 0)), [term.Index], IsPosition: true);

    private IndexedOperand? LowerUnary(UnaryTerm term)
    {
        if (Lower(term.Value) is not { } value) return null;
        var result = scope.Unary(term.Expression, value.Operand);
        return result is PoisonOperand ? null : value with { Operand = result };
    }

    private IndexedOperand? LowerBinary(BinaryTerm term)
    {
        var (left, right) = (Lower(term.Left), Lower(term.Right));
        return left is null || right is null ? null : Combine(term.Expression, left, right);
    }

    /// <summary>An operator on two operands, each repeated along the indices that only the other depends on.</summary>
    private IndexedOperand? Combine(BinaryExpression expression, IndexedOperand left, IndexedOperand right)
    {
        var isPosition = IsWhole(left) && IsWhole(right) && expression.Operator is BinaryOperator.Add or BinaryOperator.Subtract or BinaryOperator.Multiply;
        (left, right) = (AdaptPosition(left, right), AdaptPosition(right, left));
        var indices = IndexedOperand.Union([left, right]);
        var result = scope.Binary(expression, left.OverUnlessScalar(indices).Operand, right.OverUnlessScalar(indices).Operand);
        return result is PoisonOperand ? null : new IndexedOperand(result, indices, isPosition && result is TensorOperand);
    }

    private static bool IsWhole(IndexedOperand operand) => operand.IsPosition || operand.Operand is NumberOperand { IsInteger: true } or SizeOperand;

    // An index next to a float is one: it adapts as sizes do.
    private IndexedOperand AdaptPosition(IndexedOperand position, IndexedOperand other)
    {
        if (!position.IsPosition || other.IsPosition) return position;
        return other.Operand switch
        {
            TensorOperand tensor when tensor.Element != ElementType.Bool => new IndexedOperand(new TensorOperand(builder.Convert(position.Value, tensor.Element)), position.Indices),
            NumberOperand { IsInteger: false } or AdaptingOperand or QuotientOperand => new IndexedOperand(new AdaptingOperand(element => builder.Convert(position.Value, element)), position.Indices),
            _ => position,
        };
    }

    private IndexedOperand? LowerCall(CallTerm term)
    {
        var lowered = term.Arguments.Select(Lower).ToArray();
        if (lowered.Any(argument => argument is null)) return null;
        // Indices next to a tensor take its element type, as in a binary operator.
        var partner = lowered.FirstOrDefault(argument => argument is { IsPosition: false, Operand: TensorOperand { Element: not ElementType.Bool } });
        var arguments = lowered.Select(argument => partner is null ? argument! : AdaptPosition(argument!, partner)).ToArray();
        var indices = IndexedOperand.Union(arguments);
        var operands = arguments.Select(argument => argument.OverUnlessScalar(indices).Operand).ToArray();
        var result = scope.Call(term.Expression, operands);
        if (result is PoisonOperand) return null;
        if (result is TensorOperand tensor && !(IsElementwise(tensor.Value, operands) && (tensor.Rank == 0 || tensor.Shape == IndexedOperand.Shape(indices))))
        {
            var name = scope.At(term.Expression.Callee.Span).Source.GetText(term.Expression.Callee.Span);
            scope.Report(DiagnosticTable.WholeTensorOperation, term.Expression.Callee.Span, [], "apply it to the whole tensor on a line before", $"'{name}'");
            return null;
        }
        return new IndexedOperand(result, result is TensorOperand { Rank: 0 } ? [] : indices);
    }

    // Whether each element of a result depends on nothing but that element of the arguments.
    private bool IsElementwise(Value result, IEnumerable<Operand> arguments)
    {
        // What an argument is a view of, or element by element made of, counts as the argument: where it repeats itself, the graph computes with what it repeats, and a condition that is asked twice is asked once.
        var known = new HashSet<int>();
        var pending = new Stack<int>(arguments.OfType<TensorOperand>().Select(argument => argument.Value.Id));
        while (pending.Count > 0)
        {
            var id = pending.Pop();
            if (!known.Add(id) || builder[id].Operation is not (View or Elementwise)) continue;
            foreach (var input in builder[id].Inputs) pending.Push(input);
        }
        pending.Push(result.Id);
        while (pending.Count > 0)
        {
            var id = pending.Pop();
            if (!known.Add(id)) continue;
            var node = builder[id];
            if (node.Operation is not (Elementwise or Graphs.Convert or Stop or Constant or SizeValue or View or Iota or CheckRange or RandomUniform or Parameter or BufferValue or Input)) return false;
            foreach (var input in node.Inputs) pending.Push(input);
        }
        return true;
    }

    // ---- Elements of tensors ----

    private IndexedOperand? LowerAccess(AccessTerm term)
    {
        var gathers = new List<(int Axis, Value Index, IReadOnlyList<RunningIndex> Indices)>();
        for (var axis = 0; axis < term.Axes.Count; axis++)
        {
            if (term.Axes[axis] is not GatherAccess access) continue;
            if (LowerIndex(access, term.Tensor.Shape[axis]) is not { } index) return null;
            gathers.Add((axis, index.Value, index.Indices));
        }

        // First the axes with affine indices, by one view, in which the axes to gather along stay as they are.
        var indices = term.Axes.SelectMany(Indices).Distinct().ToArray();
        var windows = indices.Select(index => (Index: (RunningIndex?)index, Sizes: index.Sizes!.Value)).ToList();
        foreach (var (axis, _, _) in gathers)
        {
            // After the indices of the axes before it, so that gathering moves nothing.
            var before = term.Axes.Take(axis).SelectMany(Indices).Distinct().Count() + gathers.Count(gather => gather.Axis < axis);
            windows.Insert(before, (null, EquatableArray<Size>.Own(term.Tensor.Shape[axis])));
        }
        var shape = windows.SelectMany(window => window.Sizes).ToEquatableArray();
        var gathered = windows.Select((window, k) => (window, k)).Where(pair => pair.window.Index is null).Select(pair => windows.Take(pair.k).Sum(one => one.Sizes.Count)).ToArray();
        int AxisOf(RunningIndex index) => windows.TakeWhile(window => window.Index != index).Sum(window => window.Sizes.Count);
        var map = term.Axes.Select((access, axis) => access switch
        {
            GroupAccess group => AffineMap.Index(shape.Count, AxisOf(group.Group) + group.Position),
            GatherAccess => AffineMap.Index(shape.Count, gathered[gathers.FindIndex(gather => gather.Axis == axis)]),
            AffineAccess affine => new AffineIndex(affine.Offset, Coefficients(affine)),
            _ => throw new InvalidOperationException("Unknown access."),
        }).ToEquatableArray();
        var view = builder.View(term.Tensor.Value, shape, map);
        var elements = gathers.Count == 0 ? new IndexedOperand(new TensorOperand(view), indices) : Gather(view, indices, gathered, gathers.Select(gather => (gather.Index, gather.Indices)).ToArray());
        // Elements that are picked are what they were.
        return elements with { Operand = new TensorOperand(elements.Value) { MadeBy = term.Tensor.MadeBy } };

        EquatableArray<Size> Coefficients(AffineAccess access)
        {
            var coefficients = Enumerable.Repeat(Size.Zero, shape.Count).ToArray();
            foreach (var (index, coefficient) in access.Parts) coefficients[AxisOf(index)] += coefficient;
            return EquatableArray<Size>.Own(coefficients);
        }
    }

    private static IEnumerable<RunningIndex> Indices(AxisAccess access) => access switch
    {
        GroupAccess group => [group.Group],
        AffineAccess affine => affine.Parts.Select(part => part.Index),
        _ => [],
    };

    // Integers to index an axis with, checked against its size, as i32.
    private IndexedOperand? LowerIndex(GatherAccess access, Size bound)
    {
        if (Lower(access.Index) is not { } index) return null;
        if (index.Operand is not TensorOperand { Element: ElementType.I32 or ElementType.I64 } tensor)
        {
            var kind = index.Operand is TensorOperand other ? other.Element.Text() : index.Operand.Kind;
            scope.Report(DiagnosticTable.IndexNotInteger, access.Span, [], null, access.Text, kind);
            return null;
        }
        var check = scope.CheckIndex(tensor.Value, bound, access.Text, access.Span);
        return new IndexedOperand(new TensorOperand(builder.Convert(check, ElementType.I32)), index.Indices);
    }
}
