using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// What binding gives: models and trainings whose every name, type and axis is known, with their graphs. Values without spans.

/// <summary>An axis of a signature as C# sees it: a name (<c>Batch</c>, <c>Pixels</c>) or a number (<c>N10</c>).</summary>
/// <param name="Name">The name written in the signature, or null for a number or an expression.</param>
public sealed record BoundAxis(string? Name, Size Size)
{
    /// <summary>An expression over what members of a family of trains choose, as written: they may have different sizes here, so that C# has no type for it. Null anywhere else.</summary>
    public string? Open { get; init; }
}

/// <summary>A tensor of a signature.</summary>
/// <param name="IsIndexBelow">When the program uses it as an index: the bound its elements must stay below, checked at the border; else null, also where the program checks it itself.</param>
/// <param name="IsLength">Whether its elements say how far along an axis something goes, and do not choose one of its places.</param>
/// <param name="Sampling">When a generate draws by it: as which setting of <c>sample</c>, whose range is checked at the border; else null.</param>
public sealed record BoundTensor(string Name, ElementType Element, EquatableArray<BoundAxis> Axes, Size? IsIndexBelow = null, bool IsLength = false, string? Sampling = null)
{
    public TensorType Type => new(Element, Axes.Select(axis => axis.Size).ToEquatableArray());
}

/// <summary>How a parameter or buffer gets its first values.</summary>
/// <param name="Kind">A name in the table of initialisers: <c>constant</c>, <c>uniform</c>, <c>normal</c>, <c>xavier_uniform</c>, …</param>
/// <param name="Arguments">Its numbers, in the table's order.</param>
public sealed record BoundInitializer(string Kind, EquatableArray<double> Arguments);

/// <summary>A trained tensor, or a buffer, of a model.</summary>
/// <param name="Path">Its place in the C# API: <c>fc1.weight</c>, <c>blocks.0.attn.q.weight</c>.</param>
/// <param name="CheckpointName">Its name in checkpoints; the path unless <c>named</c> says otherwise.</param>
public sealed record BoundStorage(string Path, string CheckpointName, TensorType Type, EquatableArray<BoundAxis> Axes, BoundInitializer Initializer, Origin Origin);

/// <summary>Another project's names of a model's weights.</summary>
/// <param name="Prefix">What stands before all names in some files.</param>
/// <param name="Ignored">Names that files may have and the model does not want; <c>{i}</c> is any number.</param>
public sealed record BoundCheckpoint(string Name, string? Prefix, EquatableArray<string> Ignored, EquatableArray<BoundCheckpointPart> Parts);

/// <summary>Where a weight, or some of its rows, stands in a file.</summary>
/// <param name="Names">The tensor's name, and others that it may have.</param>
/// <param name="Shape">The tensor's shape; null where it is the weight's, and all of it.</param>
/// <param name="Offset">Of the first number, in the weight.</param>
/// <param name="TheirOffset">The same in the tensor.</param>
/// <param name="Axes">The numbers that are meant.</param>
/// <param name="Instead">The path of the weight that stands for it where the file has none of the names.</param>
public sealed record BoundCheckpointPart(string Path, EquatableArray<string> Names, EquatableArray<long>? Shape, long Offset, long TheirOffset, EquatableArray<BoundCopyAxis> Axes, string? Instead);

/// <summary>One axis of a box of numbers that lies in two tensors.</summary>
public readonly record struct BoundCopyAxis(long Size, long Stride, long TheirStride);

/// <summary>A condition that is checked when a program is called with run-time sizes.</summary>
/// <param name="Text">As written: <c>seq &lt;= context</c>.</param>
/// <param name="Left">Left of the comparison.</param>
/// <param name="Comparison">One of <c>== != &lt; &lt;= &gt; &gt;=</c>.</param>
public sealed record BoundGuard(string Text, Size Left, string Comparison, Size Right, Origin Origin)
{
    /// <summary>The axes that it is about.</summary>
    public IEnumerable<string> AxisNames => Left.AxisNames.Concat(Right.AxisNames).Distinct();

    /// <summary>Whether it holds at given sizes.</summary>
    public bool Holds(Func<string, long> axis)
    {
        var order = Left.Evaluate(axis).CompareTo(Right.Evaluate(axis));
        return Comparison switch { "==" => order == 0, "!=" => order != 0, "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }
}

public enum BudgetResource { Memory, Flops }

/// <summary>The size that a budget gives a run-time axis.</summary>
public readonly record struct BoundAxisSize(string Axis, long Size);

/// <summary>What a model may need at given sizes.</summary>
/// <param name="Text">The limit as people write it: <c>512 MB</c>.</param>
/// <param name="Limit">In bytes, or in operations.</param>
/// <param name="Sizes">One for each run-time axis of the model, in their order.</param>
/// <param name="Origin">The budget's first token.</param>
public sealed record BoundBudget(BudgetResource Resource, string Text, long Limit, EquatableArray<BoundAxisSize> Sizes, Origin Origin);

/// <summary>A model: its signature, what it owns, and its graph in both modes.</summary>
/// <param name="RuntimeAxes">Names of axes sized at run time, in order of first appearance in the inputs.</param>
/// <param name="Inference">Results only; <c>training</c> is false, no buffer updates.</param>
/// <param name="Training">Results and buffer updates with <c>training</c> true; the derivative is added by a pass.</param>
public sealed record BoundModel(
    string Namespace,
    string Name,
    string? Doc,
    EquatableArray<string> RuntimeAxes,
    EquatableArray<BoundTensor> Inputs,
    EquatableArray<BoundTensor> Results,
    EquatableArray<BoundStorage> Parameters,
    EquatableArray<BoundStorage> Buffers,
    EquatableArray<BoundGuard> Guards,
    Graph Inference,
    Graph Training,
    Origin Origin)
{
    /// <summary>What it may need: one for each resource at most.</summary>
    public EquatableArray<BoundBudget> Budgets { get; init; }

    /// <summary>Other projects' names of its weights.</summary>
    public EquatableArray<BoundCheckpoint> Checkpoints { get; init; }
}

/// <summary>One network of a training: its name there and its model; in a family, the family of models that members choose of.</summary>
public sealed record BoundNet(string Name, string ModelNamespace, string ModelName)
{
    /// <summary>Whether the model is a family, of which each member of the family of trainings chooses one.</summary>
    public bool IsChosen { get; init; }
}

/// <summary>A call of an optimizer or schedule with numbers: <c>adamw</c>, lr, betas…; a number may itself be a schedule.</summary>
public sealed record BoundSetting(string Name, double? Number, BoundSchedule? Schedule);

/// <param name="Kind"><c>constant</c>, <c>cosine</c>, <c>linear</c>, <c>warmup_cosine</c>, <c>step</c>.</param>
public sealed record BoundSchedule(string Kind, EquatableArray<BoundSetting> Arguments);

/// <param name="Kind"><c>sgd</c>, <c>adam</c>, <c>adamw</c>.</param>
/// <param name="Settings">All of them, with defaults filled in.</param>
public sealed record BoundOptimizer(string Kind, EquatableArray<BoundSetting> Settings);

/// <summary>
/// One <c>minimize</c>: its graph computes the mean of the loss (scalar targets below) and the gradients of <see cref="Trained"/>.
/// Scalars 0 and 1 are the loss's sum and count; the first objective's graph also has the accumulators of all metrics after them,
/// and the buffer updates.
/// </summary>
/// <param name="Name">The loss's name when it is a binding, else <c>loss</c> (and <c>loss2</c>, …).</param>
/// <param name="Trained">(net, parameter) pairs that this objective updates, frozen ones left out.</param>
/// <param name="Forward">The graph without gradients; the loss to minimise is the node <see cref="LossNode"/>, a scalar.</param>
public sealed record BoundObjective(
    string Name,
    BoundOptimizer Optimizer,
    int Every,
    EquatableArray<BoundParameterReference> Trained,
    Graph Forward,
    int LossNode,
    Origin Origin)
{
    /// <summary>For each of <see cref="Trained"/> how much of the optimizer's learning rate it takes; empty where all take it as it is.</summary>
    public EquatableArray<double> Rates { get; init; }

    /// <summary>False where the count of <see cref="Forward"/> is the same however many samples a batch has: see <see cref="LossCount"/>.</summary>
    public bool CountsSamples { get; init; } = true;
}

public readonly record struct BoundParameterReference(int Net, int Parameter);

/// <summary>
/// A metric: accumulators added up over the batches of an evaluation, and a formula over them.
/// </summary>
/// <param name="Accumulators">Positions of its scalars in the graph's scalar outputs, in the order the formula refers to them.</param>
/// <param name="Formula">Over accumulators: what is reported.</param>
public sealed record BoundMetric(string Name, string? Doc, MetricFormula Formula, Origin Origin);

/// <summary>A number computed by the host from the accumulators when an evaluation ends.</summary>
public abstract record MetricFormula;

/// <summary>A scalar of the graph, added up over batches; or its maximum or minimum over them.</summary>
public sealed record AccumulatorFormula(int Scalar, ReduceKind Kind) : MetricFormula;

public sealed record NumberFormula(double Value) : MetricFormula;

/// <summary>A row of the operator table over formulas: <c>exp(mean(loss))</c> is exp(div(a0, a1)).</summary>
public sealed record OperatorFormula(Operators.ScalarOperator Operator, EquatableArray<MetricFormula> Inputs) : MetricFormula;

/// <param name="ClipKind">Null, <c>global_norm</c> or <c>value</c>.</param>
/// <param name="Evaluation">Loss and metric scalars with <c>training</c> false: for each objective its sum and count, then the metrics'.</param>
/// <param name="EvaluationMetrics">The metrics with positions in <see cref="Evaluation"/>.</param>
public sealed record BoundTrain(
    string Namespace,
    string Name,
    string? Doc,
    EquatableArray<BoundNet> Nets,
    EquatableArray<string> RuntimeAxes,
    EquatableArray<BoundTensor> Inputs,
    EquatableArray<BoundGuard> Guards,
    EquatableArray<BoundObjective> Objectives,
    EquatableArray<BoundMetric> StepMetrics,
    Graph Evaluation,
    EquatableArray<BoundMetric> EvaluationMetrics,
    string? ClipKind,
    double ClipLimit,
    Origin Origin)
{
    /// <summary>After how many batches the weights change.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>What operands of products are rounded to in training steps, on devices that have products for it.</summary>
    public FloatFormat Precision { get; init; } = FloatFormat.F32;

    /// <summary>Updates of low rank, a set for each network that has some: to graphs and programs they are networks behind <see cref="Nets"/>.</summary>
    public EquatableArray<BoundAdapters> Adapters { get; init; }

    /// <summary>Moving averages of weights, in the order in which they are written.</summary>
    public EquatableArray<BoundAverage> Averages { get; init; }

    /// <summary>The family that it is a member of.</summary>
    public DeclarationName? Family { get; init; }

    /// <summary>All that programs take storage from: the networks, then the updates.</summary>
    /// <param name="nets">The models of <see cref="Nets"/>.</param>
    public EquatableArray<BoundModel> Storages(IEnumerable<BoundModel> nets) => nets.Concat(Adapters.Select(set => set.AsModel(this))).ToEquatableArray();
}

/// <summary>What all members of a family of trains have: the types of their samples and reports, and the names of what they train.</summary>
/// <param name="Nets">The networks.</param>
/// <param name="Inputs">The tensors of a batch, with sizes as far as no member chooses them.</param>
/// <param name="HasSamples">Whether batches are made of samples.</param>
/// <param name="Objectives">The losses, and what kind of optimizer each has.</param>
/// <param name="Metrics">Their names.</param>
public sealed record BoundTrainFamily(
    string Namespace,
    string Name,
    string? Doc,
    EquatableArray<BoundNet> Nets,
    EquatableArray<string> RuntimeAxes,
    EquatableArray<BoundTensor> Inputs,
    bool HasSamples,
    EquatableArray<BoundObjective> Objectives,
    EquatableArray<BoundMetric> Metrics);

/// <summary>A moving average of a network's weights: each update keeps so much of it.</summary>
/// <param name="Net">The network's position in the train.</param>
public sealed record BoundAverage(int Net, double Decay);

/// <summary>Small matrices beside weights of a network: each weight W is read as W + <paramref name="Scale"/> · B A.</summary>
/// <param name="Net">The network's position in the train.</param>
/// <param name="Adapted">The weights, by their positions in the network.</param>
/// <param name="Parameters">B and A of the first weight, of the second, and so on.</param>
public sealed record BoundAdapters(int Net, double Scale, EquatableArray<int> Adapted, EquatableArray<BoundStorage> Parameters)
{
    /// <summary>The set as what programs and manifests know.</summary>
    public BoundModel AsModel(BoundTrain train) => new(
        train.Namespace, $"{train.Name}.{train.Nets[Net].Name}.lora", null, default, default, default, Parameters, default, default, new Graph(default, default), new Graph(default, default), train.Origin);
}

/// <summary>A named size that C# should have as an axis type or constant.</summary>
public sealed record BoundDim(string Namespace, string Name, double Value, bool IsInteger, string? Doc);
