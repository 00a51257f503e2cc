using Digits;

namespace FeedbackNN.Examples.Tests;

/// <summary>What the example promises: at least 97% of digits that training never saw, whatever the seed of weights, order and split.</summary>
public sealed class DigitsTests
{
    private static readonly LabelledData Data =
        CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f);

    [Fact]
    public void The_data_are_those_that_the_licence_note_describes()
    {
        Assert.Equal(1797, Data.Count);
        Assert.Equal([178, 182, 177, 183, 181, 182, 181, 179, 174, 180], Data.CountByClass());
        Assert.Equal((0f, 1f), (Data.Features.ToArray().Min(), Data.Features.ToArray().Max()));
    }

    [Fact]
    public void Five_seeds_reach_97_percent_in_the_mean()
    {
        var accuracies = Enumerable.Range(1, 5).Select(seed => Train((ulong)seed).Accuracy).ToArray();
        Assert.True(accuracies.Average() >= 0.97, $"test accuracies {string.Join(", ", accuracies)}");
        // Seeds that do nothing would give one number five times.
        Assert.True(accuracies.Distinct().Count() > 1);
    }

    private static FitSimpleNN.Report Train(ulong seed)
    {
        var (train, test) = Data.Select(digit => new FitSimpleNN.Sample(digit.Features, digit.Label)).Split(0.8, seed);
        using var net = new SimpleNN(seed: seed);
        using var trainer = new FitSimpleNN(net, seed: seed);
        trainer.Run(train, epochs: 40, batchSize: 32);
        return trainer.Evaluate(test);
    }
}
