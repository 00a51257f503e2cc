using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Syntax;

// The nodes of declarations that use models and trainings: generate, pipeline, checkpoint.

/// <summary><c>generate Paint from net: UNet (n: dim) -> f32[n, 3, side, side] { … }</c>: a program that runs without a gradient.</summary>
/// <param name="Program">Its signature and body, as of an fn.</param>
public sealed record GenerateDeclaration(
    Identifier Name, EquatableArray<NetSyntax> Nets, CallableDeclaration Program, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary><c>pipeline SpamFilter with lm: MessageModel, clf: Classifier { … }</c></summary>
public sealed record PipelineDeclaration(
    Identifier Name, EquatableArray<NetSyntax> Nets, EquatableArray<PipelineStep> Body, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span);

/// <summary>A line of a pipeline, or its feedback.</summary>
public abstract record PipelineStep(TextSpan Span) : SyntaxNode(Span);

/// <summary>A stage with a name, which a feedback may run again.</summary>
public abstract record Stage(Identifier Name, TextSpan Span) : PipelineStep(Span);

/// <summary>A train with its networks: <c>FitClassifier(clf)</c>.</summary>
public sealed record TrainCall(Identifier Train, EquatableArray<Identifier> Nets, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>labelled</c>, or a part of it: <c>hardest(labelled, by: loss, top: 0.2)</c>.</summary>
/// <param name="Choice">The name of what chooses the part; null for all.</param>
public sealed record DataSyntax(Identifier? Choice, Identifier Name, EquatableArray<Argument> Settings, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>pretrain: FitLanguageModel(lm) on corpus for 2 epochs { freeze lm.embed }</c></summary>
public sealed record FitStage(Identifier Name, TrainCall Call, DataSyntax Data, Expression Epochs, EquatableArray<PathPattern> Frozen, TextSpan Span) : Stage(Name, Span);

/// <summary><c>transfer: clf.encoder from lm.encoder</c></summary>
public sealed record TransferStage(Identifier Name, PathPattern To, PathPattern From, TextSpan Span) : Stage(Name, Span);

/// <summary><c>check: evaluate FitClassifier(clf) on held_out</c></summary>
public sealed record EvaluateStage(Identifier Name, TrainCall Call, DataSyntax Data, TextSpan Span) : Stage(Name, Span);

/// <summary><c>finetune on hardest(labelled, by: loss, top: 0.2) for 1 epochs</c>, or <c>check</c>: a stage once more.</summary>
public sealed record RunStep(Identifier Stage, DataSyntax? Data, Expression? Epochs, TextSpan Span) : PipelineStep(Span);

/// <summary><c>feedback while check.accuracy &lt; 0.98, at_most 3 { … }</c></summary>
public sealed record PipelineFeedback(Expression Condition, Expression AtMost, EquatableArray<PipelineStep> Body, TextSpan Span) : PipelineStep(Span);

/// <summary><c>checkpoint HuggingFace for Llama { … }</c>: another project's names of a model's weights.</summary>
public sealed record CheckpointDeclaration(
    Identifier Name, Identifier Model, EquatableArray<CheckpointLine> Lines, string? Doc, EquatableArray<int> Tokens, string TokenText, TextSpan Span)
    : Declaration(Name, Doc, Tokens, TokenText, Span)
{
    public IEnumerable<CheckpointEntry> Entries => Lines.OfType<CheckpointEntry>();
}

public abstract record CheckpointLine(TextSpan Span) : SyntaxNode(Span);

/// <summary><c>blocks.{i}.attn.weight[:d] = "model.layers.{i}.q_proj.weight".T or embed.weight</c></summary>
/// <param name="Parts">Names, numbers, and <c>{i}</c> for any number.</param>
/// <param name="Rows">The rows of the weight that are meant; null for all.</param>
/// <param name="Theirs">The name in the file as a string, and what of it: <c>.T</c>, rows, <c>deinterleave("…", heads)</c>.</param>
/// <param name="Others">What stands for it where the file has none of that name: strings, other names; or last a path, a weight of the model.</param>
public sealed record CheckpointEntry(EquatableArray<Identifier> Parts, RangeSubscript? Rows, Expression Theirs, EquatableArray<CheckpointAlternative> Others, TextSpan Span) : CheckpointLine(Span);

/// <summary>Behind <c>or</c>: another name in the file, or a weight of the model.</summary>
public sealed record CheckpointAlternative(StringExpression? Name, PathPattern? Path, TextSpan Span) : SyntaxNode(Span);

/// <summary><c>prefix "transformer."</c>: what stands before all names, in some files.</summary>
public sealed record CheckpointPrefix(StringExpression Prefix, TextSpan Span) : CheckpointLine(Span);

/// <summary><c>ignore "h.{i}.attn.bias"</c>: tensors that files have and the model does not want.</summary>
public sealed record CheckpointIgnored(EquatableArray<StringExpression> Names, TextSpan Span) : CheckpointLine(Span);
