using Finetune;

namespace FeedbackNN.Examples.Tests;

/// <summary>Moving averages of networks with updates of low rank: B and A have one each, beside that of the weights that are trained themselves.</summary>
public sealed class LowRankAverageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-lora-average").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_averages_of_the_updates_and_of_the_head_follow_their_formula()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRankAveraged(net, seed: 2);
        var body = net.Parameters.Fc1.Weight.Value.ToArray();
        double[]? expected = null;
        for (var step = 0; step < 12; step++)
        {
            trainer.Step(Batch(step));
            // Gradients of two batches make an update.
            if (step % 2 == 0) continue;
            var now = Weights(trainer.Adapters).Concat(Weights(net)).ToArray();
            expected = expected is null ? [.. now.Select(weight => (double)weight)] : [.. expected.Zip(now, (average, weight) => (0.8 * average) + (0.2 * weight))];
            foreach (var (wanted, actual) in expected.Zip(Weights(trainer.AverageAdapters).Concat(Weights(trainer.Average)))) Assert.Equal(wanted, actual, 1e-6);
            Assert.Equal(body, trainer.Average.Parameters.Fc1.Weight.Value.ToArray());
            Assert.Equal(net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()), trainer.Average.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()));
        }
        Assert.NotEqual(Weights(trainer.Adapters), Weights(trainer.AverageAdapters));
        Assert.NotEqual(net.Parameters.Head.Weight.Value.ToArray(), trainer.Average.Parameters.Head.Weight.Value.ToArray());
    }

    [Fact]
    public void Evaluations_are_what_the_merged_average_computes_and_a_training_with_a_merged_one_refuses()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRankAveraged(net, seed: 2);
        for (var step = 0; step < 30; step++) trainer.Step(Batch(step));
        var batch = Batch(99, size: 40);
        var measured = trainer.Evaluate(batch).Loss;
        Assert.NotEqual(measured, CrossEntropy.Of(trainer.Average, batch.X, batch.Label), 1e-3);
        var before = Weights(trainer.Average);
        trainer.AverageAdapters.Merge();
        Assert.Equal(measured, CrossEntropy.Of(trainer.Average, batch.X, batch.Label), 1e-6);
        foreach (var use in new Action[] { () => trainer.Step(batch), () => trainer.Evaluate(batch), () => trainer.Save(Path.Combine(_folder, "merged")) })
            Assert.Contains("call Unmerge first", Assert.Throws<InvalidOperationException>(use).Message);
        // What the end of a pipeline's stage does.
        var merged = Weights(trainer.Average);
        trainer.AverageAdapters.Unmerge();
        Assert.Equal(before, Weights(trainer.Average));
        trainer.Adapters.Merge();
        Assert.NotEqual(measured, CrossEntropy.Of(net, batch.X, batch.Label), 1e-3);
        trainer.Adapters.Unmerge();
        trainer.Adapters.CopyFrom(trainer.AverageAdapters);
        net.CopyFrom(trainer.Average);
        trainer.Adapters.Merge();
        Assert.Equal(merged, Weights(net));
    }

    [Fact]
    public void The_average_of_the_updates_is_a_file_like_the_updates()
    {
        var path = Path.Combine(_folder, "adapters.safetensors");
        using var net = new Other(seed: 1);
        using var trainer = new LowRankAveraged(net, seed: 2);
        for (var step = 0; step < 8; step++) trainer.Step(Batch(step));
        trainer.AverageAdapters.Save(path);
        using var other = new Other();
        other.CopyFrom(trainer.Average);
        using var again = new LowRankAveraged(other, seed: 9);
        again.Adapters.Load(path);
        // Before the first update it is evaluated what the network is now.
        Assert.Equal(trainer.Evaluate(Batch(50)).Loss, again.Evaluate(Batch(50)).Loss);
    }

    [Fact]
    public void A_training_that_is_saved_and_resumed_goes_on_to_the_same_bits()
    {
        using var net = new Other(seed: 1);
        using var trainer = new LowRankAveraged(net, seed: 2);
        for (var step = 0; step < 9; step++)
        {
            if (step == 5) trainer.Save(Path.Combine(_folder, "saved"));
            trainer.Step(Batch(step));
        }
        using var other = new Other(seed: 3);
        using var resumed = new LowRankAveraged(other, seed: 4);
        resumed.Resume(Path.Combine(_folder, "saved"));
        for (var step = 5; step < 9; step++) resumed.Step(Batch(step));
        Assert.Equal(Weights(trainer.AverageAdapters), Weights(resumed.AverageAdapters));
        Assert.Equal(Weights(trainer.Average), Weights(resumed.Average));
        Assert.Equal(trainer.Evaluate(Batch(50)), resumed.Evaluate(Batch(50)));
    }

    [Fact]
    public void The_best_weights_of_a_run_are_the_averages_that_were_evaluated()
    {
        var data = DataSource.From(Enumerable.Range(0, 40).Select(i => new LowRankAveraged.Sample(Batch(i).X.Span[..Features.Size].ToArray(), i % Others.Size)).ToArray());
        using var net = new Other(seed: 1);
        using var trainer = new LowRankAveraged(net, seed: 2);
        var result = trainer.Run(data, epochs: 3, batchSize: 8, new RunOptions(Path.Combine(_folder, "run")) { RestoreBest = true }, validation: data);
        Assert.Equal(Weights(trainer.Adapters), Weights(trainer.AverageAdapters));
        Assert.Equal(Weights(net), Weights(trainer.Average));
        Assert.Equal(result.BestValue, trainer.Evaluate(data).Loss, 1e-6);
    }

    [Fact]
    public void A_network_of_which_only_updates_are_trained_is_its_own_average_from_the_first_of_them_on()
    {
        using var first = new Net(seed: 1);
        using var second = new Net(seed: 2);
        using var trainer = new LowRankAveragedPair(first, second, seed: 3);
        // Weights that come after the trainer was made.
        second.Initialize(7);
        var bad = PairBatch(0);
        bad.X.Span[3] = -2;
        Assert.Throws<TrainingDivergedException>(() => trainer.Step(bad));
        trainer.Step(PairBatch(1));
        Assert.Equal(Weights(second), Weights(trainer.SecondAverage));
        Assert.Equal(Weights(trainer.Adapters), Weights(trainer.SecondAverageAdapters));
        // The updates' loss is minimised in every second step.
        trainer.Step(PairBatch(2));
        Assert.Equal(Weights(trainer.Adapters), Weights(trainer.SecondAverageAdapters));
        trainer.Step(PairBatch(3));
        Assert.Equal(Weights(second), Weights(trainer.SecondAverage));
        Assert.NotEqual(Weights(trainer.Adapters), Weights(trainer.SecondAverageAdapters));
        var before = Weights(trainer.SecondAverageAdapters);
        trainer.Step(PairBatch(4));
        Assert.Throws<TrainingDivergedException>(() => trainer.Step(bad));
        Assert.Equal(before, Weights(trainer.SecondAverageAdapters));
        var batch = PairBatch(3);
        for (var step = 0; step < 4; step++) trainer.Step(batch);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 8; step++) trainer.Step(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    private static float[] Weights(Model net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];

    private static LowRankAveraged.MiniBatch Batch(int seed, int size = 12)
    {
        var (x, label) = RandomBatch.Of<Batch, Features>(size, Features.Size, Others.Size, seed);
        return new(x, label);
    }

    private static LowRankAveragedPair.MiniBatch PairBatch(int seed)
    {
        var (x, label) = RandomBatch.Of<Batch, Features>(12, Features.Size, Classes.Size, seed);
        return new(x, label);
    }
}
