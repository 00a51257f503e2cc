using FeedbackNN.Examples.Tests;
using FeedbackNN.Tests;
using Results;

namespace FeedbackNN.Feedback.Tests;

/// <summary>Published results with feedback, made again: see docs/results.md. They run with FNN_SLOW=1.</summary>
public sealed class ResultsTests
{
    // ---- Temporal XOR ----

    [SkippableFact]
    public void ElmanPredictsTheTemporalXorAndAPerceptronDoesNot()
    {
        SlowRun.Require();
        using var elman = new Xor(seed: 1);
        using var trainer = new FitXor(elman, seed: 1);
        using var plain = new XorPerceptron(seed: 1);
        using var plainTrainer = new FitXorPerceptron(plain, seed: 1);
        for (var step = 0; step < 1500; step++)
        {
            var (x, next, known) = XorSequences(64, step);
            trainer.Step(new(x, next, known));
            plainTrainer.Step(new(x, next, known));
        }
        var test = XorSequences(1000, 1_000_000);
        var accuracy = trainer.Evaluate(new FitXor.MiniBatch(test.X, test.Next, test.Known)).Accuracy;
        var chance = plainTrainer.Evaluate(new FitXorPerceptron.MiniBatch(test.X, test.Next, test.Known)).Accuracy;
        ResultsTable.Write("temporal XOR (Elman 1990)", "Elman network of 8 units, bits that can be known", $"{accuracy:P1}", "above 95%");
        ResultsTable.Write("temporal XOR (Elman 1990)", "perceptron without memory", $"{chance:P1}", "chance, 50%");
        Assert.True(accuracy > 0.95, $"Elman {accuracy}");
        Assert.InRange(chance, 0.45, 0.55);
    }

    private static (Tensor<float, Batch, Time, N1> X, Tensor<float, Batch, Time> Next, Tensor<bool, Batch, Time> Known) XorSequences(int batch, int seed)
    {
        const int length = 30;
        var random = new Random(seed);
        var x = new Tensor<float, Batch, Time, N1>(batch, length, 1);
        var next = new Tensor<float, Batch, Time>(batch, length);
        var known = new Tensor<bool, Batch, Time>(batch, length);
        for (var b = 0; b < batch; b++)
        {
            var bits = new int[length + 1];
            for (var t = 0; t <= length; t++) bits[t] = t % 3 == 2 ? bits[t - 1] ^ bits[t - 2] : random.Next(2);
            for (var t = 0; t < length; t++)
            {
                x[b, t, 0] = bits[t];
                next[b, t] = bits[t + 1];
                known[b, t] = (t + 1) % 3 == 2;
            }
        }
        return (x, next, known);
    }

    // ---- The adding problem ----

    [SkippableFact]
    public void TheAddingProblemNeedsTheWholePast()
    {
        SlowRun.Require();
        using var whole = new AddingWhole(seed: 2);
        using var wholeTrainer = new FitAddingWhole(whole, seed: 2);
        using var cut = new AddingCut(seed: 2);
        using var cutTrainer = new FitAddingCut(cut, seed: 2);
        for (var step = 0; step < 3000; step++)
        {
            var (x, total) = Additions(64, step);
            wholeTrainer.Step(new(x, total));
            cutTrainer.Step(new(x, total));
        }
        var test = Additions(2000, 1_000_000);
        var error = wholeTrainer.Evaluate(new FitAddingWhole.MiniBatch(test.X, test.Total)).Loss;
        var cutError = cutTrainer.Evaluate(new FitAddingCut.MiniBatch(test.X, test.Total)).Loss;
        ResultsTable.Write("adding problem, 40 steps (Hochreiter and Schmidhuber 1997)", "gradient through all steps, mean squared error", $"{error:F4}", "far below 1/6, which guessing 1 has");
        ResultsTable.Write("adding problem, 40 steps (Hochreiter and Schmidhuber 1997)", "truncated after 5 steps", $"{cutError:F4}", "no better than 1/6");
        Assert.True(error < 0.02, $"whole {error}");
        Assert.True(cutError > 0.1, $"truncated {cutError}");
    }

    // Two numbers of the first half are marked; their sum is asked for at the end.
    private static (Tensor<float, Batch, Time, N2> X, Tensor<float, Batch> Total) Additions(int batch, int seed)
    {
        const int length = 40;
        var random = new Random(seed);
        var x = new Tensor<float, Batch, Time, N2>(batch, length, 2);
        var total = new Tensor<float, Batch>(batch);
        for (var b = 0; b < batch; b++)
        {
            var first = random.Next(length / 4);
            var second = (length / 4) + random.Next(length / 4);
            for (var t = 0; t < length; t++)
            {
                x[b, t, 0] = random.NextSingle();
                x[b, t, 1] = t == first || t == second ? 1 : 0;
            }
            total[b] = x[b, first, 0] + x[b, second, 0];
        }
        return (x, total);
    }

    // ---- Hopfield's capacity ----

    [Theory]
    [InlineData(0.05, 0.98, 1)]
    [InlineData(0.20, 0, 0.9)]
    public void AHopfieldMemoryHoldsAboutATenthOfItsUnits(double load, double least, double most)
    {
        const int units = 400;
        var random = new Random(3);
        var count = (int)(load * units);
        var patterns = new Tensor<float, Count, Units>(count, units);
        foreach (ref var value in patterns.Span) value = random.Next(2) * 2 - 1;
        var probes = new Tensor<float, Batch, Units>(count, units);
        patterns.Span.CopyTo(probes.Span);
        foreach (ref var value in probes.Span) value = random.NextDouble() < 0.1 ? -value : value;
        using var memory = new Recall();
        var recalled = memory.Forward(patterns, probes);
        var right = Enumerable.Range(0, recalled.Span.Length).Count(i => recalled.Span[i] == patterns.Span[i]) / (double)recalled.Span.Length;
        ResultsTable.Write("Hopfield memory of 400 units, probes with 10% of their units wrong (Hopfield 1982)", FormattableString.Invariant($"{load:F2} patterns a unit: units recalled"), $"{right:P1}", least > 0 ? "all but all" : "failure");
        Assert.InRange(right, least, most);
    }

    // ---- MNIST ----

    [SkippableFact]
    public void AnEquilibriumNetworkReadsDigitsAfterOneEpoch()
    {
        SlowRun.Require();
        var folder = SharedData.Find("mnist");
        IDataSource<FitMnistDeq.Sample> Read(string name) => Digits(folder, name).Select(digit => new FitMnistDeq.Sample(digit.Features, digit.Label));
        using var net = new MnistDeq(seed: 4);
        using var trainer = new FitMnistDeq(net, seed: 4);
        trainer.Run(Read("train"), epochs: 1, batchSize: 100);
        var error = trainer.Evaluate(Read("t10k")).Error;
        ResultsTable.Write("equilibrium network on MNIST, 87 units (cf. Winston and Kolter 2020)", "test error after one epoch", $"{error:P2}", "below 8%");
        Assert.True(error < 0.08, $"test error {error}");
    }

    [SkippableFact]
    public void AFeedbackNetworkIsMoreAccurateInEachRound()
    {
        SlowRun.Require();
        var folder = SharedData.Find("mnist");
        IDataSource<FitMnistRounds.Sample> Read(string name) => Digits(folder, name).Select(digit => new FitMnistRounds.Sample(digit.Features, digit.Label));
        using var net = new MnistRounds(seed: 5);
        using var trainer = new FitMnistRounds(net, seed: 5);
        trainer.Run(Read("train"), epochs: 3, batchSize: 100);
        var result = trainer.Evaluate(Read("t10k"));
        ResultsTable.Write("feedback network of 8 units on MNIST (cf. Zamir and others 2017)", "test accuracy of rounds 1, 2, 3 after three epochs", $"{result.First:P2}, {result.Second:P2}, {result.Third:P2}", "rises with each round");
        Assert.True(result.First < result.Second && result.Second < result.Third, result.ToString());
    }

    [SkippableFact]
    public void AConvolutionalNetworkReadsDigits()
    {
        SlowRun.Require();
        var data = Mnist.MnistData.Read(SharedData.Find("mnist"));
        using var net = new Mnist.Reader(seed: 1);
        var accuracy = Mnist.Training.Run(net, data, Mnist.Training.Epochs, seed: 1).Accuracy;
        ResultsTable.Write("convolutional network on MNIST (examples/Mnist)", FormattableString.Invariant($"test accuracy after {Mnist.Training.Epochs} epochs"), $"{accuracy:P2}", "99.2% or more");
        Assert.True(accuracy >= 0.992, $"test accuracy {accuracy}");
    }

    private static IDataSource<LabelledSample> Digits(string folder, string name) =>
        IdxFile.ReadLabelled(Path.Combine(folder, $"{name}-images-idx3-ubyte.gz"), Path.Combine(folder, $"{name}-labels-idx1-ubyte.gz"), classes: 10);

    // ---- Halting ----

    [SkippableFact]
    public void HaltingTakesMoreRoundsForLongerLists()
    {
        SlowRun.Require();
        using var net = new Halting(seed: 6);
        using var trainer = new FitHalting(net, seed: 6);
        for (var step = 0; step < 6000; step++)
        {
            var (x, length, total) = Lists(64, step);
            trainer.Step(new(x, length, total));
        }
        var test = Lists(2000, 1_000_000);
        var (answer, rounds) = net.Forward(test.X, test.Length);
        var byLength = Enumerable.Range(0, 2000).GroupBy(b => (int)test.Length[b]).OrderBy(group => group.Key).Select(group => (Length: group.Key, Rounds: group.Average(b => rounds[b]))).ToArray();
        var error = Enumerable.Range(0, 2000).Average(b => Math.Pow(answer[b] - test.Total[b], 2));
        ResultsTable.Write("adaptive computation time, sums of lists (cf. Graves 2016)", "ponder cost for lists of 1 to 6 numbers", $"{string.Join(", ", byLength.Select(item => FormattableString.Invariant($"{item.Rounds:F1}")))}", "more for longer lists");
        ResultsTable.Write("adaptive computation time, sums of lists (cf. Graves 2016)", "mean squared error", $"{error:F3}", "below the variance of the sums");
        Assert.True(byLength[^1].Rounds > byLength[0].Rounds + 1, string.Join("; ", byLength));
        Assert.True(error < 0.3, $"error {error}");
    }

    private static (Tensor<float, Batch, N8> X, Tensor<float, Batch> Length, Tensor<float, Batch> Total) Lists(int batch, int seed)
    {
        var random = new Random(seed);
        var x = new Tensor<float, Batch, N8>(batch, 8);
        var lengths = new Tensor<float, Batch>(batch);
        var totals = new Tensor<float, Batch>(batch);
        for (var b = 0; b < batch; b++)
        {
            lengths[b] = random.Next(1, 7);
            for (var k = 0; k < lengths[b]; k++)
            {
                x[b, k] = random.NextSingle() * 2 - 1;
                totals[b] += x[b, k];
            }
        }
        return (x, lengths, totals);
    }
}
