using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>Loads, stores and reductions that know how many elements remain.</summary>
public sealed unsafe class SimdTests
{
    private static readonly Vector512<float> Ramp = Vector512.CreateSequence(1f, 1f);

    [Fact]
    public void AStoreTouchesNothingBehindWhatRemains()
    {
        for (nint remaining = 0; remaining <= 20; remaining++)
        {
            var length = Math.Min(remaining, 16);
            using var floats = new GuardedMemory<float>(length);
            using var integers = new GuardedMemory<int>(length);
            Simd.Store(floats.Pointer, Ramp, remaining);
            Simd.Store(integers.Pointer, Simd.Index(1), remaining);
            Assert.True(floats.IsUntouchedOutside() && integers.IsUntouchedOutside());
            for (var i = 0; i < length; i++)
            {
                Assert.Equal(i + 1f, floats.Span[i]);
                Assert.Equal(i + 1, integers.Span[i]);
            }
        }
    }

    [Fact]
    public void KeepReplacesWhatDoesNotRemain()
    {
        for (nint remaining = 0; remaining <= 20; remaining++)
        {
            Vector512<float> floats = Simd.Keep(Ramp, remaining, -7f);
            Vector512<int> integers = Simd.Keep(Simd.Index(1), remaining, -7);
            for (var i = 0; i < 16; i++)
            {
                Assert.Equal(i < remaining ? i + 1 : -7f, floats[i]);
                Assert.Equal(i < remaining ? i + 1 : -7, integers[i]);
            }
        }
    }

    [Fact]
    public void StridedElementsComeAndGo()
    {
        for (nint stride = 1; stride < 5; stride++)
        {
            for (nint remaining = 0; remaining <= 16; remaining++)
            {
                using var memory = new GuardedMemory<float>(Math.Max(0, ((remaining - 1) * stride) + 1));
                memory.Span.Fill(-1);
                Simd.StoreStrided(memory.Pointer, stride, Ramp, remaining);
                Assert.True(memory.IsUntouchedOutside());
                for (var i = 0; i < memory.Length; i++) Assert.Equal(i % stride == 0 ? (i / stride) + 1 : -1f, memory.Span[i]);
                var loaded = Simd.LoadStrided(memory.Pointer, stride, remaining);
                for (var i = 0; i < 16; i++) Assert.Equal(i < remaining ? i + 1f : 0, loaded[i]);
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 17)]
    [InlineData(8, 8)]
    [InlineData(21, 5)]
    [InlineData(64, 49)]
    public void TransposedElementsAreTheSame(int rows, int columns)
    {
        // Rows and columns of both anywhere in memory: neighbours, apart, and one in the other.
        foreach (var (fromRow, fromColumn, toRow, toColumn) in new[] { (1, rows, columns, 1), (columns, 1, 1, rows), (3, 3 * rows, 2 * columns, 2), (2 * columns, 2, 5, 5 * rows) })
        {
            using var from = new GuardedMemory<int>(((rows - 1) * fromRow) + ((columns - 1) * fromColumn) + 1);
            using var to = new GuardedMemory<int>(((rows - 1) * toRow) + ((columns - 1) * toColumn) + 1);
            for (var i = 0; i < from.Length; i++) from.Span[i] = i + 1;
            to.Span.Fill(-1);
            Simd.Transpose(from.Pointer, fromRow, fromColumn, to.Pointer, toRow, toColumn, rows, columns);
            Assert.True(to.IsUntouchedOutside());
            var expected = Enumerable.Repeat(-1, (int)to.Length).ToArray();
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < columns; column++) expected[(row * toRow) + (column * toColumn)] = (row * fromRow) + (column * fromColumn) + 1;
            }

            Assert.Equal(expected, to.Span.ToArray());
        }
    }

    [Fact]
    public void ReductionsAgreeWithLoops()
    {
        var random = new Random(1);
        for (var round = 0; round < 100; round++)
        {
            var lanes = Enumerable.Range(0, 16).Select(_ => (float)random.Next(-3, 4)).ToArray();
            var floats = Vector512.Create<float>(lanes);
            var integers = Vector512.Create<int>(lanes.Select(x => (int)x).ToArray());
            Assert.Equal(lanes.Sum(), Simd.Sum(floats));
            Assert.Equal(lanes.Max(), Simd.Max(floats));
            Assert.Equal(lanes.Min(), Simd.Min(floats));
            Assert.Equal(lanes.Aggregate(1f, (a, b) => a * b), Simd.Prod(floats));
            Assert.Equal((int)lanes.Sum(), Simd.Sum(integers));
            Assert.Equal((int)lanes.Max(), Simd.Max(integers));
            Assert.Equal((int)lanes.Min(), Simd.Min(integers));
            Assert.Equal(lanes.Aggregate(1, (a, b) => a * (int)b), Simd.Prod(integers));
        }

        Assert.True(float.IsNaN(Simd.Max(Ramp.WithElement(5, float.NaN))) && float.IsNaN(Simd.Min(Ramp.WithElement(14, float.NaN))));
    }

    [Fact]
    public void TheFirstOfEqualsIsTheLargestOrSmallest()
    {
        var random = new Random(2);
        for (var round = 0; round < 200; round++)
        {
            var values = Enumerable.Range(0, 64).Select(_ => (float)random.Next(-9, 10)).ToArray();
            if (round % 4 == 0) values[random.Next(64)] = float.NaN;
            Vector512<float> largest = Vector512.Create<float>(values), smallest = largest;
            Vector512<int> indexOfLargest = Simd.Index(0), indexOfSmallest = indexOfLargest;
            for (var i = 16; i < 64; i += 16)
            {
                Simd.ArgMax(ref largest, ref indexOfLargest, Vector512.Create<float>(values.AsSpan(i)), Simd.Index(i));
                Simd.ArgMin(ref smallest, ref indexOfSmallest, Vector512.Create<float>(values.AsSpan(i)), Simd.Index(i));
            }

            var nan = Array.FindIndex(values, float.IsNaN);
            Assert.Equal(nan >= 0 ? nan : Array.IndexOf(values, values.Max()), Simd.ArgMaxLane(largest, indexOfLargest));
            Assert.Equal(nan >= 0 ? nan : Array.IndexOf(values, values.Min()), Simd.ArgMinLane(smallest, indexOfSmallest));
        }
    }

    [Fact]
    public void ComparisonsFollowIeee()
    {
        float[] numbers = [float.NegativeInfinity, -1, -0f, 0, 1, float.PositiveInfinity, float.NaN];
        foreach (var x in numbers)
        {
            foreach (var y in numbers)
            {
                Vector512<float> a = Vector512.Create(x), b = Vector512.Create(y);
                Assert.Equal(x < y ? -1 : 0, Simd.Less(a, b)[3]);
                Assert.Equal(x <= y ? -1 : 0, Simd.LessOrEqual(a, b)[3]);
                Assert.Equal(x == y ? -1 : 0, Simd.Equal(a, b)[3]);
                Assert.Equal(x != y ? -1 : 0, Simd.NotEqual(a, b)[3]);
                Assert.Equal(x > y ? -1 : 0, Simd.Greater(a, b)[3]);
                Assert.Equal(x >= y ? -1 : 0, Simd.GreaterOrEqual(a, b)[3]);
                Assert.Equal(x < y ? 1f : 0, Simd.MaskToFloat(Simd.Less(a, b))[3]);
                Assert.Equal(x < y ? x : y, Simd.Select(Simd.Less(a, b), a, b)[3]);
            }
        }
    }

    [Fact]
    public void ConversionsSaturateLikeCasts()
    {
        float[] numbers = [1.9f, -1.9f, 3e9f, -3e9f, float.NaN, float.PositiveInfinity, 0.5f, 16777217];
        foreach (var x in numbers) Assert.Equal((int)x, Simd.ToInt(Vector512.Create(x))[0]);
        Assert.Equal(16777216f, Simd.ToFloat(Vector512.Create(16777217))[0]);
    }

    [Fact]
    public void MasksGoThroughBytes()
    {
        for (nint remaining = 0; remaining <= 16; remaining++)
        {
            using var bytes = new GuardedMemory<bool>(remaining);
            var mask = Simd.Less(Simd.Index(0) & Vector512.Create(3), Vector512.Create(2));
            Simd.StoreMask(bytes.Pointer, mask, remaining);
            Assert.True(bytes.IsUntouchedOutside());
            Assert.Equal(Simd.Keep(mask, remaining, 0), Simd.LoadMask(bytes.Pointer, remaining));
            Assert.Equal(Simd.Keep(mask, remaining, 0), Simd.LoadMask(bytes.Pointer, 1, remaining));
        }
    }

    [Fact]
    public void MasksOfEveryOtherBoolean()
    {
        using var bytes = new GuardedMemory<bool>(32);
        for (var i = 0; i < 32; i++) bytes.Pointer[i] = i % 4 == 2;
        var mask = Simd.LoadMask(bytes.Pointer, 2, 11);
        for (var lane = 0; lane < Simd.Lanes; lane++) Assert.Equal(lane < 11 && lane % 2 == 1 ? -1 : 0, mask[lane]);
    }
}
