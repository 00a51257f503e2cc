using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Reports what is wrong in one declaration that is checked without being called: pipelines and names of checkpoints.</summary>
internal sealed class SymbolReports(Symbol symbol, DiagnosticBag diagnostics)
{
    public void Add(DiagnosticRow row, TextSpan span, string? fix, params object[] arguments) => diagnostics.Report(row, At(span), fix, default, arguments);

    /// <summary>With a second place and what it says.</summary>
    public void Add(DiagnosticRow row, TextSpan span, string? fix, (TextSpan Span, string Text) label, params object[] arguments) =>
        diagnostics.Report(row, At(span), fix, EquatableArray<Label>.Own(new Label(At(label.Span), label.Text)), arguments);

    private Location At(TextSpan span) => new(symbol.Source, span);
}
