using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Tests.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Programs.Tests;

/// <summary>Random loops with their gradients, compiled and compared with the interpreter.</summary>
public sealed class RandomLoopTests
{
    public static TheoryData<int> Seeds() => new(Enumerable.Range(1, 24));

    [Theory]
    [MemberData(nameof(Seeds))]
    public void MeansTheSame(int seed)
    {
        var graph = Simplification.Run(RandomLoop.Make(new GraphBuilder(), seed, seed % 5 == 0 ? ElementType.F64 : ElementType.F32, isSmooth: seed % 2 == 0));
        Assert.Empty(GraphVerifier.Verify(graph));
        using var program = GeneratedProgram.Compile(graph);
        foreach (var (batch, time) in new[] { (1, 1), (3, 4), (7, 2) })
        {
            ProgramComparison.Check(graph, new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, seed, 2e-4,
                (random, node) => node.Type.Element.IsFloat() ? random.NextDouble() * 2 - 1 : random.Next(0, 4), program);
        }
    }
}
