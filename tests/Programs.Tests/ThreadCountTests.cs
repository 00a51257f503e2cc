using FeedbackNN.Tests;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// Every program of the corpus, at sizes that are worth several threads where it has sizes, gives the same bits on any number of them: also on more
/// threads than there are cores, which as a rule one program runs on and the next doesn't.
/// </summary>
public sealed class ThreadCountTests
{
    private const long LargestArena = 1 << 26;

    public static TheoryData<string> Files() => CorpusProgramTests.Files();

    [Theory]
    [MemberData(nameof(Files))]
    public void BitsDoNotDependOnTheNumberOfThreads(string file)
    {
        using var one = Device.CpuWithThreads(1);
        Device[] others = [Device.CpuWithThreads(2), Device.CpuWithThreads(5)];
        var position = 0;
        foreach (var corpusProgram in CorpusPrograms.Of(file))
        {
            using var program = GeneratedProgram.Compile(corpusProgram.Graph, one);
            var sizes = corpusProgram.SizesThatFit(301, 67, 64, 33, 24).Concat(corpusProgram.SizesThatFit(7, 2)).First(sizes => program.ArenaBytes(sizes) < LargestArena);
            var inputs = ProgramComparison.Draw(corpusProgram.Graph, sizes, 1, corpusProgram.DrawAt(sizes));
            var expected = program.Run(inputs);
            foreach (var device in SlowRun.OneOf(2, others, first: ++position))
            {
                using var other = program.On(device);
                Compare(expected, other.Run(inputs), $"{corpusProgram.Name} on {device}, sizes {string.Join(", ", sizes)}");
            }
        }
        foreach (var device in others) device.Dispose();
    }

    // A NaN is equal to one with the same bits.
    private static void Compare(double[][] expected, double[][] actual, string what)
    {
        for (var output = 0; output < expected.Length; output++)
        {
            for (var i = 0; i < expected[output].Length; i++)
            {
                if (BitConverter.DoubleToInt64Bits(expected[output][i]) == BitConverter.DoubleToInt64Bits(actual[output][i])) continue;
                Assert.Fail(FormattableString.Invariant($"{what}: output {output}[{i}] is {actual[output][i]:R}, and {expected[output][i]:R} on one thread"));
            }
        }
    }
}
