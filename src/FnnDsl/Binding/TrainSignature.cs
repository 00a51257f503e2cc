using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What C# sees of a training whose body, or whose network, has errors: its losses, optimizers and metrics by name. So a mistake in a
/// <c>.fnn</c> file does not become one at every line of C# that reads <c>report.Loss</c>.
/// </summary>
internal static class TrainSignature
{
    /// <summary>The losses that the body minimises at its top level, with optimizers of known kinds.</summary>
    public static EquatableArray<BoundObjective> Objectives(TrainSymbol symbol)
    {
        var statements = symbol.Declaration.Body.OfType<MinimizeStatement>().ToArray();
        var names = LossNames(statements.Select(statement => statement.Loss).ToArray());
        var origin = new Origin(symbol.FullName, 0);
        var objectives = new List<BoundObjective>();
        for (var i = 0; i < statements.Length; i++)
        {
            if (statements[i].Optimizer is not CallExpression { Callee: NameExpression kind } || OptimizerTable.FindOptimizer(kind.Name) is null) continue;
            objectives.Add(new BoundObjective(names[i], new BoundOptimizer(kind.Name, default), 1, default, new Graph(default, default), 0, origin));
        }
        return objectives.ToEquatableArray();
    }

    /// <summary>The averages of the body's top level.</summary>
    public static EquatableArray<BoundAverage> Averages(TrainSymbol symbol)
    {
        var nets = symbol.Declaration.Nets.Select(net => net.Name.Text).ToList();
        return symbol.Declaration.Body.OfType<AverageStatement>().Select(average => new BoundAverage(nets.IndexOf(average.Net.Text), 0)).Where(average => average.Net >= 0).ToEquatableArray();
    }

    /// <summary>The metrics of the body's top level.</summary>
    public static EquatableArray<BoundMetric> Metrics(TrainSymbol symbol) => symbol.Declaration.Body.OfType<MetricStatement>()
        .Select(statement => new BoundMetric(statement.Name.Text, null, new NumberFormula(0), new Origin(symbol.FullName, 0)))
        .ToEquatableArray();

    /// <summary>A loss's name: that of the value it is bound to, or <c>loss</c>, <c>loss2</c>, ….</summary>
    public static IReadOnlyList<string> LossNames(IReadOnlyList<Expression> losses)
    {
        var taken = losses.Select(loss => (loss as NameExpression)?.Name).ToArray();
        return losses.Select((loss, index) =>
        {
            if (loss is NameExpression name) return name.Name;
            var candidate = index == 0 ? "loss" : FormattableString.Invariant($"loss{index + 1}");
            while (taken.Contains(candidate)) candidate += "_";
            return candidate;
        }).ToArray();
    }
}
