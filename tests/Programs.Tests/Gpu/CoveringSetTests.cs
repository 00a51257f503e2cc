using FeedbackNN.Dsl.Planning;

namespace FeedbackNN.Programs.Tests.Gpu;

public sealed class CoveringSetTests
{
    /// <summary>What the corpus has of its own and the set lacks is told with the smallest program that has it.</summary>
    [Fact]
    public void TheSetHasEveryKindOfStepAndKernelOfTheCorpus()
    {
        var all = CorpusPrograms.Files.Where(file => file.StartsWith("tests/", StringComparison.Ordinal)).SelectMany(CorpusPrograms.Of)
            .Select(program => (program.FullName, Plan: Planner.Plan("Program", program.Graph, program.Axes))).ToList();
        Assert.Empty(CoveringSet.Programs.Except(all.Select(program => program.FullName)));
        var covered = all.Where(program => CoveringSet.Programs.Contains(program.FullName)).SelectMany(program => CoveringSet.PartsOf(program.Plan)).ToHashSet(StringComparer.Ordinal);
        var missing = all.SelectMany(program => CoveringSet.PartsOf(program.Plan).Where(part => !covered.Contains(part)).Select(part => (Part: part, program.FullName, program.Plan.Kernels.Count)))
            .GroupBy(item => item.Part, StringComparer.Ordinal).Select(items => $"{items.Key}: {items.MinBy(item => item.Count).FullName}").ToList();
        Assert.True(missing.Count == 0, string.Join("\n", missing));
    }
}
