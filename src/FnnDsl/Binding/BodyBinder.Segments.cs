using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <content><c>checkpoint</c> on a <c>repeat</c>: copies of which the derivative keeps only what goes in, and computes the rest again.</content>
internal sealed partial class BodyBinder
{
    /// <summary>How many copies make a segment; 0 where nothing is computed again, null after a diagnostic.</summary>
    private int? BindSegmentLength(RepeatStatement repeat)
    {
        if (repeat.Checkpoint is not { } word) return 0;
        if (frame.Feedback is not null) return Unfit(word.Span, "in a round of a feedback, 'checkpoint every' behind its head says what is kept");
        if (repeat.Every is not { } every) return IsInLoop ? 0 : 1;
        var operand = Bind(every);
        if (context.Symbolic && operand is SizeOperand) return 1;
        if (operand is not PoisonOperand && TryNumber(operand, out var number, out var isWhole))
        {
            if (!isWhole || number < 1) return Unfit(every.Span, $"there is at least one copy between two of them, not {Describe(operand)}");
            return IsInLoop ? 0 : (int)Math.Min(number, MaximumCopies);
        }
        if (operand is not PoisonOperand) Report(DiagnosticTable.NotBuildTime, every.Span, "the number of copies between checkpoints", Describe(operand));
        _failed = true;
        return null;

        int? Unfit(TextSpan span, string why)
        {
            Report(DiagnosticTable.OptionUnfit, span, "checkpoint", why);
            _failed = true;
            return null;
        }
    }

    // What rounds of a loop keep, the loop's own derivative decides, also of layers that are used in it.
    private bool IsInLoop
    {
        get
        {
            for (var around = frame; around is not null; around = around.Caller)
            {
                if (around.Feedback is not null) return true;
            }
            return false;
        }
    }

    /// <param name="nodes">How many nodes there were when the segment began.</param>
    /// <param name="before">What the names stood for.</param>
    private void EndSegment(int nodes, Dictionary<string, Operand> before)
    {
        if (_failed || frame.Returned is not null) return;
        // Only a training step has anything to compute again.
        if (!context.AskForTraining()) return;
        var changed = frame.Values.Where(item => item.Value is TensorOperand tensor && tensor.Value.Id >= nodes && !(before.TryGetValue(item.Key, out var old) && old.Equals(item.Value)))
            .Select(item => (item.Key, Tensor: (TensorOperand)item.Value)).OrderBy(item => item.Key, StringComparer.Ordinal).ToArray();
        if (changed.Length == 0) return;
        var values = Builder.Segment(changed.Select(item => item.Tensor.Value).ToArray(), nodes);
        for (var k = 0; k < values.Length; k++) frame.Values[changed[k].Key] = changed[k].Tensor with { Value = values[k] };
    }
}
