using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// attend(q, k, v, causal, scale).
internal sealed partial class BodyBinder
{
    private const string AttentionAxes = "[..., time, heads, elements]";

    public Operand BindAttention(BuiltInCall call)
    {
        if (!CheckNames(call, "q", "k", "v", "causal", "scale") || BoolArgument(call, "causal") is not { } isCausal) return Poison;
        string[] names = ["q", "k", "v"];
        var tensors = new TensorOperand[names.Length];
        var positional = call.Positional.ToArray();
        if (positional.Length > names.Length) return Fail(DiagnosticTable.TooManyArguments, call.Span, call.Name, "3 tensors", positional.Length);
        for (var k = 0; k < names.Length; k++)
        {
            if ((call.Named(names[k]) ?? positional.ElementAtOrDefault(k)) is not { } argument) return Fail(DiagnosticTable.MissingArgument, call.Span, call.Name, names[k], "attend(q, k, v)");
            var operand = argument.Bind(this);
            if (operand is PoisonOperand) return Poison;
            if (operand is not TensorOperand { Rank: >= AttentionShapes.OwnAxes } tensor || !tensor.Element.IsFloat())
            {
                return Fail(DiagnosticTable.BadArgumentValue, argument.Span, $"'attend' takes float tensors {AttentionAxes}, but '{names[k]}' is {Describe(operand)}");
            }
            tensors[k] = tensor;
        }
        double? scale = null;
        if (call.Named("scale") is { } given)
        {
            var operand = given.Bind(this);
            if (operand is PoisonOperand) return Poison;
            if (!TryNumber(operand, out var number, out _)) return Fail(DiagnosticTable.NotBuildTime, given.Span, "'scale'", Describe(operand));
            scale = number;
        }
        if (!AttentionFits(call, tensors[0], tensors[1], tensors[2])) return Poison;

        SetOrigin(call.Span);
        var (q, keys, values) = (tensors[0], tensors[1], tensors[2]);
        var batch = q.Shape.Take(q.Rank - AttentionShapes.OwnAxes).ToArray();
        var keysOfBatch = Relabel(keys.Value, batch.Concat(keys.Shape.Skip(batch.Length).Take(2)).Append(q.Shape[q.Rank - 1]).ToEquatableArray());
        var valuesOfBatch = Relabel(values.Value, batch.Concat(keys.Shape.Skip(batch.Length).Take(2)).Append(values.Shape[values.Rank - 1]).ToEquatableArray());
        return new TensorOperand(Builder.Attention(q.Value, keysOfBatch, valuesOfBatch, isCausal, scale), q.Notes.Take(q.Rank - 1).Append(values.Notes[values.Rank - 1]).ToEquatableArray());
    }

    // Whether the axes go together; told where they don't.
    private bool AttentionFits(BuiltInCall call, TensorOperand q, TensorOperand k, TensorOperand v)
    {
        foreach (var other in new[] { k, v })
        {
            if (other.Element != q.Element) return Misfit(q, other, "they are of different element types");
            if (other.Rank != q.Rank) return Misfit(q, other, "they have different numbers of axes");
            for (var axis = 0; axis < q.Rank - AttentionShapes.OwnAxes; axis++)
            {
                if (!AreEqual(q.Shape[axis], other.Shape[axis])) return Misfit(q, other, $"axis {axis} of the batch is {q.Shape[axis]} and {other.Shape[axis]}", axis);
            }
        }
        var last = q.Rank - 1;
        if (!AreEqual(q.Shape[last], k.Shape[last])) return Misfit(q, k, $"a query has {q.Shape[last]} elements and a key {k.Shape[last]}", last);
        if (!AreEqual(k.Shape[last - 2], v.Shape[last - 2])) return Misfit(k, v, $"there are {k.Shape[last - 2]} keys and {v.Shape[last - 2]} values", last - 2);
        if (!AreEqual(k.Shape[last - 1], v.Shape[last - 1])) return Misfit(k, v, $"keys have {k.Shape[last - 1]} heads and values {v.Shape[last - 1]}", last - 1);
        return AreEqual(q.Shape[last - 1], k.Shape[last - 1]) || context.Facts.Divide(q.Shape[last - 1], k.Shape[last - 1]) is not null
            || Misfit(q, k, $"{q.Shape[last - 1]} heads of queries cannot share {k.Shape[last - 1]} heads of keys evenly", last - 1);

        bool Misfit(TensorOperand left, TensorOperand right, string reason, int axis = -1)
        {
            var labels = axis < 0 ? [] : AxisLabels((left.Shape[axis], left.Notes[axis]), (right.Shape[axis], right.Notes[axis]));
            Report(DiagnosticTable.ShapeMismatch, call.Span, labels, null, left.Type, right.Type, reason);
            return false;
        }
    }
}
