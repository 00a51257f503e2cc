using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

// What compiling one declaration gives: everything that printing reads. Equatable, without spans.

/// <summary>A model with the programs of its two modes.</summary>
/// <param name="Inference">Results only.</param>
/// <param name="Training">Results, gradients and buffer updates.</param>
/// <param name="Stream">One step along an axis, where the model has a loop that allows it.</param>
/// <param name="NoStream">Where it has a loop along an axis and no such form: the axis, why, and where.</param>
public sealed record CompiledModel(BoundModel Model, ProgramPlan Inference, ProgramPlan Training, CompiledStream? Stream, NoStream? NoStream);

/// <summary>A model one step at a time.</summary>
/// <param name="Axis">The axis whose steps these are.</param>
/// <param name="Inputs">The model's inputs without that axis.</param>
/// <param name="Results">Its results without it.</param>
/// <param name="States">What is kept from step to step: inputs of the program behind the model's, and results behind the model's.</param>
/// <param name="UsesPosition">Whether the last input is the number of the step.</param>
public sealed record CompiledStream(string Axis, EquatableArray<BoundTensor> Inputs, EquatableArray<BoundTensor> Results, EquatableArray<TensorType> States, bool UsesPosition, ProgramPlan Program);

/// <summary>Why a model has no form for one step.</summary>
public sealed record NoStream(string Axis, string Reason, Origin Origin);

/// <summary>A generate with its programs.</summary>
/// <param name="Nets">The models of its nets, in their order.</param>
/// <param name="Body">The results; with a state that grows what is made of the states after the last round.</param>
/// <param name="Growth">The programs of the rounds; null in a generate without a state that grows.</param>
public sealed record CompiledGenerate(BoundGenerate Generate, EquatableArray<BoundModel> Nets, ProgramPlan Body, CompiledGrowth? Growth);

/// <summary>The rounds of a generate with a state that grows.</summary>
/// <param name="First">The first round, over the whole beginning.</param>
/// <param name="Step">Any other: what one more element changes.</param>
/// <param name="Kept">What both keep for the next.</param>
/// <param name="Again">A round over what is left when the state has slid; null where it never does.</param>
public sealed record CompiledGrowth(ProgramPlan First, ProgramPlan Step, ProgramPlan? Again, EquatableArray<KeptTensor> Kept)
{
    public IEnumerable<(string Kind, ProgramPlan Program)> Programs => new[] { ("First", First), ("Step", Step) }.Concat(Again is { } again ? [("Again", again)] : []);
}

/// <summary>A training with its programs.</summary>
/// <param name="Nets">The models of its nets, in their order, and behind them the updates of low rank: what they own tells where parameters lie.</param>
/// <param name="Objectives">One program for each <c>minimize</c>, in their order.</param>
/// <param name="Evaluation">Losses and metrics without training.</param>
public sealed record CompiledTrain(BoundTrain Train, EquatableArray<BoundModel> Nets, EquatableArray<ProgramPlan> Objectives, ProgramPlan Evaluation);

/// <summary>A pipeline with its programs.</summary>
/// <param name="Answers">For each of the pipeline's answers its program, with the models of the networks it reads.</param>
public sealed record CompiledPipeline(BoundPipeline Pipeline, EquatableArray<CompiledAnswers> Answers);

public sealed record CompiledAnswers(ProgramPlan Program, EquatableArray<BoundModel> Nets);
