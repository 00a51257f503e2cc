using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>Fill, copy, gather, scatter and the checks, against plain loops.</summary>
public sealed unsafe class TensorKernelsTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);
    private readonly Random _random = new(8);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(200_001)]
    public void FillsAndCopies(int length)
    {
        using var floats = new GuardedMemory<float>(length);
        using var copy = new GuardedMemory<float>(length);
        using var longs = new GuardedMemory<long>(length);
        TensorKernels.Fill(_pool, floats.Pointer, length, 2.5f);
        TensorKernels.Fill(_pool, longs.Pointer, length, -3L);
        TensorKernels.Copy(_pool, floats.Pointer, copy.Pointer, (nint)length * sizeof(float));
        Assert.True(copy.Span.IndexOfAnyExcept(2.5f) < 0 && longs.Span.IndexOfAnyExcept(-3L) < 0);
        Assert.True(floats.IsUntouchedOutside() && copy.IsUntouchedOutside() && longs.IsUntouchedOutside());
    }

    [Theory]
    [InlineData(1, 5, 7, 1)]
    [InlineData(1, 65, 300, 128)]
    [InlineData(3, 10, 20, 17)]
    [InlineData(40, 9, 33, 1)]
    [InlineData(2, 3, 0, 4)]
    [InlineData(7, 100, 500, 3)]
    public void GathersAndScatters(int outer, int axis, int count, int inner)
    {
        using var source = new GuardedMemory<float>((nint)outer * axis * inner);
        using var wide = new GuardedMemory<long>((nint)outer * axis * inner);
        using var index = new GuardedMemory<int>(count);
        using var gathered = new GuardedMemory<float>((nint)outer * count * inner);
        using var wideGathered = new GuardedMemory<long>((nint)outer * count * inner);
        using var sums = new GuardedMemory<float>((nint)outer * axis * inner);
        for (var i = 0; i < source.Length; i++)
        {
            source.Span[i] = _random.NextSingle();
            wide.Span[i] = _random.NextInt64();
        }

        foreach (ref var i in index.Span) i = _random.Next(axis);
        TensorKernels.Gather(_pool, source.Pointer, index.Pointer, gathered.Pointer, outer, axis, count, inner);
        TensorKernels.Gather(_pool, wide.Pointer, index.Pointer, wideGathered.Pointer, outer, axis, count, inner);
        TensorKernels.ScatterAdd(_pool, gathered.Pointer, index.Pointer, sums.Pointer, outer, axis, count, inner);

        var expected = new float[outer * axis * inner];
        for (var p = 0; p < outer; p++)
        {
            for (var j = 0; j < count; j++)
            {
                for (var q = 0; q < inner; q++)
                {
                    int from = (((p * axis) + index.Span[j]) * inner) + q, to = (((p * count) + j) * inner) + q;
                    Assert.Equal(source.Span[from], gathered.Span[to]);
                    Assert.Equal(wide.Span[from], wideGathered.Span[to]);
                    expected[from] += gathered.Span[to];
                }
            }
        }

        Assert.True(expected.AsSpan().SequenceEqual(sums.Span)); // the order of additions is that of the loop
        Assert.True(gathered.IsUntouchedOutside() && wideGathered.IsUntouchedOutside() && sums.IsUntouchedOutside());
    }

    [Fact]
    public void FindsTheFirstIndexOutOfRange()
    {
        for (var length = 0; length < 70; length++)
        {
            using var memory = new GuardedMemory<int>(length);
            memory.Span.Fill(6);
            Assert.Equal(-1, TensorKernels.FirstOutOfRange(memory.Pointer, length, 7));
            Assert.Equal(-1, TensorKernels.FirstOutOfRange(memory.Pointer, length, 1L << 40));
            Assert.Equal(length == 0 ? -1 : 0, TensorKernels.FirstOutOfRange(memory.Pointer, length, 0));
            for (var at = 0; at < length; at++)
            {
                memory.Span[at] = at % 2 == 0 ? -1 : 7;
                Assert.Equal(at, TensorKernels.FirstOutOfRange(memory.Pointer, length, 7));
                memory.Span[at] = 6;
            }
        }
    }

    [Fact]
    public void FindsTheFirstNumberThatIsNotFinite()
    {
        float[] bad = [float.NaN, float.PositiveInfinity, float.NegativeInfinity];
        for (var length = 0; length < 70; length++)
        {
            using var memory = new GuardedMemory<float>(length);
            memory.Span.Fill(float.MaxValue);
            Assert.Equal(-1, TensorKernels.FirstNonFinite(memory.Pointer, length));
            for (var at = 0; at < length; at++)
            {
                memory.Span[at] = bad[at % 3];
                Assert.Equal(at, TensorKernels.FirstNonFinite(memory.Pointer, length));
                memory.Span[at] = 1;
            }
        }
    }
}
