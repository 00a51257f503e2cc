using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Generator.Compilation;
using FeedbackNN.Generator.Printing;

namespace FeedbackNN.Generator;

/// <summary>A generated C# file.</summary>
internal sealed record GeneratedFile(string HintName, string Text);

/// <summary>Which files are generated: one for a class that users see and one for each program it runs, so that each can be read.</summary>
/// <remarks>The hyphen keeps names apart: the program <c>Digits.Net-Training</c> is not the model <c>Training</c> of the namespace <c>Digits.Net</c>.</remarks>
internal static class GeneratedFiles
{
    public static IEnumerable<GeneratedFile> Of(PrintableDeclaration printable) => printable.Declaration switch
    {
        CompiledModelDeclaration model => Of(model, printable.Lines),
        CompiledTrainDeclaration train => Of(train, printable.Lines),
        BrokenModelDeclaration broken => [new($"{broken.FileStem}.g.cs", ModelPrinter.PrintBroken(broken.Signature))],
        BrokenTrainDeclaration broken => [new($"{broken.FileStem}.g.cs", TrainPrinter.PrintBroken(broken.Signature))],
        _ => [],
    };

    /// <summary>What the models of a namespace share.</summary>
    public static IEnumerable<GeneratedFile> Of(NamespaceAxes axes)
    {
        if (axes.Axes.Count + axes.Dims.Count > 0) yield return new($"{axes.FileStem}-Axes.g.cs", AxisPrinter.Print(axes.Namespace, axes.Axes, axes.Dims));
    }

    private static IEnumerable<GeneratedFile> Of(CompiledModelDeclaration declaration, LineTable lines)
    {
        var (model, inference, training) = declaration.Result;
        BoundModel[] nets = [model];
        yield return new($"{declaration.FileStem}.g.cs", ModelPrinter.Print(model, inference, training, lines.Find));
        yield return Program(declaration, "Inference", inference, nets, lines);
        yield return Program(declaration, "Training", training, nets, lines);
    }

    private static IEnumerable<GeneratedFile> Of(CompiledTrainDeclaration declaration, LineTable lines)
    {
        var (train, nets, objectives, evaluation) = declaration.Result;
        yield return new($"{declaration.FileStem}.g.cs", TrainPrinter.Print(train, objectives, evaluation, lines.Find));
        for (var i = 0; i < objectives.Count; i++) yield return Program(declaration, FormattableString.Invariant($"Step{i}"), objectives[i], nets, lines);
        yield return Program(declaration, "Evaluation", evaluation, nets, lines);
    }

    private static GeneratedFile Program(CompiledDeclaration declaration, string kind, ProgramPlan plan, IReadOnlyList<BoundModel> nets, LineTable lines) => new(
        $"{declaration.FileStem}-{kind}.g.cs",
        ProgramPrinter.Print(
            declaration.Namespace,
            plan,
            nets.Select(net => StorageLayout.Compute(net.Parameters)).ToArray(),
            nets.Select(net => StorageLayout.Compute(net.Buffers)).ToArray(),
            lines.Find));
}
