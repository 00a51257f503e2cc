using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>Attention and its gradient against plain loops.</summary>
public sealed class AttentionKernelsTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);

    public void Dispose() => _pool.Dispose();

    /// <summary>Tails of every vector, blocks of keys and queries and their ends, groups of heads, few queries, widths that are no tile's.</summary>
    [Theory]
    [InlineData(2, 3, 3, 7, 7, 5, 5)]
    [InlineData(1, 4, 2, 33, 70, 32, 16)]
    [InlineData(1, 2, 1, 131, 300, 17, 33)]
    [InlineData(3, 2, 2, 64, 64, 32, 32)]
    [InlineData(1, 6, 2, 150, 129, 48, 7)]
    [InlineData(2, 4, 1, 1, 200, 24, 40)]
    [InlineData(1, 1, 1, 3, 9, 64, 1)]
    [InlineData(1, 2, 1, 20, 5, 8, 8)]
    [InlineData(20, 1, 1, 2, 1, 1, 3)]
    public void AgreesWithTheFormulas(int batch, int heads, int groups, int queries, int keys, int width, int valueWidth)
    {
        foreach (var isCausal in (ReadOnlySpan<bool>)[false, true])
        {
            var item = new AttentionCase(batch, heads, groups, queries, keys, width, valueWidth, isCausal);
            var expected = item.Expected();
            expected.AssertClose(item.RunFloats(_pool), 5e-6);
            expected.AssertClose(item.RunDoubles(_pool), 1e-13);
        }
    }

    /// <summary>Scores of some hundreds, whose exponentials are no floats; the largest of a row in any block of keys.</summary>
    [Fact]
    public void LargeScoresStayFinite()
    {
        var item = new AttentionCase(1, 2, 2, 40, 700, 16, 8, IsCausal: false) { Magnitude = 300 };
        var actual = item.RunFloats(_pool);
        Assert.All(actual.Result.Concat(actual.LogSums).Concat(actual.OfQueries).Concat(actual.OfKeys), number => Assert.True(double.IsFinite(number)));
        item.Expected().AssertClose(actual, 3e-4);
    }

    [Fact]
    public void AQueryThatLooksAtNoKeyGivesZeros()
    {
        var actual = new AttentionCase(1, 1, 1, 5, 3, 4, 4, IsCausal: true).RunFloats(_pool);
        Assert.All(actual.Result.Take(8).Concat(actual.OfQueries.Take(8)), number => Assert.Equal(0, number));
        Assert.Equal([double.NegativeInfinity, double.NegativeInfinity], actual.LogSums.Take(2));
        Assert.All(actual.LogSums.Skip(2), number => Assert.True(double.IsFinite(number)));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4)]
    [InlineData(5, 8)]
    public void BitsDoNotDependOnTheNumberOfThreads(int batch, int heads)
    {
        var item = new AttentionCase(batch, heads, 1, 200, 260, 32, 20, IsCausal: true);
        using var one = new WorkerPool(1);
        using var four = new WorkerPool(4);
        var alone = item.RunFloats(one);
        foreach (var other in new[] { item.RunFloats(_pool), item.RunFloats(four) })
        {
            Assert.Equal(alone.Result, other.Result);
            Assert.Equal(alone.LogSums, other.LogSums);
            Assert.Equal(alone.OfQueries, other.OfQueries);
            Assert.Equal(alone.OfKeys, other.OfKeys);
        }
    }
}
