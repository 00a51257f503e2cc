using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>Holds a planned model to its budgets: what is over one is an error at the budget, which names the lines that need most.</summary>
internal static class BudgetCheck
{
    /// <summary>How many contributors a message names.</summary>
    private const int Named = 3;

    public static EquatableArray<Diagnostic> Run(ModuleScope scope, CompiledModel compiled)
    {
        var diagnostics = new DiagnosticBag();
        foreach (var budget in compiled.Model.Budgets)
        {
            var written = PlaceOf(scope, budget.Origin);
            // A family's budget holds for each member, and a member that breaks it is the one to name.
            var member = compiled.Model.Origin.Declaration == budget.Origin.Declaration ? null : scope.FindByFullName(compiled.Model.Origin.Declaration);
            var place = member?.Location ?? written;
            var labels = member is null ? [] : new[] { new Label(written, "the budget") };
            try
            {
                Check(scope, compiled, budget, place, labels, diagnostics);
            }
            catch (OverflowException)
            {
                diagnostics.Report(DiagnosticTable.SizeTooLarge, place);
            }
        }
        return diagnostics.ToArray();
    }

    private static void Check(ModuleScope scope, CompiledModel compiled, BoundBudget budget, Location place, Label[] labels, DiagnosticBag diagnostics)
    {
        var model = compiled.Model;
        long Axis(string name) => budget.Sizes.First(size => size.Axis == name).Size;
        if (model.Guards.FirstOrDefault(guard => !guard.Holds(Axis)) is { } broken)
        {
            var demand = SourcePlaces.LineOf(scope, broken.Origin) is { } line ? new[] { new Label(line, "demanded here") } : [];
            diagnostics.Report(DiagnosticTable.BudgetUnclear, place, null, labels.Concat(demand).ToEquatableArray(), $"'{model.Name}' can't be called with these sizes: it demands {broken.Text}");
            return;
        }
        var costs = ModelCosts.Of(compiled, Axis);
        var isMemory = budget.Resource == BudgetResource.Memory;
        var needed = isMemory ? costs.TrainingMemory : checked(costs.ForwardFlops + costs.BackwardFlops);
        if (needed <= budget.Limit) return;

        var contributors = costs.Places.Select(item => (item.Origin, Amount: isMemory ? item.TrainingBytes : item.Flops))
            // What the caller holds belongs to the signature, which is the model's first line.
            .Concat(isMemory ? [(model.Origin, checked(costs.InputBytes + costs.GradientBytes))] : [])
            .GroupBy(item => SourcePlaces.LineOf(scope, item.Origin))
            .Where(group => group.Key is not null)
            .Select(group => (Place: group.Key!.Value, Amount: group.Sum(item => item.Amount)))
            .OrderByDescending(item => item.Amount)
            .Take(Named)
            .Where(item => item.Amount > 0)
            .ToArray();
        diagnostics.Report(
            DiagnosticTable.OverBudget, place, null, labels.Concat(contributors.Select(item => new Label(item.Place, Amount(item.Amount)))).ToEquatableArray(),
            model.Name, isMemory ? $"{Amount(needed)} of memory for a training step" : $"{Amount(needed)} for a forward and a backward pass",
            budget.Sizes.Count == 0 ? "" : " at " + string.Join(", ", budget.Sizes.Select(size => FormattableString.Invariant($"{size.Axis} {size.Size}"))),
            budget.Text, string.Join(", ", contributors.Select(item => $"{Amount(item.Amount)} in {Describe(item.Place, place)}")));

        string Amount(long amount) => isMemory ? Amounts.Bytes(amount) : Amounts.Flops(amount);
    }

    private static string Describe(Location line, Location budget)
    {
        var number = FormattableString.Invariant($"line {line.Source.GetPosition(line.Span.Start).Line + 1}");
        return line.Source == budget.Source ? number : $"{line.Source.Path} {number}";
    }

    private static Location PlaceOf(ModuleScope scope, Origin origin)
    {
        var symbol = scope.FindByFullName(origin.Declaration)!;
        var start = symbol.Syntax.Tokens[origin.Token];
        var statement = ((CallableDeclaration)symbol.Syntax).Body.First(statement => statement.Span.Start == start);
        return new Location(symbol.Source, statement.Span);
    }
}
