using Finetune;

namespace FeedbackNN.Examples.Tests;

/// <summary>Moving averages of weights, and learning rates of parts.</summary>
public sealed class AveragesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-average").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_average_follows_its_formula_after_each_update_and_frozen_weights_keep_their_bits()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Averaged(net, seed: 2);
        var frozen = net.Parameters.Fc2.Bias.Value.ToArray();
        double[]? expected = null;
        for (var step = 0; step < 12; step++)
        {
            trainer.Step(Batch(step));
            if (step % 2 == 0) continue;
            var weights = Weights(net);
            expected = expected is null ? [.. weights.Select(weight => (double)weight)] : [.. expected.Zip(weights, (average, weight) => (0.8 * average) + (0.2 * weight))];
            foreach (var (wanted, actual) in expected.Zip(Weights(trainer.Average))) Assert.Equal(wanted, actual, 1e-6);
            Assert.Equal(frozen, trainer.Average.Parameters.Fc2.Bias.Value.ToArray());
            Assert.Equal(net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()), trainer.Average.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()));
        }
        Assert.NotEqual(Weights(net), Weights(trainer.Average));
    }

    [Fact]
    public void A_training_or_a_network_that_is_disposed_of_refuses_by_name()
    {
        using var net = new Net(seed: 1);
        var trainer = new Averaged(net, seed: 2);
        for (var step = 0; step < 4; step++) trainer.Step(Batch(step));
        trainer.Dispose();
        Assert.Equal("Finetune.Averaged", Assert.Throws<ObjectDisposedException>(() => trainer.Step(Batch(0))).ObjectName);
        Assert.Equal("Finetune.Averaged", Assert.Throws<ObjectDisposedException>(() => trainer.Evaluate(Batch(0))).ObjectName);
        var x = Batch(0).X;
        var y = net.ForwardTraining(x);
        net.Dispose();
        foreach (var use in new Action[] { () => net.Forward(x), () => net.Forward(x, y), () => net.Predict(x.Slice(0)), () => net.Profile(x), () => net.ForwardTraining(x), () => net.Backward(y), () => _ = new Averaged(net) })
            Assert.Equal("Finetune.Net", Assert.Throws<ObjectDisposedException>(use).ObjectName);
    }

    [Fact]
    public void A_network_that_several_threads_use_at_once_gives_no_wrong_answer()
    {
        using var net = new Net(seed: 1);
        var samples = Enumerable.Range(0, 2).Select(i => Batch(i, size: 1).X.ToArray()).ToArray();
        var answers = samples.Select(sample => net.Predict(sample)).ToArray();
        var given = 0;
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            try
            {
                Assert.Equal(answers[i % 2], net.Predict(samples[i % 2]));
                Interlocked.Increment(ref given);
            }
            catch (InvalidOperationException error)
            {
                Assert.Contains("Finetune.Net is being used by another thread", error.Message);
            }
        });
        Assert.NotEqual(0, given);
    }

    [Fact]
    public void Evaluations_are_made_with_the_average_and_steps_without()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Averaged(net, seed: 2);
        var batch = Batch(99);
        Assert.Equal(Loss(net, batch), trainer.Evaluate(batch).Loss, 1e-6);
        for (var step = 0; step < 8; step++) trainer.Step(Batch(step));
        Assert.Equal(Loss(trainer.Average, batch), trainer.Evaluate(batch).Loss, 1e-6);
        Assert.NotEqual(Loss(net, batch), trainer.Evaluate(batch).Loss, 1e-4);
        trainer.Average.Save(Path.Combine(_folder, "average"));
        using var other = new Net();
        other.Load(Path.Combine(_folder, "average"));
        Assert.Equal(Loss(trainer.Average, batch), Loss(other, batch));
    }

    [Fact]
    public void A_training_that_is_saved_and_resumed_has_the_same_average()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Averaged(net, seed: 2);
        for (var step = 0; step < 9; step++)
        {
            if (step == 5) trainer.Save(Path.Combine(_folder, "saved"));
            trainer.Step(Batch(step));
        }
        using var other = new Net(seed: 3);
        using var resumed = new Averaged(other, seed: 4);
        resumed.Resume(Path.Combine(_folder, "saved"));
        for (var step = 5; step < 9; step++) resumed.Step(Batch(step));
        Assert.Equal(Weights(trainer.Average), Weights(resumed.Average));
        Assert.Equal(trainer.Evaluate(Batch(50)), resumed.Evaluate(Batch(50)));
    }

    [Fact]
    public void A_step_that_fails_leaves_averages_alone_and_a_step_allocates_nothing()
    {
        using var first = new Net(seed: 1);
        using var second = new Net(seed: 2);
        using var trainer = new AveragedPair(first, second, seed: 3);
        // Before any step, the first of all updates fails.
        var bad = PairBatch(0);
        bad.X.Span[3] = -2;
        Assert.Throws<TrainingDivergedException>(() => trainer.Step(bad));
        trainer.Step(PairBatch(1));
        Assert.Equal(Weights(first), Weights(trainer.FirstAverage));
        Assert.Equal(Weights(second), Weights(trainer.SecondAverage));
        trainer.Step(PairBatch(2));
        // The second network's loss is minimised in every second step.
        Assert.Equal(Weights(second), Weights(trainer.SecondAverage));
        Assert.NotEqual(Weights(first), Weights(trainer.FirstAverage));
        var before = Weights(trainer.FirstAverage);
        Assert.Throws<TrainingDivergedException>(() => trainer.Step(bad));
        Assert.Equal(before, Weights(trainer.FirstAverage));
        var batch = PairBatch(3);
        for (var step = 0; step < 4; step++) trainer.Step(batch);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 0; step < 8; step++) trainer.Step(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    [Fact]
    public void The_best_weights_of_a_run_are_the_average_that_was_evaluated()
    {
        var data = DataSource.From(Enumerable.Range(0, 40).Select(i => new Averaged.Sample(Batch(i).X.Span[..Features.Size].ToArray(), i % Classes.Size)).ToArray());
        using var net = new Net(seed: 1);
        using var trainer = new Averaged(net, seed: 2);
        var result = trainer.Run(data, epochs: 3, batchSize: 8, new RunOptions(Path.Combine(_folder, "run")) { RestoreBest = true }, validation: data);
        Assert.Equal(Weights(net), Weights(trainer.Average));
        Assert.Equal(result.BestValue, trainer.Evaluate(data).Loss, 1e-6);
    }

    [Fact]
    public void Parts_learn_by_their_share_of_the_rate_on_tiles_and_afterwards_to_the_same_bits()
    {
        using var onTiles = new Net(seed: 1);
        using var afterwards = new Net(seed: 1);
        using var before = new Net(seed: 1);
        using (var trainer = new Rates1(onTiles, seed: 2))
        {
            for (var step = 0; step < 6; step++) trainer.Step(new(Batch(step).X, Batch(step).Label));
        }
        using (var trainer = new Rates2(afterwards, seed: 2))
        {
            for (var step = 0; step < 6; step++)
            {
                trainer.Step(new(Batch(step).X, Batch(step).Label));
                if (step > 0) continue;
                // Adam's first step is the learning rate itself, wherever the gradient is not next to nothing.
                Assert.Equal(1e-2, Moved(net => net.Parameters.Head.Weight), 1e-3);
                Assert.Equal(1e-3, Moved(net => net.Parameters.Fc1.Weight), 1e-4);
                Assert.Equal(1e-3, Moved(net => net.Parameters.Fc2.Bias), 1e-4);
                // The last line that names it.
                Assert.Equal(5e-3, Moved(net => net.Parameters.Fc2.Weight), 5e-4);
            }
        }
        Assert.Equal(Weights(onTiles), Weights(afterwards));

        double Moved(Func<Net, ParameterTensor> part) =>
            part(afterwards).Value.ToArray().Zip(part(before).Value.ToArray(), (after, old) => Math.Abs(after - old)).Order().ElementAt(part(before).Length * 3 / 4);
    }

    private static float[] Weights(Net net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];

    private static double Loss(Net net, Averaged.MiniBatch batch)
    {
        using var logits = net.Forward(batch.X);
        double sum = 0;
        for (var i = 0; i < batch.Label.Span.Length; i++)
        {
            var row = logits.Span.Slice(i * Classes.Size, Classes.Size).ToArray().Select(value => (double)value).ToArray();
            sum += Math.Log(row.Sum(Math.Exp)) - row[batch.Label.Span[i]];
        }
        return sum / batch.Label.Span.Length;
    }

    private static AveragedPair.MiniBatch PairBatch(int seed) => new(Batch(seed).X, Batch(seed).Label);

    private static Averaged.MiniBatch Batch(int seed, int size = 12)
    {
        var (x, label) = RandomBatch.Of<Batch, Features>(size, Features.Size, Classes.Size, seed);
        return new(x, label);
    }
}
