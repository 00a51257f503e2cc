using Lazy;

namespace FeedbackNN.Examples.Tests;

/// <summary>Gradients that a step with a small batch doesn't store, beside those of a training that needs all of them before it changes weights.</summary>
public sealed class LazyGradientTests
{
    // Small ones, the longest sum that is left out, one that is stored, and back.
    private static readonly int[] Sizes = [1, 2, 9, 1, 8, 1, 32, 8, 2, 1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gradients_and_weights_have_the_same_bits_after_each_step(int threads)
    {
        for (var steps = 1; steps <= Sizes.Length; steps++)
        {
            Assert.Equal(Descend(threads, isClipped: true, steps), Descend(threads, isClipped: false, steps));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Who_looks_in_between_changes_nothing(int threads)
    {
        var expected = Descend(threads, isClipped: true, Sizes.Length);
        for (var look = 0; look < Sizes.Length; look++) Assert.Equal(expected, Descend(threads, isClipped: false, Sizes.Length, look));
    }

    [Fact]
    public void A_gradient_that_was_kept_shows_each_step()
    {
        using var net = new Wide(seed: 1);
        using var trainer = new Sgd1(net);
        var kept = net.Parameters.Fc1.Weight.Gradient;
        foreach (var steps in Enumerable.Range(1, 4))
        {
            var (x, label) = Batch(1, steps);
            trainer.Step(new(x, label));
            Assert.Equal(kept.ToArray(), net.Parameters.Fc1.Weight.Gradient.ToArray());
            Assert.True(kept.IndexOfAnyExcept(0f) >= 0);
            kept.Clear();
        }
    }

    [Fact]
    public void Steps_without_an_update_keep_their_gradients()
    {
        for (var steps = 1; steps <= 4; steps++)
        {
            Assert.Equal(Train(2, steps, net =>
            {
                var trainer = new Adam2(net);
                return (trainer, (x, label) => trainer.Step(new(x, label)));
            }), Train(2, steps, net =>
            {
                var trainer = new Adam1(net);
                return (trainer, (x, label) => trainer.Step(new(x, label)));
            }));
        }
    }

    [Fact]
    public void Two_trainings_of_one_net_take_turns()
    {
        Assert.Equal(Alternate((net, x, label) => new Sgd2(net).Step(new(x, label))), Alternate((net, x, label) => new Sgd1(net).Step(new(x, label))));

        static float[] Alternate(Action<Wide, Tensor<float, Batch, Features>, Tensor<int, Batch>> begin)
        {
            using var net = new Wide(seed: 1);
            using var other = new Adam2(net);
            for (var step = 0; step < 3; step++)
            {
                var (x, label) = Batch(1, step);
                begin(net, x, label);
                // An evaluation leaves gradients alone; a program of another training does not.
                other.Evaluate(new Adam2.MiniBatch(x, label));
                if (step == 1) other.Step(new(x, label));
            }
            return Numbers(net);
        }
    }

    [Fact]
    public void A_batch_that_is_refused_leaves_the_last_gradients()
    {
        using var net = new Wide(seed: 1);
        using var trainer = new Sgd1(net);
        var (x, label) = Batch(1, 1);
        trainer.Step(new(x, label));
        label.Span[0] = 10;
        Assert.Throws<ArgumentException>(() => trainer.Step(new(x, label)));
        using var other = new Wide(seed: 1);
        using var clipped = new Sgd2(other);
        label.Span[0] = Batch(1, 1).Label.Span[0];
        clipped.Step(new(x, label));
        Assert.Equal(Numbers(other), Numbers(net));
    }

    private delegate (IDisposable Trainer, Action<Tensor<float, Batch, Features>, Tensor<int, Batch>> Step) Start(Wide net);

    private static float[] Descend(int threads, bool isClipped, int steps, int look = -1) => Train(threads, steps, net =>
    {
        if (isClipped)
        {
            var clipped = new Sgd2(net);
            return (clipped, (x, label) => clipped.Step(new(x, label)));
        }
        var trainer = new Sgd1(net);
        return (trainer, (x, label) => trainer.Step(new(x, label)));
    }, look);

    private static float[] Train(int threads, int steps, Start start, int look = -1)
    {
        using var device = Device.CpuWithThreads(threads);
        using var net = new Wide(device, seed: 1);
        var (trainer, step) = start(net);
        using (trainer)
        {
            for (var i = 0; i < steps; i++)
            {
                if (i == look) Assert.Equal(i > 0, net.Parameters.Fc1.Weight.Gradient.IndexOfAnyExcept(0f) >= 0);
                var (x, label) = Batch(Sizes[i], i);
                step(x, label);
            }
        }
        return Numbers(net);
    }

    // Weights, then their gradients.
    private static float[] Numbers(Wide net) =>
        [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. net.AllParameters.SelectMany(parameter => parameter.Gradient.ToArray())];

    private static (Tensor<float, Batch, Features> X, Tensor<int, Batch> Label) Batch(int size, int seed) =>
        RandomBatch.Of<Batch, Features>(size, Features.Size, Classes.Size, seed);
}
