using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Printing;
using Snapshooter.Xunit;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// What each stage makes of a few small programs, as text to be reviewed like code: graph, plan, C# for the processor and for GPUs. After a wanted change delete the snapshot and run the
/// test again.
/// </summary>
public sealed class GoldenTests
{
    [Theory]
    [InlineData("convolution_by_indices")]
    [InlineData("digits")]
    [InlineData("elman_classifier")]
    [InlineData("norms")]
    [InlineData("residual_tower")]
    [InlineData("word_embeddings")]
    public void Stages(string program)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "corpus", "good", program + ".fnn")).Replace("\r", "");
        var source = new SourceText($"/corpus/{program}.fnn", text);
        var scope = Binder.Collect([FnnParser.Parse(source)], "Corpus");
        var (graph, plan, nets) = scope.Trains.FirstOrDefault() is { Name: not null } train ? Train(scope, train) : Model(scope, scope.Models.Last());
        var parameters = nets.Select(net => StorageLayout.Compute(net.Parameters)).ToArray();
        var buffers = nets.Select(net => StorageLayout.Compute(net.Buffers)).ToArray();
        Snapshot.Match(GraphPrinter.Print(graph), $"{program}.graph");
        Snapshot.Match(PlanText.Print(plan), $"{program}.plan");
        Snapshot.Match(CpuProgramPrinter.Print("Golden", plan, parameters, buffers, _ => null), $"{program}.cs");
        Snapshot.Match(GpuProgramPrinter.Print("Golden", plan, parameters, buffers, _ => null), $"{program}.gpu.cs");
    }

    /// <summary>A pipeline's class: its steps as C# that reads like the file.</summary>
    [Fact]
    public void Pipeline()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "corpus", "good", "pipelines.fnn")).Replace("\r", "");
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("/corpus/pipelines.fnn", text))], "Corpus");
        var compiled = FnnCompiler.CompilePipeline(scope, "Corpus", "Filter").Result!;
        Snapshot.Match(PipelinePrinter.Print(compiled, _ => null, hasGpu: false), "pipelines.cs");
    }

    /// <summary>The class of a family of trains, and that of a member, which has what the family leaves open.</summary>
    [Fact]
    public void Family()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "tests", "corpus", "good", "families_of_trains.fnn")).Replace("\r", "");
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("/corpus/families_of_trains.fnn", text))], "Corpus");
        Snapshot.Match(TrainFamilyPrinter.Print(Binder.BindTrainFamily(scope, "Search", "Distil")!), "families_of_trains.family.cs");
        var compiled = FnnCompiler.CompileTrain(scope, "Search", "DistilWide").Result!;
        Snapshot.Match(TrainPrinter.Print(compiled.Train, compiled.Objectives, compiled.Evaluation, _ => null, hasGpu: true), "families_of_trains.member.cs");
    }

    private static (Graph, ProgramPlan, IReadOnlyList<BoundModel>) Train(ModuleScope scope, DeclarationName name)
    {
        var compiled = FnnCompiler.CompileTrain(scope, name.Namespace, name.Name).Result!;
        return (compiled.Train.Objectives[0].Forward, compiled.Objectives[0], compiled.Nets);
    }

    private static (Graph, ProgramPlan, IReadOnlyList<BoundModel>) Model(ModuleScope scope, DeclarationName name)
    {
        var compiled = FnnCompiler.CompileModel(scope, name.Namespace, name.Name).Result!;
        return (compiled.Model.Training, compiled.Training, [compiled.Model]);
    }
}
