using System.Globalization;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

// What binding a pipeline gives: its steps with every name resolved. Values without spans.

/// <summary>A pipeline: its networks, the data it asks for, and its steps in order.</summary>
/// <param name="Trains">The trainings it uses.</param>
/// <param name="Answers">Programs that say which class a network takes a sample for.</param>
/// <param name="Plan">The steps as text: two pipelines with equal texts do the same.</param>
public sealed record BoundPipeline(
    string Namespace,
    string Name,
    string? Doc,
    EquatableArray<BoundNet> Nets,
    EquatableArray<PipelineTrain> Trains,
    EquatableArray<PipelineData> Data,
    EquatableArray<PipelineAnswers> Answers,
    EquatableArray<PipelineAction> Steps,
    Origin Origin)
{
    public string Plan => string.Join("; ", Steps.Select(step => step.Text));
}

/// <summary>A training as a pipeline needs it.</summary>
/// <param name="Inputs">The tensors of a batch.</param>
/// <param name="Losses">Names of its losses, in order.</param>
/// <param name="Metrics">Names of its metrics.</param>
public sealed record PipelineTrain(
    string Namespace, string Name, EquatableArray<string> RuntimeAxes, EquatableArray<BoundTensor> Inputs, EquatableArray<string> Losses, EquatableArray<string> Metrics);

/// <summary>A name of data.</summary>
/// <param name="Train">The training whose samples it has: a position in the pipeline's.</param>
public sealed record PipelineData(string Name, int Train);

/// <summary>For one sample: the largest probability of its classes (scalar 0), and which class has it (scalar 1).</summary>
/// <param name="Train">The training on whose samples it runs.</param>
public sealed record PipelineAnswers(int Train, Graph Graph);

/// <summary>A training with the networks it is given: positions in the pipeline's.</summary>
public sealed record PipelineCall(int Train, EquatableArray<int> Nets);

/// <summary>All of a name's data, or a choice from it.</summary>
public abstract record PipelineChoice;

/// <summary>The samples with the largest loss.</summary>
public sealed record HardestSamples(int Loss, double Top) : PipelineChoice;

/// <summary>The samples of whose class the network is sure, with that class as their label.</summary>
/// <param name="Answers">A position in the pipeline's programs.</param>
/// <param name="Label">The input that gets the answer: a position in the training's.</param>
public sealed record ConfidentSamples(int Answers, double Above, int Label) : PipelineChoice;

/// <summary>One line, executed.</summary>
/// <param name="Text">As it would be written alone, with all that it takes over from the stage it runs again.</param>
public abstract record PipelineAction(string Text, Origin Origin);

/// <param name="Frozen">Paths of weights, with the training's names of its networks.</param>
public sealed record FitAction(string Stage, PipelineCall Call, int Data, PipelineChoice? Choice, int Epochs, EquatableArray<string> Frozen, string Text, Origin Origin)
    : PipelineAction(Text, Origin);

/// <param name="IsFirst">The stage has no result yet.</param>
public sealed record EvaluateAction(string Stage, PipelineCall Call, int Data, PipelineChoice? Choice, bool IsFirst, string Text, Origin Origin) : PipelineAction(Text, Origin);

/// <summary>Positions of weights in two networks.</summary>
public readonly record struct TransferredWeight(int To, int From);

public sealed record TransferAction(
    string Stage, int To, int From, EquatableArray<TransferredWeight> Parameters, EquatableArray<TransferredWeight> Buffers, string Text, Origin Origin)
    : PipelineAction(Text, Origin);

public sealed record LoopAction(PipelineCondition Condition, int AtMost, EquatableArray<PipelineAction> Body, string Text, Origin Origin) : PipelineAction(Text, Origin);

/// <summary>What decides whether a feedback goes on.</summary>
public abstract record PipelineCondition
{
    /// <summary>Whether it is true or false, not a number.</summary>
    public virtual bool IsTruth => false;
}

/// <summary>What an evaluation found.</summary>
/// <param name="Train">The training of that evaluation.</param>
/// <param name="Result">The name of a loss or a metric.</param>
public sealed record FoundResult(string Stage, int Train, string Result) : PipelineCondition
{
    public override string ToString() => $"{Stage}.{Result}";
}

public sealed record ConditionNumber(double Value) : PipelineCondition
{
    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
}

/// <param name="Sign">One of <c>and or &lt; &lt;= &gt; &gt;=</c>.</param>
public sealed record ConditionOperator(string Sign, PipelineCondition Left, PipelineCondition Right) : PipelineCondition
{
    public override bool IsTruth => true;

    public override string ToString() => $"({Left} {Sign} {Right})";
}

public sealed record ConditionNot(PipelineCondition Operand) : PipelineCondition
{
    public override bool IsTruth => true;

    public override string ToString() => $"not {Operand}";
}
