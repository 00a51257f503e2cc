using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What C# sees of a training whose body, or whose network, has errors: its losses, optimizers and metrics by name, its averages and updates of low rank. So a mistake in a
/// <c>.fnn</c> file does not become one at every line of C# that reads <c>report.Loss</c>.
/// </summary>
internal static class TrainSignature
{
    /// <summary>The losses that the body minimises at its top level, with optimizers of the kinds that their names mean.</summary>
    public static EquatableArray<BoundObjective> Objectives(TrainSymbol symbol)
    {
        var statements = symbol.Declaration.Body.OfType<MinimizeStatement>().ToArray();
        var names = LossNames(statements.Select(statement => statement.Loss).ToArray());
        var origin = new Origin(symbol.FullName, 0);
        var objectives = new List<BoundObjective>();
        for (var i = 0; i < statements.Length; i++)
        {
            var written = statements[i].Optimizer switch { CallExpression { Callee: NameExpression callee } => callee.Name, NameExpression bare => bare.Name, _ => "" };
            var kind = OptimizerTable.FindOptimizer(written)?.Name ?? Spelling.Closest(written, OptimizerTable.Optimizers.Select(row => row.Name)) ?? "adam";
            objectives.Add(new BoundObjective(names[i], new BoundOptimizer(kind, default), 1, default, new Graph(default, default), 0, origin));
        }
        return objectives.ToEquatableArray();
    }

    /// <summary>The averages of the body's top level, of the networks that their names mean.</summary>
    public static EquatableArray<BoundAverage> Averages(TrainSymbol symbol)
    {
        var nets = NamesOfNets(symbol);
        return symbol.Declaration.Body.OfType<AverageStatement>().Select(average => new BoundAverage(NetUse.IndexOfMeant(nets, average.Net.Text), 0)).Where(average => average.Net >= 0).Distinct().ToEquatableArray();
    }

    /// <summary>
    /// The updates of low rank of the body's top level, as far as what their networks own is known. A path that matches nothing stands for all matrices of its network, and a rank that is not
    /// written as a number for 1.
    /// </summary>
    public static EquatableArray<BoundAdapters> Adapters(TrainSymbol symbol, IReadOnlyList<NetUse> nets)
    {
        if (symbol.Declaration.Body.OfType<LoraStatement>().FirstOrDefault() is not { } lora) return default;
        var rank = lora.Settings.FirstOrDefault(setting => setting.Name is null or { Text: "rank" })?.Value is NumberExpression { IsInteger: true, Value: >= 1 and <= 65_536 } number ? (int)number.Value : 1;
        var names = NamesOfNets(symbol);
        return lora.Paths.Where(path => path.Parts.Count > 0).GroupBy(path => NetUse.IndexOfMeant(names, path.Parts[0].Text)).Where(group => group.Key >= 0).OrderBy(group => group.Key).Select(group =>
        {
            var weights = nets[group.Key].Storage.Parameters;
            var trained = lora.Trained.Where(path => path.Parts.Count > 0 && NetUse.IndexOfMeant(names, path.Parts[0].Text) == group.Key).ToArray();
            var matrices = Enumerable.Range(0, weights.Count).Where(k => weights[k].Type.Rank >= 2 && !trained.Any(path => Matches(path, weights[k]))).ToArray();
            var adapted = group.SelectMany(path => matrices.Where(k => Matches(path, weights[k])).DefaultIfEmpty(-1)).ToArray();
            return LoraBinder.MakeSet(nets, group.Key, adapted.Contains(-1) ? matrices : adapted.Distinct().OrderBy(k => k).ToArray(), rank, rank);
        }).ToEquatableArray();

        static bool Matches(PathPattern path, BoundStorage weight) => WeightPath.Rest(path.Parts.Skip(1).Select(part => part.Text).ToArray(), weight.Path) is not null;
    }

    private static string[] NamesOfNets(TrainSymbol symbol) => symbol.Declaration.Nets.Select(net => net.Name.Text).ToArray();

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
