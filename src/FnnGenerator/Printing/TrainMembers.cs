using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Printing;

/// <summary>What the properties of a training are called: alike in a family's class and in its members'.</summary>
internal sealed class TrainMembers
{
    // Members that every trainer has.
    private static readonly string[] Taken =
    [
        "Step", "Run", "Evaluate", "Profile", "Freeze", "Save", "Resume", "Restart", "Dispose", "Seed", "StepCount", "TrainedCount", "Shuffle", "IsInterrupted", "ArenaBytes", "Sample", "MiniBatch", "Report",
        "AdaptersOf", "AverageOf", "Bind", "Collate", "MakeReport", "MakeEvaluationReport", "MeasureSamples", "ReportNames", "ReportValues", "Setup", "CheckInputs", "CheckSizes",
        .. RuntimeNames.ObjectMembers,
    ];

    /// <param name="className">The class that first has them.</param>
    public TrainMembers(string className, EquatableArray<BoundNet> nets, EquatableArray<BoundObjective> objectives)
    {
        Nets = CSharpNames.Distinct(nets.Select(net => CSharpNames.Pascal(net.Name)), Taken.Append(className));
        Optimizers = CSharpNames.Distinct(objectives.Select(objective => objectives.Count == 1 ? "Optimizer" : CSharpNames.Pascal(objective.Name) + "Optimizer"), Taken.Concat(Nets));
        All = Taken.Concat(Nets).Concat(Optimizers).Append(className);
    }

    /// <summary>The networks.</summary>
    public IReadOnlyList<string> Nets { get; }

    /// <summary>What minimises each loss.</summary>
    public IReadOnlyList<string> Optimizers { get; }

    /// <summary>They and all that every trainer has: taken, for others.</summary>
    public IEnumerable<string> All { get; }

    public static string NetSummary(BoundNet net) => $"The network '{net.Name}'.";

    public static string OptimizerSummary(BoundObjective objective) => $"What minimises '{objective.Name}', with settings that may be changed between steps.";
}
