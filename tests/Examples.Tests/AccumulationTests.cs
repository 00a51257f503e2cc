using Updates;

namespace FeedbackNN.Examples.Tests;

/// <summary>Weights that change after several batches, by the gradients of all of them.</summary>
public sealed class AccumulationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-accumulate").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Four_batches_are_one_of_all_their_samples()
    {
        using var parts = new Net(seed: 1);
        using var whole = new Net(seed: 1);
        using var accumulated = new Accumulated(parts);
        using var atOnce = new Whole(whole);
        for (var update = 0; update < 4; update++)
        {
            var (x, label) = Batch(24, seed: update);
            atOnce.Step(new(x, label));
            var before = Weights(parts);
            var start = 0;
            // Batches of different sizes: each sample counts alike.
            foreach (var size in (int[])[5, 7, 3, 9])
            {
                Assert.Equal(before, Weights(parts));
                accumulated.Step(Part(x, label, start, size));
                start += size;
            }
            Assert.NotEqual(before, Weights(parts));
            foreach (var (expected, actual) in Weights(whole).Zip(Weights(parts))) Assert.Equal(expected, actual, 2e-5f);
        }
        Assert.Equal((16, 4), (accumulated.StepCount, atOnce.StepCount));
    }

    [Fact]
    public void A_training_that_is_saved_between_two_updates_goes_on_to_the_same_bits()
    {
        using var net = new Net(seed: 1);
        using var trainer = new TwoAccumulated(net);
        for (var step = 0; step < 11; step++)
        {
            if (step == 4) trainer.Save(Path.Combine(_folder, "saved"));
            trainer.Step(StepBatch(step));
        }
        using var other = new Net(seed: 2);
        using var resumed = new TwoAccumulated(other);
        resumed.Resume(Path.Combine(_folder, "saved"));
        for (var step = 4; step < 11; step++) resumed.Step(StepBatch(step));
        Assert.Equal(Weights(net), Weights(other));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void A_loss_that_is_not_finite_changes_nothing_wherever_it_comes(int when)
    {
        using var net = new Net(seed: 1);
        using var undisturbed = new Net(seed: 1);
        using var trainer = new TwoAccumulated(net);
        using var expected = new TwoAccumulated(undisturbed);
        for (var step = 0; step < 12; step++)
        {
            if (step == when)
            {
                // The second loss is not finite, and the first one still is.
                var bad = StepBatch(step);
                bad.X.Span[3] = -2;
                Assert.Contains("'size'", Assert.Throws<TrainingDivergedException>(() => trainer.Step(bad)).Message);
                Assert.Equal(Weights(undisturbed), Weights(net));
            }
            trainer.Step(StepBatch(step));
            expected.Step(StepBatch(step));
        }
        Assert.Equal(Weights(undisturbed), Weights(net));
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var net = new Net(seed: 1);
        using var trainer = new TwoAccumulated(net);
        var batch = StepBatch(0);
        for (var i = 0; i < 12; i++) trainer.Step(batch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 12; i++) trainer.Step(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static float[] Weights(Net net) => [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];

    private static TwoAccumulated.MiniBatch StepBatch(int step)
    {
        var (x, label) = Batch(10, step);
        return new(x, label);
    }

    private static Accumulated.MiniBatch Part(Tensor<float, Batch, Features> x, Tensor<int, Batch> label, int start, int size) => new(
        new Tensor<float, Batch, Features>(x.Span.Slice(start * Features.Size, size * Features.Size).ToArray(), size, Features.Size),
        new Tensor<int, Batch>(label.Span.Slice(start, size).ToArray(), size));

    private static (Tensor<float, Batch, Features> X, Tensor<int, Batch> Label) Batch(int size, int seed) =>
        RandomBatch.Of<Batch, Features>(size, Features.Size, Classes.Size, seed);
}
