using System.Collections.Immutable;
using System.ComponentModel;

namespace FeedbackNN;

/// <summary>How gradients are kept from growing too large.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum GradientClip
{
    /// <summary>They are taken as they are.</summary>
    None,

    /// <summary>All gradients of an objective are scaled down together when their norm exceeds the limit.</summary>
    GlobalNorm,

    /// <summary>Each number is cut to ± the limit.</summary>
    Value,
}

/// <summary>What a generated trainer tells its base class about itself.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class TrainingSetup
{
    /// <summary>The training's full name: <c>Digits.FitSimpleNN</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The networks with their names, in the order in which programs take them.</summary>
    public required ImmutableArray<(string Name, Model Model)> Nets { get; init; }

    /// <summary>Updates of low rank: the network, by its position, and what makes them for it, or for its average. To programs they are networks behind the others.</summary>
    public ImmutableArray<(int Net, Func<Model, LowRankAdapters> New)> Adapters { get; init; } = [];

    /// <summary>Moving averages of weights: the network, by its position, what each update keeps, and what makes the model that has the average.</summary>
    public ImmutableArray<(int Net, double Decay, Func<Model> New)> Averages { get; init; } = [];

    /// <summary>What is minimised, in order; the first also gives the metrics of a step and the new values of buffers.</summary>
    public required ImmutableArray<Objective> Objectives { get; init; }

    /// <summary>Losses and metrics without training.</summary>
    public required TrainingProgram Evaluation { get; init; }

    /// <summary>The devices that share each step's samples, the networks' own first; null where that is the only one.</summary>
    public IEnumerable<Device>? Devices { get; init; }

    /// <summary>Makes the programs of <see cref="Objectives"/>, in their order, and behind them that of <see cref="Evaluation"/>, on another device; null where a batch cannot be divided by samples.</summary>
    public Func<Device, DeviceProgram[]>? Programs { get; init; }

    /// <summary>Which of the run-time sizes is the number of samples.</summary>
    public int SampleAxis { get; init; }

    /// <summary>How many sizes of a batch are known at run time only.</summary>
    public required int AxisCount { get; init; }

    /// <summary>How many tensors a batch has.</summary>
    public required int InputCount { get; init; }

    /// <summary>After how many batches the weights change, by the gradients of all of them; 1 for after each.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>How gradients are kept from growing too large.</summary>
    public GradientClip Clip { get; init; }

    /// <summary>The limit of <see cref="Clip"/>.</summary>
    public double ClipLimit { get; init; }

    /// <summary>What <see cref="Programs"/> makes, on the first device.</summary>
    internal ImmutableArray<TrainingProgram> AllPrograms => [.. Objectives.Select(objective => objective.Program), Evaluation];
}
