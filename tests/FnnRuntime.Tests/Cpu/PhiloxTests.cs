using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>The generator against its authors' published vectors, and its sixteen-lane form against the plain one.</summary>
public sealed class PhiloxTests
{
    // Random123's known answers for philox4x32-10.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void GivesThePublishedAnswers(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal(Vector128.Create(r0, r1, r2, r3), Philox.Block(Vector128.Create(c0, c1, c2, c3), k0 | ((ulong)k1 << 32)));

    [Fact]
    public void SixteenAtOnceAreTheSameNumbers()
    {
        var random = new Random(4);
        for (var round = 0; round < 200; round++)
        {
            ulong seed = (ulong)random.NextInt64(), step = (ulong)random.NextInt64();
            var site = (uint)random.Next();
            var start = round < 100 ? round : random.NextInt64(1L << 45);
            var sixteen = Philox.Uniform16(seed, step, site, start);
            for (var i = 0; i < 16; i++) Assert.Equal(Philox.Uniform(seed, step, site, start + i), sixteen[i]);
        }

        // Across the border at which the block's high half changes.
        var border = Philox.Uniform16(1, 2, 3, (1L << 34) - 6);
        for (var i = 0; i < 16; i++) Assert.Equal(Philox.Uniform(1, 2, 3, (1L << 34) - 6 + i), border[i]);
    }

    [Fact]
    public void SeedStepSiteAndIndexAllMatter()
    {
        var numbers = new HashSet<float>();
        for (ulong i = 0; i < 10; i++)
        {
            numbers.Add(Philox.Uniform(i, 0, 0, 0));
            numbers.Add(Philox.Uniform(0, i + 1, 0, 0));
            numbers.Add(Philox.Uniform(0, 0, (uint)i + 1, 0));
            numbers.Add(Philox.Uniform(0, 0, 0, (long)i + 1));
        }

        Assert.Equal(40, numbers.Count);
    }

    [Fact]
    public void NumbersFillTheUnitInterval()
    {
        const int Count = 1 << 16;
        double sum = 0, squares = 0;
        float least = 1, most = 0;
        for (long i = 0; i < Count; i++)
        {
            var x = Philox.Uniform(9, 1, 2, i);
            sum += x;
            squares += (double)x * x;
            least = Math.Min(least, x);
            most = Math.Max(most, x);
        }

        // Five standard deviations of the mean and of the mean square.
        Assert.Equal(0.5, sum / Count, 5 * Math.Sqrt(1.0 / 12 / Count));
        Assert.Equal(1.0 / 3, squares / Count, 5 * Math.Sqrt(4.0 / 45 / Count));
        Assert.True(least >= 0 && least < 1e-3 && most < 1 && most > 0.999f);
    }
}
