namespace FeedbackNN.Generator.Printing;

/// <summary>What losses and metrics are called in a training's record of results.</summary>
internal static class ReportMembers
{
    // Members that a record has, and the step.
    private static readonly string[] Taken = ["Step", "Report", .. CSharpNames.RecordMembers];

    public static IReadOnlyList<string> Losses(IEnumerable<string> losses) => CSharpNames.Distinct(losses.Select(CSharpNames.Pascal), Taken);

    /// <param name="losses">Their members.</param>
    public static IReadOnlyList<string> Metrics(IEnumerable<string> metrics, IEnumerable<string> losses) => CSharpNames.Distinct(metrics.Select(CSharpNames.Pascal), losses.Concat(Taken));
}
