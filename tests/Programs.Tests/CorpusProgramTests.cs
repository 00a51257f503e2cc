using FeedbackNN.Tests;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// Every model and training of the corpus of good programs, and of the examples, gives the same as generated code and in the interpreter: forward, gradients,
/// losses, metrics and buffers.
/// </summary>
public sealed class CorpusProgramTests
{
    public static TheoryData<string> Files() => new(CorpusPrograms.Files);

    [Theory]
    [MemberData(nameof(Files))]
    public void CompiledAndInterpretedAgree(string file)
    {
        foreach (var program in CorpusPrograms.Of(file)) Check(program, Device.Cpu, SlowRun.Count(2, slow: 3));
    }

    internal static void Check(CorpusProgram program, Device device, int mostCases)
    {
        using var generated = GeneratedProgram.Compile(program.Graph, device);
        var cases = program.SizesThatFit().Take(mostCases).ToArray();
        Assert.NotEmpty(cases);
        // What the compiler promises of a program's memory is what the program takes.
        Assert.All(cases, sizes => Assert.Equal(generated.ArenaBytes(sizes), Dsl.Planning.ProgramMemory.ArenaBytes(generated.Plan, axis => sizes[axis])));
        for (var i = 0; i < cases.Length; i++) ProgramComparison.Check(program.Graph, cases[i], i + 1, 2e-4, program.Draw, generated);
    }
}
