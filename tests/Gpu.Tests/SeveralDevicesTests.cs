using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// A training on two GPUs is that on two processors, which have the same shares of each batch and draw the same numbers. Both GPUs are PoCL, through connections of their own: memory,
/// queues and kernels of one are nothing to the other.
/// </summary>
public sealed class SeveralDevicesTests : IDisposable
{
    private const int Rows = 7, Length = 4;
    private readonly Device[] _processors = [Device.CpuWithThreads(1), Device.CpuWithThreads(1)];

    public void Dispose()
    {
        foreach (var device in _processors) device.Dispose();
    }

    [SkippableFact]
    public void Ten_steps_with_running_statistics_dropout_and_momentum_are_those_of_processors()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        AssertSame(devices =>
        {
            var net = new Mixed(devices[0], seed: 3);
            using var trainer = new FitMixedSgd(net, seed: 5, devices);
            return (net, Steps((x, word, label) => trainer.Step(new(x, word, label)) is var report ? [report.Loss, report.Accuracy] : []));
        }, [first, second]);
    }

    [SkippableFact]
    public void Ten_steps_with_clipping_and_accumulation_are_those_of_processors()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        AssertSame(devices =>
        {
            var net = new Mixed(devices[0], seed: 3);
            using var trainer = new FitMixedAdamW(net, seed: 5, devices);
            return (net, Steps((x, word, label) => trainer.Step(new(x, word, label)) is var report ? [report.Loss, report.Accuracy] : []));
        }, [first, second]);
    }

    /// <summary>Each step is with the network's weights, each evaluation with their average: the second GPU has room for one of them.</summary>
    [SkippableFact]
    public void Evaluations_with_an_average_between_steps_are_those_of_processors()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        double[] expected = Numbers(_processors), actual = Numbers([first, second]);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(actual, Numbers([first, second]));

        static double[] Numbers(Device[] devices)
        {
            using var net = new Small(devices[0], seed: 3);
            using var trainer = new FitSmallAveraged(net, seed: 5, devices);
            var data = DataSource.From(Enumerable.Range(0, 25).Select(Sample).ToArray());
            var numbers = new List<double>();
            for (var round = 0; round < 3; round++)
            {
                var step = trainer.Run(data, epochs: 1, batchSize: 7);
                var evaluated = trainer.Evaluate(data, batchSize: 12);
                Assert.NotEqual(step.Loss, evaluated.Loss, 1e-3);
                numbers.AddRange([step.Loss, evaluated.Loss, evaluated.Perplexity, evaluated.Worst]);
            }
            return [.. numbers];
        }

        static FitSmallAveraged.Sample Sample(int seed)
        {
            var random = new Random(seed);
            return new(Enumerable.Range(0, Features.Size).Select(_ => random.NextSingle() - 0.5f).ToArray(), random.Next(5));
        }
    }

    [SkippableFact]
    public void A_device_without_room_keeps_nothing_and_says_for_what()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        using var net = new Mixed(first, seed: 3);
        using var small = new Small(first, seed: 3);
        // Room for one thing more each time: of those that the second device needs, then of those of the first.
        Assert.Equal(
            ["a copy of the parameters", "a copy of the buffers", "the gradients", "the buffers", "the losses and metrics"],
            Refusals(second, () => new FitMixedSgd(net, seed: 5, [first, second])));
        Assert.Equal(["the parameters", "the gradients", "the buffers", "the losses and metrics"], Refusals(first, () => new FitSmallAveraged(small, seed: 5, [first, second])));
        // Updates of low rank, an average, and an average of those: what there was room for is given back.
        Assert.Equal(3, Refusals(first, () => new FitMixedLowRank(net, seed: 5)).Count(purpose => purpose == "the parameters"));

        string[] Refusals(GpuDevice device, Func<IDisposable> begin)
        {
            var refusals = new List<string>();
            try
            {
                var (before, other) = (first.AllocatedBytes, second.AllocatedBytes);
                for (var room = 0; room < 1 << 17; room += 256)
                {
                    device.MemoryLimit = device.AllocatedBytes + room;
                    try
                    {
                        using (begin()) return [.. refusals];
                    }
                    catch (DeviceMemoryException failure)
                    {
                        var purpose = System.Text.RegularExpressions.Regex.Match(failure.Message, "has no room for (.*) of [^:]*:").Groups[1].Value;
                        if (refusals.LastOrDefault() != purpose) refusals.Add(purpose);
                    }
                    Assert.Equal((before, other), (first.AllocatedBytes, second.AllocatedBytes));
                }
                throw new InvalidOperationException("There is never room.");
            }
            finally
            {
                device.MemoryLimit = long.MaxValue;
            }
        }
    }

    [SkippableFact]
    public void A_run_stops_at_a_loss_that_is_not_finite_on_the_second_device_and_goes_on()
    {
        var first = (GpuDevice)Pocl.Require();
        using var second = first.Twin();
        using var net = new Line(first, seed: 1);
        using var trainer = new FitLine(net, seed: 2, [first, second]) { Shuffle = false };

        // The last of five samples is the second device's.
        var failure = Assert.Throws<TrainingDivergedException>(() => trainer.Run(Samples(30, badAt: 14), epochs: 1, batchSize: 5));
        Assert.Equal(2, failure.Step);
        Assert.Contains("nets.fnn(", failure.SourceLine);
        Assert.Equal(6, trainer.Run(Samples(30, badAt: -1), epochs: 1, batchSize: 5).Step);

        using var expected = new Line(first, seed: 1);
        using var straight = new FitLine(expected, seed: 2, [first, second]) { Shuffle = false };
        straight.Run(Samples(30, badAt: -1), epochs: 1, batchSize: 5);
        Assert.Equal(expected.AllParameters[0].Value.ToArray(), net.AllParameters[0].Value.ToArray());
    }

    [SkippableFact]
    public void A_GPU_and_a_processor_do_not_share_a_batch()
    {
        var device = Pocl.Require();
        using var net = new Line(device, seed: 1);
        var refused = Assert.Throws<ArgumentException>(() => new FitLine(net, devices: [device, Device.Cpu]));
        Assert.Contains($"{device} and {Device.Cpu} are devices of different kinds", refused.Message);
    }

    private void AssertSame(Func<Device[], (Mixed Net, double[] Numbers)> train, Device[] gpus)
    {
        var (here, expected) = train(_processors);
        var (there, actual) = train(gpus);
        var (again, repeated) = train(gpus);
        Assert.Equal(actual, repeated);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
        foreach (var (a, b, c) in here.AllParameters.Zip(there.AllParameters, again.AllParameters))
        {
            Assert.All(a.Value.ToArray().Zip(b.Value.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 2e-5f));
            Assert.Equal(b.Value.ToArray(), c.Value.ToArray());
        }
        foreach (var (a, b) in here.AllBuffers.Zip(there.AllBuffers)) Assert.All(a.Value.ToArray().Zip(b.Value.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 2e-5f));
        foreach (var net in (Mixed[])[here, there, again]) net.Dispose();
    }

    private static double[] Steps(Func<Tensor<float, Batch, Features>, Tensor<int, Batch, Nets.Length>, Tensor<int, Batch>, double[]> step)
    {
        var random = new Random(7);
        var numbers = new List<double>();
        for (var i = 0; i < 10; i++)
        {
            // The last is smaller than there are devices.
            var rows = i == 9 ? 1 : Rows;
            using var x = new Tensor<float, Batch, Features>(rows, Features.Size);
            using var word = new Tensor<int, Batch, Nets.Length>(rows, Length);
            using var label = new Tensor<int, Batch>(rows);
            foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
            foreach (ref var value in word.Span) value = random.Next(9);
            foreach (ref var value in label.Span) value = random.Next(5);
            numbers.AddRange(step(x, word, label));
        }
        return [.. numbers];
    }

    private static IDataSource<FitLine.Sample> Samples(int count, int badAt)
    {
        var random = new Random(6);
        return DataSource.From(Enumerable.Range(0, count).Select(i =>
        {
            var x = Enumerable.Range(0, 12).Select(_ => random.NextSingle() - 0.5f).ToArray();
            return new FitLine.Sample(x, new[] { i == badAt ? -100f : x.Sum() });
        }).ToArray());
    }
}
