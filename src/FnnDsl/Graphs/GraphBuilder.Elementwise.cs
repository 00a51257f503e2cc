using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Graphs;

// One element at a time: rows of the operator table, conversion, stop.
public sealed partial class GraphBuilder
{
    private static readonly HashSet<ScalarOperator> Commutative =
    [
        OperatorTable.Add, OperatorTable.Mul, OperatorTable.Maximum, OperatorTable.Minimum,
        OperatorTable.Equal, OperatorTable.NotEqual, OperatorTable.And, OperatorTable.Or,
    ];

    /// <summary>
    /// A row of the operator table, element by element. Shapes are equal, except that inputs of rank 0 are broadcast. Throws when
    /// shapes or element types do not fit the row.
    /// </summary>
    public Value Apply(ScalarOperator op, params Value[] inputs)
    {
        if (inputs.Length != op.Arity) throw new ArgumentException($"'{op.Name}' takes {op.Arity} inputs, not {inputs.Length}.", nameof(inputs));
        var shape = inputs.Select(input => input.Type.Shape).OrderByDescending(candidate => candidate.Count).First();
        var x = inputs.Select(input => input.Type.Rank == 0 ? Broadcast(input, shape) : input).ToArray();
        if (x.Any(input => input.Type.Shape != shape)) throw Mismatch($"The inputs of '{op.Name}' differ in shape", inputs);
        var element = ElementTyping.Result(op, x.Select(input => input.Type.Element).ToArray())
            ?? throw Mismatch($"'{op.Name}' does not take these element types", inputs);
        var type = new TensorType(element, shape);
        if (!Simplifies) return Add(new Elementwise(op), type, x);

        if (Fold(op, x, type) is { } folded) return folded;
        if (ScalarSimplification.TrySimplify(op, x) is { } simpler) return simpler;
        if (Hoist(x, shape, parts => Apply(op, parts)) is { } hoisted) return hoisted;
        if (op == OperatorTable.Add && Joined(x[0], x[1]) is { } joined) return joined;

        // a·b and b·a are one node, written the way that came first.
        var operation = new Elementwise(op);
        if (Commutative.Contains(op) && Exists(operation, type, x[1], x[0])) Array.Reverse(x);
        return Add(operation, type, x);
    }

    // A sum of tensors that are each 0 outside of a stretch of one axis, stretches that together are the axis: one after the other. So the gradients of what
    // a split gave become one tensor again.
    private Value? Joined(Value left, Value right)
    {
        var parts = new List<(Value Part, Pad Pad)>();
        var open = new Stack<Value>([left, right]);
        for (var seen = 0; open.Count > 0; seen++)
        {
            // A sum of so many parts has no more values in it; a long chain of sums is not followed to its end for each of its links.
            if (seen > 2 * MostJoined) return null;
            var value = open.Pop();
            if (value.Node.Operation is Elementwise { Operator: var op } && op == OperatorTable.Add)
            {
                foreach (var input in value.Node.Inputs) open.Push(ValueOf(input));
            }
            else if (value.Node.Operation is Pad { Value: 0 } pad) parts.Add((ValueOf(value.Node.Inputs[0]), pad));
            else return null;
            if (parts.Count > MostJoined) return null;
        }
        var type = left.Type;
        var padded = Enumerable.Range(0, type.Rank).Where(k => parts.Any(part => part.Part.Type.Shape[k] != type.Shape[k])).ToArray();
        if (padded.Length != 1) return null;
        var axis = padded[0];
        var ordered = new List<Value>();
        for (var end = Size.Zero; ordered.Count < parts.Count; end += ordered[ordered.Count - 1].Type.Shape[axis])
        {
            var next = parts.FindIndex(part => part.Pad.Before[axis] == end && part.Pad.Between[axis].IsZero && !part.Part.Type.Shape[axis].IsZero);
            if (next < 0) return null;
            ordered.Add(parts[next].Part);
        }
        return ordered.Aggregate(Size.Zero, (sum, part) => sum + part.Type.Shape[axis]) == type.Shape[axis] ? Concat(ordered, axis) : null;
    }

    private const int MostJoined = 16;

    /// <summary>To another element type.</summary>
    public Value Convert(Value x, ElementType to)
    {
        var from = x.Type.Element;
        if (from == to) return x;
        if (Simplifies)
        {
            if (TryGetConstant(x, out var number) && Representable(ElementTyping.Convert(number, to), to) is { } converted)
            {
                return Fill(converted, new TensorType(to, x.Type.Shape));
            }
            if (x.Node.Operation is SizeValue size && to != ElementType.Bool) return SizeValue(size.Size, to);
            // Through a type that holds every value of the first, one conversion is enough.
            if (x.Node.Operation is Convert && this[x.Node.Inputs[0]].Type.Element is var first && ElementTyping.Holds(from, first))
            {
                return Convert(ValueOf(x.Node.Inputs[0]), to);
            }
            if (Hoist([x], x.Type.Shape, parts => Convert(parts[0], to)) is { } hoisted) return hoisted;
        }
        return Add(new Convert(to), new TensorType(to, x.Type.Shape), x);
    }

    /// <summary>The value itself, with no gradient through it.</summary>
    public Value Stop(Value x)
    {
        if (Simplifies && (x.Node.Operation is Graphs.Stop or Graphs.Iota or Graphs.SizeValue or Graphs.RandomUniform || !x.Type.Element.IsFloat() || TryGetConstant(x, out _))) return x;
        return Add(new Stop(), x.Type, x);
    }

    private Value? Fold(ScalarOperator op, Value[] x, TensorType type)
    {
        var numbers = new double[x.Length];
        for (var k = 0; k < x.Length; k++)
        {
            if (!TryGetConstant(x[k], out numbers[k])) return null;
        }
        var result = op.Evaluate(numbers);
        if (type.Element.IsInteger()) result = Math.Floor(result);
        return Representable(result, type.Element) is { } number ? Fill(number, type) : null;
    }

    // What overflows an integer type, or is no integer at all, is left to the program.
    private static double? Representable(double number, ElementType element) => element switch
    {
        ElementType.I32 => number is >= int.MinValue and <= int.MaxValue ? number : null,
        ElementType.I64 => Math.Abs(number) <= 1L << 53 ? number : null,
        _ => number,
    };

    // Along axes on which all inputs repeat themselves, the result is computed once and repeated.
    private Value? Hoist(Value[] x, EquatableArray<Size> shape, Func<Value[], Value> apply)
    {
        var repeats = new bool[shape.Count];
        for (var axis = 0; axis < repeats.Length; axis++)
        {
            repeats[axis] = !shape[axis].IsOne && x.All(input => input.Node.Operation is View view && AffineMap.IsConstantAlong(view.Map, axis));
        }
        if (!repeats.Any(repeated => repeated)) return null;
        var kept = Enumerable.Range(0, repeats.Length).Where(axis => !repeats[axis]).ToArray();
        var result = apply(x.Select(input => DropRepeated(input, repeats)).ToArray());
        return View(result, shape, kept.Select(axis => AffineMap.Index(shape.Count, axis)).ToEquatableArray());
    }

    // A view without some of the axes along which it is constant.
    private Value DropRepeated(Value x, bool[] dropped)
    {
        var view = (View)x.Node.Operation;
        var shape = x.Type.Shape.Where((_, axis) => !dropped[axis]).ToEquatableArray();
        return View(ValueOf(x.Node.Inputs[0]), shape, AffineMap.DropAxes(view.Map, axis => dropped[axis]));
    }
}
