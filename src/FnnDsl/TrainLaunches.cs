using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

/// <summary>
/// How many kernels a training step hands to a GPU beside those of its programs: for buffers, losses, clipping, optimizers and averages. The numbers are those of the runtime's
/// trainer; a test compares them with what it really launches.
/// </summary>
/// <param name="Objectives">One for each <c>minimize</c>.</param>
/// <param name="Others">Launches of each step that belong to no objective: buffers that are kept from step to step, and moving averages.</param>
public sealed record TrainLaunches(EquatableArray<ObjectiveLaunches> Objectives, int Others)
{
    /// <summary>The launches of a step of a training, as its file has it: what a program freezes or sets besides is not known here.</summary>
    public static TrainLaunches Of(CompiledTrain compiled)
    {
        var (train, objectives) = (compiled.Train, new List<ObjectiveLaunches>());
        for (var i = 0; i < compiled.Objectives.Count; i++) objectives.Add(Of(train, train.Objectives[i], compiled, GpuLaunches.Of(compiled.Objectives[i]), isLast: i == compiled.Objectives.Count - 1));
        // New values are begun with the present ones, and take their place.
        var buffers = compiled.Nets.Sum(net => net.Buffers.Count > 0 ? 2 : 0);
        var averages = train.Averages.Sum(average => (IsTrained(average.Net) ? 1 : 0) + (compiled.Nets[average.Net].Buffers.Count > 0 ? 1 : 0) + AdaptersOf(average.Net));
        return new TrainLaunches(objectives.ToEquatableArray(), buffers + averages);

        bool IsTrained(int net) => train.Objectives.Any(objective => objective.Trained.Any(reference => reference.Net == net));
        // They have an average of their own.
        int AdaptersOf(int net) => train.Adapters.Any(set => set.Net == net) ? 1 : 0;
    }

    private static ObjectiveLaunches Of(BoundTrain train, BoundObjective objective, CompiledTrain compiled, GpuLaunches program, bool isLast)
    {
        var ranges = Ranges(objective, compiled, (_, _) => true);
        var decayed = Setting(objective, "decay_vectors") != 0 ? ranges : Ranges(objective, compiled, (net, parameter) => compiled.Nets[net].Parameters[parameter].Type.Rank >= 2);
        var accumulates = train.Accumulate > 1;
        var clip = train.ClipKind switch { null => 0, "value" => ranges, _ => 2 * ranges + 1 };
        // Before the last objective, weights and what the optimizer remembers are copied, in case a later loss is not finite.
        var backUp = isLast ? 0 : ranges + (HasState(objective) ? 1 : 0) + (accumulates ? 1 : 0);
        // The gradients of a loss that is scaled are divided by the scale, which is decided anew, and kept with the weights.
        var scale = train.Precision.IsNarrow ? ranges + 2 + (isLast ? 0 : 1) : 0;
        return new ObjectiveLaunches(objective.Name, program, Update: scale + backUp + clip + decayed + (accumulates ? ranges : 0), Accumulation: accumulates ? scale + backUp + ranges + 1 : 0);
    }

    /// <summary>Trained parameters that lie side by side and are changed alike are one launch.</summary>
    private static int Ranges(BoundObjective objective, CompiledTrain compiled, Func<int, int, bool> isOfKind)
    {
        var trained = objective.Trained.Select((reference, i) => (reference.Net, reference.Parameter, Rate: objective.Rates.Count == 0 ? 1 : objective.Rates[i], Kind: isOfKind(reference.Net, reference.Parameter)))
            .OrderBy(item => item.Net).ThenBy(item => item.Parameter).ToArray();
        return trained.Where((item, i) => i == 0 || trained[i - 1] is var before && (before.Net, before.Parameter + 1, before.Rate, before.Kind) != (item.Net, item.Parameter, item.Rate, item.Kind)).Count();
    }

    private static bool HasState(BoundObjective objective) => objective.Optimizer.Kind != "sgd" || Setting(objective, "momentum") != 0;

    private static double? Setting(BoundObjective objective, string name) => objective.Optimizer.Settings.FirstOrDefault(setting => setting.Name == name)?.Number;
}

/// <summary>The launches of one <c>minimize</c> in a step in which it is due.</summary>
/// <param name="Name">The loss's name.</param>
/// <param name="Program">Of the program that computes the loss and its gradients.</param>
/// <param name="Update">Of clipping and the optimizer; the loss itself is looked at by one more.</param>
/// <param name="Accumulation">What takes their place in a step whose gradients are only added up.</param>
public sealed record ObjectiveLaunches(string Name, GpuLaunches Program, int Update, int Accumulation);
