using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>Tells of a generate whose model needs, for what it makes of one element, those that come after it: at the line that looks ahead.</summary>
internal static class LooksAhead
{
    public static void Report(ModuleScope scope, DiagnosticBag diagnostics, BoundGenerate generate, (string Reason, Origin Origin) why)
    {
        var symbol = scope.FindByFullName(generate.Origin.Declaration)!;
        var grows = new Label(symbol.Location, "grows here");
        // What stands in no file of the user is told at the generate itself.
        var place = SourcePlaces.LineOf(scope, why.Origin);
        diagnostics.Report(DiagnosticTable.LooksAhead, place ?? symbol.Location, null, place is null ? default : EquatableArray<Label>.Own(grows), generate.Name, generate.Growth!.Axis, why.Reason);
    }
}
