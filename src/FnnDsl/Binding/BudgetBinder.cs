using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>Binds the budgets of a model: their units, and the sizes at which they hold. Whether the model keeps to them is decided when it is planned.</summary>
internal sealed class BudgetBinder(BodyBinder body, EquatableArray<string> runtimeAxes)
{
    /// <summary>By unit: what it multiplies with.</summary>
    private static readonly (BudgetResource Resource, string Unit, double Factor)[] Units =
    [
        (BudgetResource.Memory, "B", 1), (BudgetResource.Memory, "KB", 1e3), (BudgetResource.Memory, "MB", 1e6), (BudgetResource.Memory, "GB", 1e9),
        (BudgetResource.Memory, "KiB", 1L << 10), (BudgetResource.Memory, "MiB", 1L << 20), (BudgetResource.Memory, "GiB", 1L << 30),
        (BudgetResource.Flops, "K", 1e3), (BudgetResource.Flops, "M", 1e6), (BudgetResource.Flops, "G", 1e9), (BudgetResource.Flops, "T", 1e12),
    ];

    public EquatableArray<BoundBudget> Bind(EquatableArray<Statement> statements)
    {
        var budgets = new List<BoundBudget>();
        var first = new Dictionary<string, Identifier>(StringComparer.Ordinal);
        foreach (var statement in statements.OfType<BudgetStatement>())
        {
            if (first.TryGetValue(statement.Resource.Text, out var other)) ReportTwice(statement.Resource, other, $"a budget of {statement.Resource}");
            else
            {
                first.Add(statement.Resource.Text, statement.Resource);
                if (Bind(statement) is { } budget) budgets.Add(budget);
            }
        }
        return budgets.ToEquatableArray();
    }

    private BoundBudget? Bind(BudgetStatement statement)
    {
        var limit = LimitOf(statement);
        var sizes = SizesOf(statement);
        if (limit is null || sizes is null) return null;
        var resource = ResourceOf(statement);
        var text = FormattableString.Invariant($"{statement.Number.Value} {statement.Unit}") + (resource == BudgetResource.Flops ? "flops" : "");
        return new BoundBudget(resource, text, limit.Value, sizes.Value, body.Frame.OriginAt(statement.Span));
    }

    private static BudgetResource ResourceOf(BudgetStatement statement) => statement.Resource.Text == "memory" ? BudgetResource.Memory : BudgetResource.Flops;

    private long? LimitOf(BudgetStatement statement)
    {
        var resource = ResourceOf(statement);
        foreach (var unit in Units)
        {
            if (unit.Resource != resource || unit.Unit != statement.Unit.Text) continue;
            var limit = Math.Round(statement.Number.Value * unit.Factor);
            if (limit is >= 1 and < long.MaxValue) return (long)limit;
            body.Report(DiagnosticTable.BudgetUnclear, statement.Number.Span, $"{body.Frame.Source.GetText(statement.Number.Span.Cover(statement.Unit.Span))} is no amount to keep to: take at least 1 and at most 9000000000 {(resource == BudgetResource.Memory ? "GB" : "G")}");
            return null;
        }
        var names = Units.Where(unit => unit.Resource == resource).Select(unit => unit.Unit).ToArray();
        // mb, Gb: the letters are right.
        var meant = names.FirstOrDefault(name => name.Equals(statement.Unit.Text, StringComparison.OrdinalIgnoreCase)) ?? Spelling.Closest(statement.Unit.Text, names);
        body.Report(DiagnosticTable.BudgetUnit, statement.Unit.Span, [], meant is null ? null : $"write {meant}", statement.Unit, statement.Resource, string.Join(", ", names));
        return null;
    }

    private EquatableArray<BoundAxisSize>? SizesOf(BudgetStatement statement)
    {
        var given = new Dictionary<string, BudgetSize>(StringComparer.Ordinal);
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        var isRight = true;
        foreach (var size in statement.Sizes)
        {
            var axis = size.Axis.Text;
            if (given.TryGetValue(axis, out var other))
            {
                ReportTwice(size.Axis, other.Axis, $"a size for '{axis}'");
                isRight = false;
                continue;
            }
            given.Add(axis, size);
            if (!runtimeAxes.Contains(axis))
            {
                body.Report(DiagnosticTable.BudgetAxis, size.Axis.Span, [], Spelling.Fix(axis, runtimeAxes), axis, body.Frame.Name,
                    runtimeAxes.Count == 0 ? "it has none" : $"it has {string.Join(", ", runtimeAxes)}");
                isRight = false;
            }
            else if (ValueOf(size) is { } value) values.Add(axis, value);
            else isRight = false;
        }
        var missing = runtimeAxes.Where(axis => !given.ContainsKey(axis)).ToArray();
        if (isRight && missing.Length > 0)
        {
            var complete = string.Join(", ", runtimeAxes.Select(axis => $"{axis} {(values.TryGetValue(axis, out var value) ? value.ToString(System.Globalization.CultureInfo.InvariantCulture) : "64")}"));
            body.Report(DiagnosticTable.BudgetAxisMissing, statement.Span, [], $"write at {complete}, with the sizes you have in mind", body.Frame.Name, string.Join(" and ", missing.Select(axis => $"'{axis}'")));
            isRight = false;
        }
        return isRight ? runtimeAxes.Select(axis => new BoundAxisSize(axis, values[axis])).ToEquatableArray() : null;
    }

    private long? ValueOf(BudgetSize size)
    {
        if (body.EvaluateSize(size.Value) is not { } value) return null;
        if (value.TryGetConstant(out var number) && number > 0) return number;
        body.Report(DiagnosticTable.BudgetUnclear, size.Value.Span, $"the size of '{size.Axis}' must be a whole number above 0, known at build, but this is {value}");
        return null;
    }

    private void ReportTwice(Identifier second, Identifier first, string what) =>
        body.Report(DiagnosticTable.BudgetTwice, second.Span, [new Label(body.Frame.At(first.Span), "the first")], "take one of them away", what);
}
