using Generates;
using Start = Generates.StartAxis;

namespace FeedbackNN.Generate.Tests;

/// <summary>States that grow: with what is kept from round to round they come out as without, greedy and drawn, alone and in a batch, at once and as a stream.</summary>
public sealed class GrowthTests
{
    private const int Vocab = 11;

    private static Tensor<int, Batch, Start> Prompt(int batch, int start, int seed = 1)
    {
        var random = new Random(seed);
        return new([.. Enumerable.Range(0, batch * start).Select(_ => random.Next(Vocab))], batch, start);
    }

    // Small first values give nearly equal logits; larger ones tell words apart.
    private static T Louder<T>(T net) where T : Model
    {
        foreach (var parameter in net.AllParameters)
        {
            foreach (ref var value in parameter.Value) value *= 2;
        }
        return net;
    }

    /// <summary>Greedy words without anything kept: the whole sequence goes through the network for each.</summary>
    private static (int[][] Tokens, float[] Logits) Greedy(Tensor<int, Batch, Start> prompt, int rounds, Func<int[], int, float[]> lastLogits)
    {
        var (batch, start) = (prompt.Shape[0], prompt.Shape[1]);
        var rows = Enumerable.Range(0, batch).Select(b => prompt.Span.Slice(b * start, start).ToArray().ToList()).ToArray();
        float[] logits = [];
        for (var round = 0; round < rounds; round++)
        {
            logits = lastLogits([.. rows.SelectMany(row => row)], start + round);
            for (var b = 0; b < batch; b++)
            {
                var row = logits.AsSpan(b * Vocab, Vocab);
                var best = 0;
                for (var k = 1; k < Vocab; k++) best = row[k] > row[best] ? k : best;
                rows[b].Add(best);
            }
        }
        return (rows.Select(row => row.ToArray()).ToArray(), logits);
    }

    private static float[] Last(Tensor<float, Batch, Seq, Vocab> logits)
    {
        var (batch, seq) = (logits.Shape[0], logits.Shape[1]);
        return [.. Enumerable.Range(0, batch).SelectMany(b => logits.Span.Slice(((b * seq) + seq - 1) * Vocab, Vocab).ToArray())];
    }

    private static void AssertSame(int[][] expected, Tensor<int, Batch, Length> actual)
    {
        Assert.Equal([expected.Length, expected[0].Length], actual.Shape.ToArray());
        Assert.Equal(expected.SelectMany(row => row), actual.ToArray());
    }

    private static void AssertNear(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f * Math.Max(1, Math.Abs(expected[i])));
    }

    [Theory]
    [InlineData(1, 1, 20)]
    [InlineData(1, 5, 19)]
    [InlineData(3, 4, 12)]
    public void AGptWithItsCacheIsTheGptWithout(int batch, int start, int rounds)
    {
        using var net = Louder(new Teller(seed: 4));
        using var write = new Write(net);
        var prompt = Prompt(batch, start);
        var (tokens, logits) = Greedy(prompt, rounds, (all, length) => Last(net.Forward(new Tensor<int, Batch, Seq>(all, batch, length))));
        var (written, last, taken) = write.Run(prompt, rounds);
        AssertSame(tokens, written);
        AssertNear(logits, last.Span);
        Assert.All(taken.ToArray(), n => Assert.Equal(rounds, n));
        Assert.True(tokens.SelectMany(row => row.Skip(start)).Distinct().Count() > 1, "a network that says one word only shows little");
    }

    /// <summary>Attention in index notation with a mask grows as the library's does: the same weights give the same words.</summary>
    [Theory]
    [InlineData(1, 1, 20)]
    [InlineData(3, 4, 12)]
    public void AttentionByHandGrowsAsTheLibrarysDoes(int batch, int start, int rounds)
    {
        using var net = Louder(new Attending(seed: 4));
        using var byHand = new ByHand();
        foreach (var (from, to) in net.AllParameters.Zip(byHand.AllParameters)) from.Value.CopyTo(to.Value);
        using var attend = new Attend(net);
        using var attendByHand = new AttendByHand(byHand);
        var prompt = Prompt(batch, start);
        var (tokens, logits) = Greedy(prompt, rounds, (all, length) => Last(byHand.Forward(new Tensor<int, Batch, Seq>(all, batch, length))));
        var (written, last) = attendByHand.Run(prompt, rounds);
        AssertSame(tokens, written);
        AssertNear(logits, last.Span);
        Assert.Equal(attend.Run(prompt, rounds).Tokens.ToArray(), written.ToArray());
        Assert.True(tokens.SelectMany(row => row.Skip(start)).Distinct().Count() > 1, "a network that says one word only shows little");
    }

    /// <summary>Slopes, a window and a sum so far, and a state that slides: as when all of it is read again.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 9)]
    public async Task SlopesAndWindowsGrowAndSlide(int batch, int start)
    {
        using var net = Louder(Louder(new Sloped(seed: 5)));
        using var slope = new Slope(net);
        var prompt = Prompt(batch, start);
        var windows = Enumerable.Range(0, batch).Select(b => prompt.Span.Slice(b * start, start).ToArray().ToList()).ToArray();
        var words = new HashSet<int>();
        await foreach (var next in slope.Stream(prompt, 30))
        {
            if (windows[0].Count == 14) foreach (var window in windows) window.RemoveRange(0, 4);
            var logits = Last(net.Forward(new Tensor<int, Batch, Seq>([.. windows.SelectMany(window => window)], batch, windows[0].Count)));
            for (var b = 0; b < batch; b++)
            {
                var row = logits.AsSpan(b * Vocab, Vocab).ToArray();
                windows[b].Add(Array.IndexOf(row, row.Max()));
                words.Add(windows[b][^1]);
                Assert.Equal(windows[b][^1], next[b]);
            }
        }
        Assert.True(words.Count > 1, "a network that says one word only shows little");
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    public void ARecurrentNetworkCarriesItsStates(int batch, int start)
    {
        using var net = Louder(new Letters(seed: 2));
        using var spell = new Spell(net);
        var prompt = Prompt(batch, start, 3);
        var (tokens, logits) = Greedy(prompt, 10, (all, length) => Last(net.Forward(new Tensor<int, Batch, Seq>(all, batch, length))));
        var (written, last) = spell.Run(prompt);
        AssertSame(tokens, written);
        AssertNear(logits, last.Span);
    }

    [Fact]
    public void WhatDoesNotGrowIsReadOnceAndAMeanIsOverAllSoFar()
    {
        const int batch = 2;
        using var net = Louder(new Translator(seed: 6));
        using var translate = new Translate(net);
        var source = new Tensor<int, Batch, Words>([1, 2, 3, 4, 10, 9, 8, 7], batch, 4);
        var prompt = Prompt(batch, 2, 5);
        var (tokens, logits) = Greedy(prompt, 6, (all, length) =>
        {
            var seen = net.Forward(source, new Tensor<int, Batch, Seq>(all, batch, length));
            var last = Last(seen);
            for (var b = 0; b < batch; b++)
            {
                for (var k = 0; k < Vocab; k++) last[(b * Vocab) + k] += 0.5f * Enumerable.Range(0, length).Average(t => seen[b, t, k]);
            }
            return last;
        });
        var (written, lastLogits) = translate.Run(source, prompt);
        AssertSame(tokens, written);
        AssertNear(logits, lastLogits.Span);
    }

    [Fact]
    public void ASampleThatHasStoppedStaysAsItIs()
    {
        using var net = Louder(new Teller(seed: 4));
        using var write = new Write(net);
        var prompt = Prompt(3, 4);
        var free = write.Run(prompt, 12).Tokens;
        var stop = free[0, 7];
        var (tokens, _, taken) = write.Run(prompt, 12, stop: stop);
        for (var b = 0; b < 3; b++)
        {
            var end = 4;
            while (end < 16 && free[b, end] != stop) end++;
            Assert.Equal(Math.Min(12, end - 3), taken[b]);
            for (var t = 4; t < tokens.Shape[1]; t++) Assert.Equal(t <= end ? free[b, t] : stop, tokens[b, t]);
        }
        // When all have stopped, no more rounds are run.
        var alone = write.Run(Prompt(1, 4), 12, stop: stop);
        Assert.Equal(4 + alone.Taken[0], alone.Tokens.Shape[1]);
    }

    [Fact]
    public void SeedsDecideAndSamplesDrawForThemselves()
    {
        using var net = new Teller(seed: 4);
        using var write = new Write(net);
        var one = write.Run(Prompt(1, 4), 15, temperature: 1, seed: 9).Tokens.ToArray();
        Assert.Equal(one, write.Run(Prompt(1, 4), 15, temperature: 1, seed: 9).Tokens.ToArray());
        Assert.NotEqual(one, write.Run(Prompt(1, 4), 15, temperature: 1, seed: 10).Tokens.ToArray());
        var same = new Tensor<int, Batch, Start>([.. Prompt(1, 4).ToArray(), .. Prompt(1, 4).ToArray()], 2, 4);
        var both = write.Run(same, 15, temperature: 1, seed: 9).Tokens.ToArray();
        Assert.Equal(one, both[..19]);
        Assert.NotEqual(one, both[19..]);
        using var threads = Device.CpuWithThreads(3);
        using var copy = new Teller(threads, seed: 4);
        using var other = new Write(copy);
        Assert.Equal(one, other.Run(Prompt(1, 4), 15, temperature: 1, seed: 9).Tokens.ToArray());
    }

    [Fact]
    public void APenaltyKeepsFromRepeating()
    {
        using var net = Louder(new Teller(seed: 4));
        using var varied = new Varied(net);
        var prompt = Prompt(2, 3);
        float[] Logits(int[] all, int length) => Last(net.Forward(new Tensor<int, Batch, Seq>(all, 2, length)));
        var (tokens, _) = Greedy(prompt, 8, (all, length) =>
        {
            var logits = Logits(all, length);
            foreach (var place in Enumerable.Range(0, 2).SelectMany(b => all[(b * length)..((b + 1) * length)].Distinct().Select(token => (b * Vocab) + token))) logits[place] *= logits[place] > 0 ? 1 / 1e6f : 1e6f;
            return logits;
        });
        AssertSame(tokens, varied.Run(prompt));
        Assert.NotEqual(Greedy(prompt, 8, Logits).Tokens, tokens);
    }

    [Fact]
    public void NumbersGrowAsWordsDo()
    {
        using var net = Louder(new Series(seed: 3));
        using var go = new Continue(net);
        var begin = new Tensor<float, Batch, Start, N2>([0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f], 1, 3, 2);
        var all = go.Run(begin, count: 7, seed: 3);
        Assert.Equal([1, 10, 2], all.Shape.ToArray());
        Assert.Equal(begin.ToArray(), all.ToArray()[..6]);
        // The draws of a round are the same however long the rounds go on.
        Assert.Equal(all.ToArray()[..16], go.Run(begin, seed: 3).ToArray());
    }

    /// <summary>A full state forgets its first elements, and what is left is the beginning of the next round.</summary>
    [Theory]
    [InlineData(1, 5, 70)]
    [InlineData(2, 23, 40)]
    public async Task WhatIsFullSlides(int batch, int start, int count)
    {
        using var net = Louder(new Teller(seed: 4));
        using var ramble = new Ramble(net);
        var prompt = Prompt(batch, start);
        var windows = Enumerable.Range(0, batch).Select(b => prompt.Span.Slice(b * start, start).ToArray().ToList()).ToArray();
        await foreach (var next in ramble.Stream(prompt, count))
        {
            if (windows[0].Count == 24) foreach (var window in windows) window.RemoveRange(0, 9);
            var logits = Last(net.Forward(new Tensor<int, Batch, Seq>([.. windows.SelectMany(window => window)], batch, windows[0].Count)));
            for (var b = 0; b < batch; b++)
            {
                var row = logits.AsSpan(b * Vocab, Vocab).ToArray();
                windows[b].Add(Array.IndexOf(row, row.Max()));
                Assert.Equal(windows[b][^1], next[b]);
            }
        }
        var (tokens, taken) = ramble.Run(prompt, count);
        AssertSame(windows.Select(window => window.ToArray()).ToArray(), tokens);
        Assert.Equal(count, taken);
        // Each round draws for itself, also behind the first window.
        var drawn = ramble.Run(prompt, count, temperature: 1, seed: 3).Tokens.ToArray();
        Assert.Equal(drawn, ramble.Run(prompt, count, temperature: 1, seed: 3).Tokens.ToArray());
    }

    [Fact]
    public async Task ALoopsStatesBeginAgainWhenItSlides()
    {
        using var net = Louder(new Letters(seed: 2));
        using var murmur = new Murmur(net);
        var window = Prompt(1, 3).ToArray().ToList();
        await foreach (var next in murmur.Stream(Prompt(1, 3), 20))
        {
            if (window.Count == 7) window.RemoveRange(0, 3);
            var row = Last(net.Forward(new Tensor<int, Batch, Seq>(window.ToArray(), 1, window.Count)));
            window.Add(Array.IndexOf(row, row.Max()));
            Assert.Equal(window[^1], next[0]);
        }
    }

    [Fact]
    public async Task AStreamGivesWhatARunGives()
    {
        using var net = new Teller(seed: 4);
        using var write = new Write(net);
        var prompt = Prompt(2, 3);
        var whole = write.Run(prompt, 9, temperature: 1, seed: 2).Tokens;
        var t = 3;
        await foreach (var next in write.Stream(prompt, 9, temperature: 1, seed: 2))
        {
            Assert.Equal([2], next.Shape.ToArray());
            for (var b = 0; b < 2; b++) Assert.Equal(whole[b, t], next[b]);
            t++;
        }
        Assert.Equal(12, t);
    }

    [Fact]
    public async Task ATextAloneNeedsNoBatch()
    {
        using var net = Louder(new Solo(seed: 5));
        using var mumble = new Mumble(net);
        var prompt = new Tensor<int, Start>([1, 2, 3]);
        var words = prompt.ToArray().ToList();
        await foreach (var next in mumble.Stream(prompt))
        {
            var logits = net.Forward(new Tensor<int, Seq>(words.ToArray()));
            var row = logits.Span[^Vocab..].ToArray();
            words.Add(Array.IndexOf(row, row.Max()));
            Assert.Equal(words[^1], next);
        }
        Assert.Equal(words, mumble.Run(prompt).ToArray());
        var stop = words[6];
        Assert.Equal(words[..(words.IndexOf(stop, 3) + 1)], mumble.Run(prompt, stop).ToArray());
    }

    [Fact]
    public async Task AStreamEndsWhenItIsCancelledOrLeft()
    {
        using var net = new Teller(seed: 4);
        using var write = new Write(net);
        using var source = new CancellationTokenSource();
        var count = 0;
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var next in write.Stream(Prompt(1, 3), 9, cancellation: source.Token))
            {
                if (++count == 2) source.Cancel();
            }
        });
        Assert.Equal(2, count);
        await foreach (var next in write.Stream(Prompt(1, 3), 9)) break;
        Assert.Throws<ArgumentException>(() => write.Stream(Prompt(1, 20), 9));
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        using var net = new Teller();
        using var write = new Write(net);
        Assert.Contains("start + count <= context", Assert.Throws<ArgumentException>(() => write.Run(Prompt(1, 20), 5)).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => write.Run(new Tensor<int, Batch, Start>([11], 1, 1), 5));
        Assert.ThrowsAny<ArgumentException>(() => write.Run(Prompt(1, 5), 0));
    }
}
