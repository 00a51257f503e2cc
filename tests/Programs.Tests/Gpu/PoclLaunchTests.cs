using FeedbackNN.Dsl.Planning;
using FeedbackNN.Gpu;
using FeedbackNN.Gpu.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>The number of kernels that <c>fnn plan</c> says a program launches is the number that it launches.</summary>
public sealed class PoclLaunchTests
{
    [SkippableTheory]
    [InlineData("digits")]
    [InlineData("attention")]
    [InlineData("word_embeddings")]
    [InlineData("feedback_over")]
    public void A_program_launches_what_its_plan_says(string file)
    {
        foreach (var (program, plan, sizes, launches) in Launches(file))
        {
            Assert.True(plan.Loops.Count == 0, $"{program}: a loop ends early");
            Assert.True(plan.Always.Evaluate(axis => sizes[axis]) == launches, $"{program}: {plan.Always} planned, {launches} launched at {string.Join(", ", sizes)}");
        }
    }

    /// <summary>How many rounds there were is known by what is left over.</summary>
    [SkippableTheory]
    [InlineData("pondering")]
    public void A_loop_that_ends_early_launches_whole_rounds(string file)
    {
        var loops = 0;
        foreach (var (program, plan, sizes, launches) in Launches(file))
        {
            var rest = launches - plan.Always.Evaluate(axis => sizes[axis]);
            if (plan.Loops is not [var loop])
            {
                Assert.True(plan.Loops.Count > 0 || rest == 0, $"{program}: {plan.Always} planned, {launches} launched");
                continue;
            }
            loops++;
            var each = loop.EachRound.Evaluate(axis => sizes[axis]);
            Assert.True(rest >= each && rest % each == 0 && rest / each <= loop.AtMost.Evaluate(axis => sizes[axis]), $"{program}: {rest} launches in rounds of {each}, at most {loop.AtMost}");
        }
        Assert.True(loops > 0, "no program has one such loop");
    }

    private static IEnumerable<(string Name, GpuLaunches Plan, Dictionary<string, long> Sizes, long Launches)> Launches(string file)
    {
        // Launches are counted for a device, and other tests use the one that is there at the same time.
        using var device = ((GpuDevice)Pocl.Require()).Twin();
        foreach (var program in CorpusPrograms.Of($"tests/corpus/good/{file}.fnn").Where(program => !program.Name.EndsWith("_Evaluation", StringComparison.Ordinal)))
        {
            using var gpu = GeneratedProgram.Compile(program.Graph, device);
            // No even number of steps, whose rest of a segment would be empty and not launched.
            var sizes = program.SizesThatFit(4).First();
            var before = device.Launches;
            gpu.Run(ProgramComparison.Draw(program.Graph, sizes, 1, program.Draw));
            yield return (program.Name, GpuLaunches.Of(gpu.Plan), sizes, device.Launches - before);
        }
    }
}
