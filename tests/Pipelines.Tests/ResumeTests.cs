using Corpus;
using FeedbackNN.Runtime.Tests;

namespace FeedbackNN.Pipelines.Tests;

/// <summary>A run that is interrupted at any moment goes on to the bits of one that was not.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly Lazy<(List<string> Told, float[] Weights)> Straight = new(() =>
    {
        var told = new List<string>();
        var pipeline = Filter.Make();
        pipeline.Run(new Listener(progress => told.Add($"{progress}")));
        return (told, Filter.Weights(pipeline));
    });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>At every batch and every step, once by asking and once by failing.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Interrupted_anywhere_it_ends_with_the_same_bits(bool isAsked)
    {
        var (straight, weights) = Straight.Value;
        Assert.True(straight.Count > 40);
        // Every moment would be half a minute; these meet every kind of step and place in an epoch.
        for (var stopAt = 1; stopAt < straight.Count; stopAt += isAsked ? 2 : 3)
        {
            using var folder = new TemporaryFolder();
            var told = new List<string>();
            using var stop = new CancellationTokenSource();
            var first = Filter.Make(folder.Path, saveInterval: isAsked ? TimeSpan.FromDays(1) : TimeSpan.Zero);
            var listener = new Listener(progress =>
            {
                told.Add($"{progress}");
                if (told.Count != stopAt) return;
                if (!isAsked) throw new TimeoutException();
                stop.Cancel();
            });
            if (isAsked) Assert.ThrowsAny<OperationCanceledException>(() => first.Run(listener, stop.Token));
            else Assert.Throws<TimeoutException>(() => first.Run(listener));

            var second = Filter.Make(folder.Path, weights: 77);
            var later = new List<string>();
            second.Run(new Listener(progress => later.Add($"{progress}")));
            Assert.Equal(straight.Skip(stopAt), later);
            Assert.Equal(weights, Filter.Weights(second));
        }
    }

    [Fact]
    public void Interrupted_on_several_devices_it_ends_with_the_same_bits()
    {
        using Device first = Device.CpuWithThreads(1), second = Device.CpuWithThreads(1);
        var straight = Filter.Make(devices: [first, second]);
        straight.Run();
        Assert.NotEqual(Straight.Value.Weights, Filter.Weights(straight));
        foreach (var stopAt in (int[])[7, 18, 33])
        {
            using var folder = new TemporaryFolder();
            using var stop = new CancellationTokenSource();
            var told = 0;
            Assert.ThrowsAny<OperationCanceledException>(() => Filter.Make(folder.Path, devices: [first, second]).Run(new Listener(_ =>
            {
                if (++told == stopAt) stop.Cancel();
            }), stop.Token));
            var later = Filter.Make(folder.Path, weights: 77, devices: [first, second]);
            later.Run();
            Assert.Equal(Filter.Weights(straight), Filter.Weights(later));
        }
    }

    [Fact]
    public void Interrupted_again_and_again_it_ends_with_the_same_bits()
    {
        var (straight, weights) = Straight.Value;
        var told = new List<string>();
        FilterPipeline pipeline;
        while (true)
        {
            pipeline = Filter.Make(_folder.Path, weights: File.Exists(_folder.State) ? 77 + (ulong)told.Count : 1);
            using var stop = new CancellationTokenSource();
            var steps = 0;
            try
            {
                pipeline.Run(new Listener(progress =>
                {
                    told.Add($"{progress}");
                    if (++steps == 3) stop.Cancel();
                }), stop.Token);
                break;
            }
            catch (OperationCanceledException)
            {
                Assert.Single(Directory.GetFiles(_folder.Path, "*.safetensors*"));
            }
        }
        Assert.Equal(straight, told);
        Assert.Equal(weights, Filter.Weights(pipeline));
    }

    [Fact]
    public void A_run_that_is_finished_only_gives_its_weights()
    {
        Filter.Make(_folder.Path).Run();
        var written = File.GetLastWriteTimeUtc(_folder.State);
        var again = Filter.Make(_folder.Path, weights: 77);
        again.Run(new Listener(progress => Assert.Fail($"{progress}")));
        Assert.Equal(Straight.Value.Weights, Filter.Weights(again));
        Assert.Equal(written, File.GetLastWriteTimeUtc(_folder.State));
    }

    [Fact]
    public void A_folder_of_another_run_is_refused()
    {
        Filter.Make(_folder.Path).Run();
        var content = File.ReadAllBytes(_folder.State);
        Refuses(Filter.Make(_folder.Path, seed: 6), "begun with seed 5, and this is 6");
        Refuses(Filter.Make(_folder.Path, batchSize: 4), "begun with batches of 8, and this is 4");
        Refuses(Filter.Make(_folder.Path, labelled: Filter.Labelled.Take(27)), "begun with samples in labelled: 28, and this is 27");
        Assert.Equal(content, File.ReadAllBytes(_folder.State));

        new Classifier(seed: 1).Save(_folder.State);
        Refuses(Filter.Make(_folder.Path), "it holds a saved model, not a saved pipeline");
        File.WriteAllBytes(_folder.State, content[..^10]);
        Refuses(Filter.Make(_folder.Path), "pipeline.safetensors");
    }

    [Fact]
    public void Two_runs_at_once_in_one_folder_are_refused()
    {
        var isTold = false;
        Filter.Make(_folder.Path).Run(new Listener(_ =>
        {
            if (isTold) return;
            isTold = true;
            Refuses(Filter.Make(_folder.Path), "another that runs here");
        }));
        Assert.True(isTold);
    }

    /// <summary>The disk is full at each of many moments: an error, and what was saved before is as it was.</summary>
    [Fact]
    public void A_write_that_fails_keeps_what_was_saved_last()
    {
        var weights = Straight.Value.Weights;
        var failures = 0;
        try
        {
            for (var room = 100; ; room = room * 5 / 2)
            {
                var before = File.Exists(_folder.State) ? File.ReadAllBytes(_folder.State) : null;
                var pipeline = Filter.Make(_folder.Path, weights: before is null ? 1 : 7 + (ulong)room);
                try
                {
                    // After the first writes that went well there is a state to lose.
                    var writes = 0;
                    AtomicFile.Between = file => new FullDisk(file, ++writes <= failures % 3 * 4 ? int.MaxValue : room);
                    pipeline.Run(new Listener(_ => before = File.Exists(_folder.State) ? File.ReadAllBytes(_folder.State) : null));
                    Assert.Equal(weights, Filter.Weights(pipeline));
                    break;
                }
                catch (CheckpointException error)
                {
                    failures++;
                    Assert.Contains("No space left", error.Message, StringComparison.Ordinal);
                    Assert.Empty(Directory.GetFiles(_folder.Path, "*.tmp"));
                    if (File.Exists(_folder.State)) SafetensorsFile.Read(_folder.State).Dispose();
                    else Assert.Null(before);
                }
            }
        }
        finally
        {
            AtomicFile.Between = null;
        }
        Assert.True(failures > 5, $"{failures}");
    }

    private static void Refuses(FilterPipeline pipeline, string why) =>
        Assert.Contains(why, Assert.Throws<CheckpointException>(() => pipeline.Run()).Message, StringComparison.Ordinal);
}
