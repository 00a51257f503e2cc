namespace FeedbackNN.Gpu.Tests;

/// <summary>Attention and its gradients over tiles, against the processor's kernels in float64.</summary>
public sealed class AttentionTests
{
    /// <summary>One query and few, one key; sizes that are no multiple of a tile, and that are; widths of one element, of one tile and more; groups of heads; queries that are more than keys, so that the first look at nothing.</summary>
    [SkippableTheory]
    [InlineData(2, 4, 2, 1, 70, 7, 5)]
    [InlineData(1, 2, 1, 8, 300, 16, 100)]
    [InlineData(1, 2, 2, 9, 1, 1, 1)]
    [InlineData(1, 1, 1, 64, 64, 64, 64)]
    [InlineData(1, 2, 1, 67, 35, 7, 130)]
    [InlineData(2, 2, 2, 33, 97, 100, 8)]
    [InlineData(1, 4, 2, 130, 129, 20, 68)]
    public void AgreesWithTheProcessor(int batch, int heads, int groups, int queries, int keys, int width, int valueWidth)
    {
        var device = (GpuDevice)Pocl.Require();
        foreach (var isCausal in (ReadOnlySpan<bool>)[false, true])
        {
            var item = new AttentionCase(batch, heads, groups, queries, keys, width, valueWidth, isCausal);
            var expected = item.Expected();
            var actual = item.RunFloats(device);
            AttentionCase.AssertClose(expected, Doubles(actual), 1e-5);
            // Rows that begin anywhere are read one element after the other, and give the same.
            Assert.Equal(actual, (item with { Before = 3 }).RunFloats(device));
        }
    }

    [SkippableTheory]
    [InlineData(3)]
    [InlineData(70)]
    public void InFloat64(int queries)
    {
        var item = new AttentionCase(1, 4, 2, queries, 68, 20, 68, IsCausal: true);
        AttentionCase.AssertClose(item.Expected(), item.RunDoubles((GpuDevice)Pocl.Require()), 1e-12);
    }

    /// <summary>In one of the formats; programs of the corpus have the others too.</summary>
    [SkippableFact]
    public void WithRoundedOperands()
    {
        var device = (GpuDevice)Pocl.Require();
        var item = new AttentionCase(1, 2, 1, 40, 50, 16, 16, IsCausal: true);
        var rounded = (item with { Operands = OperandFormat.BFloat16 }).RunFloats(device);
        AttentionCase.AssertClose(item.Expected(), Doubles(rounded), 3e-2);
        Assert.NotEqual(item.RunFloats(device), rounded);
    }

    /// <summary>Scores of some hundreds, whose exponentials are no floats; the largest of a row in any tile of keys.</summary>
    [SkippableFact]
    public void LargeScoresStayFinite()
    {
        var item = new AttentionCase(1, 1, 1, 40, 400, 16, 8, IsCausal: false) { Magnitude = 300 };
        var actual = item.RunFloats((GpuDevice)Pocl.Require());
        Assert.All(actual.SelectMany(numbers => numbers), number => Assert.True(float.IsFinite(number)));
        AttentionCase.AssertClose(item.Expected(), Doubles(actual), 3e-4);
    }

    [SkippableTheory]
    [InlineData(5)]
    [InlineData(70)]
    public void QueriesThatLookAtNothingGiveZeros(int queries)
    {
        var actual = new AttentionCase(1, 1, 1, queries, queries - 2, 4, 4, IsCausal: true).RunFloats((GpuDevice)Pocl.Require());
        Assert.All(actual[0].Take(8).Concat(actual[2].Take(8)), number => Assert.Equal(0, number));
        Assert.Equal([float.NegativeInfinity, float.NegativeInfinity], actual[1].Take(2));
        Assert.All(actual[1].Skip(2), number => Assert.True(float.IsFinite(number)));
    }

    private static double[][] Doubles(float[][] numbers) => Array.ConvertAll(numbers, array => Array.ConvertAll(array, number => (double)number));
}
