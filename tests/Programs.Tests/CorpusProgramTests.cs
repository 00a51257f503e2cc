using FeedbackNN.Tests;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// Every model and training of the corpus of good programs, and of the examples, gives the same as generated code and in the interpreter: forward, gradients,
/// losses, metrics and buffers; as a rule at small sizes and at larger ones in turns.
/// </summary>
public sealed class CorpusProgramTests
{
    public static TheoryData<string> Files() => new(CorpusPrograms.Files);

    [Theory]
    [MemberData(nameof(Files))]
    public void CompiledAndInterpretedAgree(string file)
    {
        // Not all inferences at small sizes, and all trainings at larger ones.
        var position = file.Length;
        foreach (var program in CorpusPrograms.Of(file)) Check(program, position++);
    }

    private static void Check(CorpusProgram program, int position)
    {
        using var generated = GeneratedProgram.Compile(program.Graph, Device.Cpu);
        var all = program.SizesThatFit().ToArray();
        Assert.NotEmpty(all);
        // What the compiler promises of a program's memory is what the program takes.
        Assert.All(all, sizes => Assert.Equal(generated.ArenaBytes(sizes), Dsl.Planning.ProgramMemory.ArenaBytes(generated.Plan, axis => sizes[axis])));
        for (var i = 0; i < all.Length; i++)
        {
            if (SlowRun.IsWanted || i == position % Math.Min(2, all.Length)) ProgramComparison.Check(program.Graph, all[i], i + 1, 2e-4, program.DrawAt(all[i]), generated);
        }
    }
}
