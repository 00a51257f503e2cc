using Updates;

namespace FeedbackNN.Examples.Tests;

/// <summary>Weights that are changed while their gradients are computed, beside the same weights that are changed afterwards.</summary>
public sealed class UpdatesInPlaceTests
{
    private static readonly int[] BatchSizes = [1, 3, 20, 100];

    [Fact]
    public void Gradient_descent_gives_the_same_bits() => AssertSame((net, x, label) =>
    {
        var trainer = new Sgd1(net);
        return (trainer, () => trainer.Step(new(x, label)));
    }, (net, x, label) =>
    {
        var trainer = new Sgd2(net);
        return (trainer, () => trainer.Step(new(x, label)));
    });

    [Fact]
    public void Momentum_gives_the_same_bits() => AssertSame((net, x, label) =>
    {
        var trainer = new Momentum1(net);
        return (trainer, () => trainer.Step(new(x, label)));
    }, (net, x, label) =>
    {
        var trainer = new Momentum2(net);
        return (trainer, () => trainer.Step(new(x, label)));
    });

    [Fact]
    public void AdamW_every_second_step_gives_the_same_bits() => AssertSame((net, x, label) =>
    {
        var trainer = new AdamW1(net);
        return (trainer, () => trainer.Step(new(x, label)));
    }, (net, x, label) =>
    {
        var trainer = new AdamW2(net);
        return (trainer, () => trainer.Step(new(x, label)));
    });

    [Fact]
    public void Decay_that_leaves_out_vectors_gives_the_same_bits() => AssertSame((net, x, label) =>
    {
        var trainer = new AdamW1(net);
        var step = 0;
        return (trainer, () =>
        {
            // Also when it changes from step to step.
            trainer.Optimizer.DecayVectors = step++ == 2;
            trainer.Step(new(x, label));
        });
    }, (net, x, label) =>
    {
        var trainer = new AdamW2(net);
        var step = 0;
        return (trainer, () =>
        {
            trainer.Optimizer.DecayVectors = step++ == 2;
            trainer.Step(new(x, label));
        });
    });

    [Fact]
    public void Decay_that_leaves_out_vectors_changes_no_bias_and_no_gain_by_itself()
    {
        using var net = new Net(seed: 1);
        using var other = new Net(seed: 1);
        var (x, label) = Batch(20);
        using (var decaying = new Sgd1(net))
        {
            decaying.Optimizer.DecayVectors = false;
            decaying.Step(new(x, label));
        }
        using (var plain = new Sgd1(other))
        {
            plain.Optimizer.WeightDecay = 0;
            plain.Step(new(x, label));
        }
        foreach (var (one, two) in net.AllParameters.Zip(other.AllParameters))
        {
            Assert.Equal(one.Shape.Length < 2, one.Value.SequenceEqual(two.Value));
        }
    }

    [Fact]
    public void A_loss_that_is_not_finite_changes_nothing()
    {
        using var net = new Net(seed: 1);
        using var trainer = new Momentum1(net);
        var (x, label) = Batch(20);
        trainer.Step(new(x, label));
        var before = Numbers(net, gradients: false);
        var good = x.Span[7];
        x.Span[7] = float.NaN;
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Step(new(x, label)));
        Assert.Contains("updates.fnn", error.Message);
        Assert.Equal(before, Numbers(net, gradients: false));

        // And goes on as if nothing had been.
        x.Span[7] = good;
        using var other = new Net(seed: 1);
        using var undisturbed = new Momentum1(other);
        undisturbed.Step(new(x, label));
        undisturbed.Step(new(x, label));
        trainer.Step(new(x, label));
        Assert.Equal(Numbers(other, gradients: true), Numbers(net, gradients: true));
    }

    private delegate (IDisposable Trainer, Action Step) Start(Net net, Tensor<float, Batch, Features> x, Tensor<int, Batch> label);

    private static void AssertSame(Start first, Start second)
    {
        foreach (var size in BatchSizes)
        {
            Assert.Equal(Train(first, size, threads: 2), Train(second, size, threads: 2));
            Assert.Equal(Train(first, size, threads: 1), Train(first, size, threads: 3));
        }
    }

    private static float[] Train(Start start, int size, int threads)
    {
        using var net = new Net(Device.CpuWithThreads(threads), seed: 1);
        var first = Numbers(net, gradients: false);
        var (x, label) = Batch(size);
        var (trainer, step) = start(net, x, label);
        using (trainer)
        {
            for (var i = 0; i < 5; i++) step();
        }
        var trained = Numbers(net, gradients: true);
        Assert.All(net.AllParameters, parameter => Assert.True(parameter.Gradient.IndexOfAnyExcept(0f) >= 0, parameter.Path));
        Assert.NotEqual(first, trained[..first.Length]);
        return trained;
    }

    // Weights, then their gradients.
    private static float[] Numbers(Net net, bool gradients) =>
        [.. net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()), .. net.AllParameters.SelectMany(parameter => gradients ? parameter.Gradient.ToArray() : [])];

    private static (Tensor<float, Batch, Features> X, Tensor<int, Batch> Label) Batch(int size) =>
        RandomBatch.Of<Batch, Features>(size, Features.Size, Classes.Size, seed: 5);
}
