using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Warns of a loss without <c>over</c> that changes what another loss is for: a critic's loss goes through the forger, and would teach the forger to help the critic.
/// </summary>
/// <param name="weightOf">The weight that a trained parameter belongs to: itself, or the one that an update of low rank is of.</param>
internal sealed class UnsaidOvers(TrainRun run, ParameterPaths paths, IReadOnlyList<NetUse> nets, Func<BoundParameterReference, BoundParameterReference> weightOf)
{
    /// <summary>Checks the losses of a train without errors.</summary>
    public void Check(IReadOnlyList<BoundObjective> objectives)
    {
        var overs = run.Minimized.Select(item => item.Statement.Over.Count > 0 ? paths.Resolve(item.Statement.Over) : null).ToArray();
        var said = overs.OfType<HashSet<BoundParameterReference>>().SelectMany(over => over).ToArray();
        for (var k = 0; k < objectives.Count; k++)
        {
            if (overs[k] is not null) continue;
            var trained = objectives[k].Trained.Select(weightOf).ToArray();
            var shared = trained.Intersect(said).ToArray();
            var own = trained.Except(said).ToArray();
            // A loss of nothing else is for the same weights as the other.
            if (shared.Length == 0 || own.Length == 0) continue;
            var patterns = run.Minimized.SelectMany(item => item.Statement.Over).Where(pattern => paths.Resolve([pattern]).Overlaps(shared));
            var all = string.Join(", ", Cover(trained, trained));
            run.Body.Report(DiagnosticTable.OverUnsaid, run.Minimized[k].Statement.Loss.Span, patterns.Select(pattern => new Label(run.Body.Frame.At(pattern.Span), "what the other loss is for")),
                $"write over {string.Join(", ", Cover(own, trained))}; or over {all}, if it shall change all of them", string.Join(", ", Cover(shared, trained).Select(path => $"'{path}'")));
        }
    }

    /// <summary>The shortest paths that mean some weights, and of all that a loss changes no others.</summary>
    private IEnumerable<string> Cover(IReadOnlyCollection<BoundParameterReference> some, IReadOnlyCollection<BoundParameterReference> all)
    {
        var wanted = some.Select(Path).ToArray();
        return Below(wanted, all.Select(Path).Except(wanted).ToArray(), 1);
    }

    private static IEnumerable<string> Below(string[] wanted, string[] others, int length) => wanted.GroupBy(path => string.Join(".", path.Split('.').Take(length)), StringComparer.Ordinal).SelectMany(group =>
    {
        var clashing = others.Where(other => other.StartsWith(group.Key + ".", StringComparison.Ordinal)).ToArray();
        return clashing.Length == 0 ? [group.Key] : Below(group.ToArray(), clashing, length + 1);
    });

    private string Path(BoundParameterReference weight) => $"{nets[weight.Net].Name}.{nets[weight.Net].Storage.Parameters[weight.Parameter].Path}";
}
