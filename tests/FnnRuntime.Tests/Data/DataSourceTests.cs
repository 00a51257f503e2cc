using CsCheck;

namespace FeedbackNN.Runtime.Tests.Data;

public sealed class DataSourceTests
{
    private static IDataSource<int> Numbers(int count) => DataSource.From(count, index => index);

    [Fact]
    public void A_list_and_a_function_give_the_same_samples()
    {
        var list = DataSource.From(new List<string> { "a", "b", "c" });
        var array = DataSource.From(["a", "b", "c"]);
        var computed = DataSource.From(3, index => "abc"[index].ToString());

        Assert.Equal(["a", "b", "c"], list.ToArray());
        Assert.Equal(["a", "b", "c"], array.ToArray());
        Assert.Equal(["a", "b", "c"], computed.ToArray());
    }

    [Fact]
    public void Every_view_refuses_an_index_outside()
    {
        IDataSource<int>[] sources =
        [
            Numbers(4), DataSource.From([1, 2, 3, 4]), Numbers(4).Select(x => x), Numbers(6).Take(4), Numbers(6).Skip(2), Numbers(4).Shuffle(1),
            Numbers(5).Split(0.8, 1).Train, Numbers(8).SplitByFold(2, 0, 1).Test, Numbers(1).Concat(Numbers(3)), Numbers(4).Cache(),
        ];
        foreach (var source in sources)
        {
            Assert.Equal(4, source.Count);
            Assert.Throws<ArgumentOutOfRangeException>(() => source[-1]);
            Assert.Throws<ArgumentOutOfRangeException>(() => source[4]);
        }
    }

    [Fact]
    public void Views_read_what_they_say()
    {
        Assert.Equal([0, 10, 20], Numbers(3).Select(x => 10 * x).ToArray());
        Assert.Equal([0, 1], Numbers(5).Take(2).ToArray());
        Assert.Equal([2, 3, 4], Numbers(5).Skip(2).ToArray());
        Assert.Equal([2, 3], Numbers(5).Skip(2).Take(2).ToArray());
        Assert.Equal([0, 1, 2], Numbers(3).Take(9).ToArray());
        Assert.Empty(Numbers(3).Skip(9).ToArray());
        Assert.Equal([0, 1, 0, 1, 2], Numbers(2).Concat(Numbers(3)).ToArray());
    }

    [Fact]
    public void A_cache_computes_each_sample_once()
    {
        var computed = 0;
        var cached = DataSource.From(3, index => { computed++; return index; }).Cache();
        _ = cached.ToArray();
        _ = cached.ToArray();
        Assert.Equal(3, computed);
    }

    [Fact]
    public void Reading_a_view_allocates_nothing()
    {
        var source = Numbers(100).Shuffle(1).Skip(10).Take(50).Select(x => x + 1);
        long sum = source[0];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < source.Count; i++)
            sum += source[i];
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.NotEqual(0, sum);
    }

    /// <summary>The first numbers are the published ones for this seed; orders may never change, or a run could not be repeated.</summary>
    [Fact]
    public void Orders_are_the_same_for_ever()
    {
        var random = new SplitMix64(1234567);
        Assert.Equal(new ulong[] { 6457827717110365317, 3203168211198807973, 9817491932198370423 }, new[] { random.Next(), random.Next(), random.Next() });
        Assert.Equal(ExpectedShuffle(10, 42), Numbers(10).Shuffle(42).ToArray());
        Assert.Equal(ExpectedShuffle(1797, 7), Numbers(1797).Shuffle(7).ToArray());
    }

    [Fact]
    public void Every_order_is_a_permutation() => Gen.Select(Gen.Int[0, 300], Gen.ULong, Gen.Int[0, 1000]).Sample((count, seed, epoch) =>
    {
        var all = Enumerable.Range(0, count);
        Assert.Equal(all, Numbers(count).Shuffle(seed).ToArray().Order());
        Assert.Equal(all, EpochOrder.Create(count, seed, epoch).Order());
        Assert.Equal(EpochOrder.Create(count, seed, epoch), EpochOrder.Create(count, seed, epoch));
    });

    [Fact]
    public void Every_order_is_as_likely_as_the_others()
    {
        const int draws = 24_000;
        var counts = new Dictionary<string, int>();
        for (var seed = 0; seed < draws; seed++)
        {
            var order = string.Join(' ', Numbers(4).Shuffle((ulong)seed).ToArray());
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(24, counts.Count);
        // Each is expected 1,000 times; six deviations are 186.
        Assert.All(counts.Values, count => Assert.InRange(count, 814, 1186));
    }

    [Fact]
    public void Epochs_and_seeds_have_orders_of_their_own()
    {
        var orders = new HashSet<string>();
        for (ulong seed = 0; seed < 20; seed++)
        {
            for (var epoch = 0; epoch < 20; epoch++)
                Assert.True(orders.Add(string.Join(' ', EpochOrder.Create(50, seed, epoch))));
        }
    }

    [Theory]
    [InlineData(0, 4, 0)]
    [InlineData(1, 4, 1)]
    [InlineData(8, 4, 2)]
    [InlineData(9, 4, 3)]
    [InlineData(int.MaxValue, 1, int.MaxValue)]
    [InlineData(int.MaxValue, 2, 1 << 30)]
    public void The_last_batch_may_be_short(int count, int batchSize, int batches) => Assert.Equal(batches, EpochOrder.BatchCount(count, batchSize));

    [Fact]
    public void A_split_shares_no_sample() => Gen.Select(Gen.Int[4, 400], Gen.Double[0.2, 0.8], Gen.ULong).Sample((count, fraction, seed) =>
    {
        var (train, test) = Numbers(count).Split(fraction, seed);
        Assert.InRange(train.Count, fraction * count - 0.5, fraction * count + 0.5);
        Assert.Equal(Enumerable.Range(0, count), train.ToArray().Concat(test.ToArray()).Order());
    });

    [Fact]
    public void Folds_test_every_sample_once() => Gen.Select(Gen.Int[2, 100], Gen.Int[2, 10], Gen.ULong).Where(t => t.Item2 <= t.Item1).Sample((count, folds, seed) =>
    {
        var tested = new List<int>();
        for (var fold = 0; fold < folds; fold++)
        {
            var (train, test) = Numbers(count).SplitByFold(folds, fold, seed);
            Assert.InRange(test.Count, count / folds, (count + folds - 1) / folds);
            Assert.Equal(Enumerable.Range(0, count), train.ToArray().Concat(test.ToArray()).Order());
            tested.AddRange(test.ToArray());
        }
        Assert.Equal(Enumerable.Range(0, count), tested.Order());
    });

    [Fact]
    public void A_split_that_leaves_a_part_empty_is_refused()
    {
        Assert.Contains("leaves one part without any", Assert.Throws<ArgumentException>(() => Numbers(2).Split(0.1, 1)).Message);
        Assert.Throws<ArgumentException>(() => Numbers(0).Split(0.5, 1));
        foreach (var fraction in (double[])[0, 1, -1, 2, double.NaN])
            Assert.Throws<ArgumentOutOfRangeException>(() => Numbers(10).Split(fraction, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbers(10).SplitByFold(1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbers(10).SplitByFold(11, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Numbers(10).SplitByFold(5, 5, 1));
    }

    /// <summary>The same shuffle written down once more, with 128-bit arithmetic and nothing clever.</summary>
    private static int[] ExpectedShuffle(int count, ulong seed)
    {
        var state = seed;
        var order = Enumerable.Range(0, count).ToArray();
        for (var last = count - 1; last > 0; last--)
        {
            ulong product;
            do
            {
                product = (ulong)((UInt128)(Draw() >> 32) * (uint)(last + 1));
            }
            while ((product & 0xFFFFFFFF) < (1UL << 32) % (ulong)(last + 1));
            var other = (int)(product >> 32);
            (order[last], order[other]) = (order[other], order[last]);
        }
        return order;

        ulong Draw()
        {
            state += 0x9E3779B97F4A7C15;
            var z = state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
