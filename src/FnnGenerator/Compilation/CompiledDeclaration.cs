using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using DslDiagnostic = FeedbackNN.Dsl.Diagnostics.Diagnostic;

namespace FeedbackNN.Generator.Compilation;

/// <summary>What compiling a declaration gave: the part that is printed, and what is wrong with it.</summary>
internal sealed record DeclarationResult(CompiledDeclaration Output, EquatableArray<DslDiagnostic> Diagnostics);

/// <summary>The part of a result that printing reads: a value without spans.</summary>
/// <param name="FileStem">What the names of its generated files begin with.</param>
internal abstract record CompiledDeclaration(string Namespace, string Name, string FileStem)
{
    /// <summary>Its programs, whose steps remember where they come from; none where it has errors.</summary>
    public virtual IEnumerable<ProgramPlan> Programs => [];

    /// <summary>The tensors of its signature, whose axes are types in C#.</summary>
    public virtual IEnumerable<BoundAxis> Axes => [];

    /// <summary>Places in the source that its output names.</summary>
    public virtual IEnumerable<Origin> Origins => Programs.SelectMany(program => program.Steps).Select(step => step.Origin);
}

internal sealed record CompiledModelDeclaration(CompiledModel Result, string FileStem)
    : CompiledDeclaration(Result.Model.Namespace, Result.Model.Name, FileStem)
{
    public override IEnumerable<ProgramPlan> Programs => new[] { Result.Inference, Result.Training }.Concat(Result.Stream is { } stream ? [stream.Program] : []);

    public override IEnumerable<BoundAxis> Axes => AxesOf(Result.Model);

    public override IEnumerable<Origin> Origins => base.Origins
        .Append(Result.Model.Origin)
        .Concat(Result.NoStream is { } no ? [no.Origin] : [])
        .Concat(Result.Model.Guards.Select(guard => guard.Origin));

    internal static IEnumerable<BoundAxis> AxesOf(BoundModel model) =>
        model.Inputs.Concat(model.Results).SelectMany(tensor => tensor.Axes)
            .Concat(model.Parameters.Concat(model.Buffers).SelectMany(storage => storage.Axes));
}

internal sealed record CompiledTrainDeclaration(CompiledTrain Result, string FileStem)
    : CompiledDeclaration(Result.Train.Namespace, Result.Train.Name, FileStem)
{
    public override IEnumerable<ProgramPlan> Programs => Result.Objectives.Append(Result.Evaluation);

    public override IEnumerable<BoundAxis> Axes => AxesOf(Result.Train);

    public override IEnumerable<Origin> Origins => base.Origins
        .Append(Result.Train.Origin)
        .Concat(Result.Train.Guards.Select(guard => guard.Origin))
        .Concat(Result.Train.Objectives.Select(objective => objective.Origin));

    internal static IEnumerable<BoundAxis> AxesOf(BoundTrain train) =>
        // The tensors of a member are its family's.
        (train.Family is null ? train.Inputs : default).SelectMany(tensor => tensor.Axes).Concat(train.Adapters.SelectMany(set => set.Parameters).SelectMany(storage => storage.Axes));
}

/// <summary>A family of trainings: what its members have in common.</summary>
internal sealed record CompiledTrainFamilyDeclaration(BoundTrainFamily Family, string FileStem)
    : CompiledDeclaration(Family.Namespace, Family.Name, FileStem)
{
    public override IEnumerable<BoundAxis> Axes => Family.Inputs.Where(tensor => tensor.Axes.All(axis => axis.Open is null)).SelectMany(tensor => tensor.Axes);
}

internal sealed record CompiledPipelineDeclaration(CompiledPipeline Result, string FileStem)
    : CompiledDeclaration(Result.Pipeline.Namespace, Result.Pipeline.Name, FileStem)
{
    public override IEnumerable<ProgramPlan> Programs => Result.Answers.Select(answers => answers.Program);

    public override IEnumerable<Origin> Origins => base.Origins.Concat(OriginsOf(Result.Pipeline.Steps));

    private static IEnumerable<Origin> OriginsOf(EquatableArray<PipelineAction> steps) =>
        steps.SelectMany(step => step is LoopAction loop ? OriginsOf(loop.Body).Prepend(loop.Origin) : [step.Origin]);
}

/// <summary>A model whose body has errors: its typed API stays, with bodies that throw, so that the errors are the only ones.</summary>
internal sealed record BrokenModelDeclaration(BoundModel Signature, string FileStem)
    : CompiledDeclaration(Signature.Namespace, Signature.Name, FileStem)
{
    public override IEnumerable<BoundAxis> Axes => CompiledModelDeclaration.AxesOf(Signature);
}

/// <summary>A training with errors in its body, likewise.</summary>
internal sealed record BrokenTrainDeclaration(BoundTrain Signature, string FileStem)
    : CompiledDeclaration(Signature.Namespace, Signature.Name, FileStem)
{
    public override IEnumerable<BoundAxis> Axes => CompiledTrainDeclaration.AxesOf(Signature);
}

internal sealed record CompiledGenerateDeclaration(CompiledGenerate Result, string FileStem)
    : CompiledDeclaration(Result.Generate.Namespace, Result.Generate.Name, FileStem)
{
    public override IEnumerable<ProgramPlan> Programs => Result.Growth is { } growth ? growth.Programs.Select(item => item.Program).Append(Result.Body) : [Result.Body];

    public override IEnumerable<BoundAxis> Axes => AxesOf(Result.Generate);

    public override IEnumerable<Origin> Origins => base.Origins.Append(Result.Generate.Origin).Concat(Result.Generate.Guards.Select(guard => guard.Origin));

    internal static IEnumerable<BoundAxis> AxesOf(BoundGenerate generate) => generate.Inputs.Concat(generate.Results).Concat(generate.Streamed is { } streamed ? [streamed] : []).SelectMany(tensor => tensor.Axes);
}

/// <summary>A generate with errors in its body, likewise.</summary>
internal sealed record BrokenGenerateDeclaration(BoundGenerate Signature, string FileStem)
    : CompiledDeclaration(Signature.Namespace, Signature.Name, FileStem)
{
    public override IEnumerable<BoundAxis> Axes => CompiledGenerateDeclaration.AxesOf(Signature);
}

/// <summary>A pipeline with errors, likewise.</summary>
internal sealed record BrokenPipelineDeclaration(BoundPipeline Signature, string FileStem)
    : CompiledDeclaration(Signature.Namespace, Signature.Name, FileStem);

/// <summary>A declaration of which not even the signature could be bound: it is left out.</summary>
internal sealed record MissingDeclaration(string Namespace, string Name, string FileStem)
    : CompiledDeclaration(Namespace, Name, FileStem);

/// <summary>A compiled declaration with its lines: all that printing needs.</summary>
/// <param name="HasGpu">Programs are printed for GPUs, too.</param>
internal sealed record PrintableDeclaration(CompiledDeclaration Declaration, LineTable Lines, bool HasGpu);
