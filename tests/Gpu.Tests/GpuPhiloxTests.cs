using FeedbackNN.Cpu;

namespace FeedbackNN.Gpu.Tests;

/// <summary>The generator of kernels gives the numbers of the CPU's, bit for bit.</summary>
public sealed class GpuPhiloxTests
{
    [Fact]
    public void GivesTheNumbersOfTheCpu()
    {
        var random = new Random(4);
        for (var round = 0; round < 20000; round++)
        {
            ulong seed = Any(random), step = Any(random);
            var site = (uint)Any(random);
            var index = round < 1000 ? round : random.NextInt64(1L << 50);
            Assert.Equal(Philox.Uniform(seed, step, site, index), GpuPhilox.Uniform(seed, step, site, index));
        }
    }

    [SkippableFact]
    public void GivesTheNumbersOfTheCpuOnADevice()
    {
        var random = new Random(5);
        long[] indices = [.. Enumerable.Range(0, 1000).Select(i => (long)i), .. Enumerable.Range(0, 4000).Select(_ => random.NextInt64(1L << 50))];
        foreach (var (seed, step, site) in ((ulong, ulong, uint)[])[(0, 0, 0), (Any(random), Any(random), uint.MaxValue), (ulong.MaxValue, ulong.MaxValue, 0xfedcba98)])
        {
            var key = new long[indices.Length];
            (key[0], key[1], key[2]) = ((long)seed, (long)step, site);
            Assert.Equal(indices.Select(index => Philox.Uniform(seed, step, site, index)), PoclKernels.Run<long, float>(nameof(GpuMathKernels.Uniform), indices, key));
        }
    }

    // The top bit included.
    private static ulong Any(Random random) => (ulong)random.NextInt64() ^ ((ulong)random.NextInt64() << 1);
}
