using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl;

// What compiling one declaration gives: everything that printing reads. Equatable, without spans.

/// <summary>A model with the programs of its two modes.</summary>
/// <param name="Inference">Results only.</param>
/// <param name="Training">Results, gradients and buffer updates.</param>
public sealed record CompiledModel(BoundModel Model, ProgramPlan Inference, ProgramPlan Training);

/// <summary>A training with its programs.</summary>
/// <param name="Nets">The models of its nets, in their order: what they own tells where parameters lie.</param>
/// <param name="Objectives">One program for each <c>minimize</c>, in their order.</param>
/// <param name="Evaluation">Losses and metrics without training.</param>
public sealed record CompiledTrain(BoundTrain Train, EquatableArray<BoundModel> Nets, EquatableArray<ProgramPlan> Objectives, ProgramPlan Evaluation);
