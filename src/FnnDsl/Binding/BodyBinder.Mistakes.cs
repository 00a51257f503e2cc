using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>The function that gave a tensor, or the one that it is a slice or a reshape of, and where it was called: what a plain mistake is told by.</summary>
internal sealed record MadeBy(string Function, Location Call);

/// <summary>A function after which another one is a mistake: it has done the other's work already.</summary>
/// <param name="Before">What the argument has been through.</param>
/// <param name="Function">The library's fn.</param>
/// <param name="Work">What it does itself.</param>
internal sealed record AppliedTwiceRow(string Before, string Function, string Work);

// Plain mistakes that have a right type: a softmax before a loss that does its own, a logarithm of what can be 0.
internal sealed partial class BodyBinder
{
    private static readonly AppliedTwiceRow[] AppliedTwiceRows =
    [
        new("softmax", "cross_entropy", "softmax"),
        new("log_softmax", "cross_entropy", "softmax"),
        new("softmax", "soft_cross_entropy", "softmax"),
        new("log_softmax", "soft_cross_entropy", "softmax"),
        new("sigmoid", "bce_with_logits", "sigmoid"),
        new("softmax", "bce_with_logits", "sigmoid"),
        new("softmax", "softmax", "normalising"),
        new("softmax", "log_softmax", "softmax"),
        new("sigmoid", "sigmoid", "squashing"),
    ];

    /// <summary>Functions that give exact zeros, or zeros by underflow, for common arguments; and what to write for the logarithm of them.</summary>
    private static readonly Dictionary<string, (string When, string? Logarithm)> GivesZero = new(StringComparer.Ordinal)
    {
        ["relu"] = ("for everything below 0", null),
        ["abs"] = ("at 0", null),
        ["square"] = ("at 0", null),
        ["floor"] = ("from 0 to below 1", null),
        ["sign"] = ("at 0", null),
        ["softmax"] = ("where the number is too small for its type", "write log_softmax(…)"),
        ["sigmoid"] = ("where the number is too small for its type", "write -softplus(-…)"),
    };

    /// <summary>Reports an argument of a library fn that has been through the same work already.</summary>
    private void CheckAppliedTwice(string function, Operand argument, TextSpan span)
    {
        if (frame.IsLibrary || argument is not TensorOperand { MadeBy: { } made }) return;
        if (AppliedTwiceRows.FirstOrDefault(row => row.Function == function && row.Before == made.Function) is not { } row) return;
        Report(DiagnosticTable.AppliedTwice, span, [new Label(made.Call, $"{row.Before} stands here")], $"leave the {row.Before} out", function, row.Work, row.Before);
    }

    /// <summary>Reports <c>log(relu(x))</c> and <c>x / abs(y)</c>.</summary>
    private void CheckZeros(ScalarOperator row, IReadOnlyList<Operand> operands, TextSpan span)
    {
        if (frame.IsLibrary || (row != OperatorTable.Log && row != OperatorTable.Div)) return;
        var isLog = row == OperatorTable.Log;
        var (what, becomes) = isLog ? ("the logarithm", "-inf") : ("the quotient", "inf or NaN");
        switch (operands[operands.Count - 1])
        {
            case NumberOperand { Number: 0 }:
                Report(DiagnosticTable.MayBeZero, span, what, becomes, isLog ? "it is taken of 0" : "it divides by 0");
                break;
            case TensorOperand { MadeBy: { } made } when GivesZero.TryGetValue(made.Function, out var zero):
                var fix = isLog && zero.Logarithm is { } better ? better : "add a small number, such as 1e-6, or take maximum(…, 1e-6)";
                Report(DiagnosticTable.MayBeZero, span, made.Call.Span == span ? [] : [new Label(made.Call, "can be 0")], fix, what, becomes, $"'{made.Function}' gives 0 {zero.When}");
                break;
        }
    }

    /// <summary>The operand with the name of what made it, for user code.</summary>
    private Operand Mark(Operand result, string function, TextSpan span) =>
        result is TensorOperand tensor && !frame.IsLibrary ? tensor with { MadeBy = MadeHere(function, span) } : result;

    private MadeBy? MadeHere(string function, TextSpan span) => frame.IsLibrary ? null : new MadeBy(function, frame.At(span));
}
