namespace FeedbackNN.Runtime.Tests.Evaluation;

public sealed class BootstrapTests
{
    [Fact]
    public void A_draw_of_one_class_has_no_curve_and_is_left_out()
    {
        // Three of twelve samples are of class 1: about three draws in a hundred have none of them.
        var predictions = Predictions.FromBinary([.. Enumerable.Range(0, 12).Select(i => 0.05f * i)], [.. Enumerable.Range(0, 12).Select(i => i is 5 or 8 or 11 ? 1 : 0)]);
        var interval = Bootstrap.Interval(predictions, p => p.Roc().Area, resamples: 500);
        Assert.InRange(interval.Value, interval.Low, interval.High);
        Assert.Throws<ArgumentException>(() => Bootstrap.Interval(predictions, _ => throw new ArgumentException("of all samples"), resamples: 5));
    }

    private static Predictions Right(int count, Func<int, bool> isRight) =>
        Predictions.FromBinary([.. Enumerable.Range(0, count).Select(i => isRight(i) ? 0.9f : 0.1f)], [.. Enumerable.Repeat(1, count)]);

    [Fact]
    public void The_interval_of_a_share_is_that_of_its_formula()
    {
        // 160 of 200 right: the standard error is √(0.8 · 0.2 / 200) = 0.02828, and 95% lie within 1.96 of them.
        var interval = Bootstrap.Interval(Right(200, i => i % 5 != 0), p => p.Accuracy, resamples: 4000, seed: 7);
        Assert.Equal((0.8, 0.95), (interval.Value, interval.Confidence));
        Assert.Equal(0.8 - (1.96 * 0.02828), interval.Low, 0.008);
        Assert.Equal(0.8 + (1.96 * 0.02828), interval.High, 0.008);
        var narrow = Bootstrap.Interval(Right(200, i => i % 5 != 0), p => p.Accuracy, confidence: 0.5, resamples: 4000, seed: 7);
        Assert.Equal(0.8 - (0.6745 * 0.02828), narrow.Low, 0.006);
    }

    [Fact]
    public void It_holds_the_truth_as_often_as_it_says()
    {
        // Means of 40 numbers with mean 0: of 200 intervals at 90% about 180 hold it (a little fewer: percentiles of small samples are too narrow).
        var random = new Random(2);
        var held = 0;
        for (var trial = 0; trial < 200; trial++)
        {
            var interval = Bootstrap.Mean([.. Enumerable.Range(0, 40).Select(_ => random.NextDouble() - 0.5)], confidence: 0.9, resamples: 300, seed: (ulong)trial);
            if (interval.Low <= 0 && interval.High >= 0) held++;
        }
        Assert.InRange(held, 165, 192);
    }

    [Fact]
    public void The_seed_decides_the_draws()
    {
        double[] values = [.. Enumerable.Range(0, 50).Select(i => Math.Sin(i * i))];
        Assert.Equal(Bootstrap.Mean(values, seed: 1), Bootstrap.Mean(values, seed: 1));
        Assert.NotEqual(Bootstrap.Mean(values, seed: 1), Bootstrap.Mean(values, seed: 2));
        Assert.Equal("0.5 (0.25 to 0.75)", new ConfidenceInterval(0.5, 0.25, 0.75, 0.95).ToString());
    }

    [Fact]
    public void Models_on_the_same_samples_differ_by_what_one_alone_gets_right()
    {
        // The second is right wherever the first is, and on 12 of 300 samples more: each draw has that.
        var first = Right(300, i => i % 4 != 0);
        var second = Right(300, i => i % 4 != 0 || i < 48);
        var better = Bootstrap.Compare(first, second, p => p.Accuracy);
        Assert.Equal(12 / 300.0, better.Difference.Value, 12);
        Assert.True(better.Difference.Low > 0 && better.PValue < 0.01);
        // Apart from each other their intervals overlap.
        Assert.True(Bootstrap.Interval(first, p => p.Accuracy).High > Bootstrap.Interval(second, p => p.Accuracy).Low);

        var same = Bootstrap.Compare(first, first, p => p.Accuracy);
        Assert.Equal((0, 0, 0, 1), (same.Difference.Value, same.Difference.Low, same.Difference.High, same.PValue));
        Assert.Throws<ArgumentException>(() => Bootstrap.Compare(first, Right(299, _ => true), p => p.Accuracy));
        Assert.Throws<ArgumentException>(() => Bootstrap.Compare(Predictions.FromBinary([0.5f], [0]), Predictions.FromBinary([0.5f], [1]), p => p.Accuracy));
    }

    [Fact]
    public void Draws_that_give_no_number_are_left_out()
    {
        // The one sample of class 0 is missing from about a third of the draws, and the curve needs it.
        var predictions = Predictions.FromBinary([0.1f, 0.8f, 0.7f, 0.05f, 0.9f], [0, 1, 1, 1, 1]);
        var interval = Bootstrap.Interval(predictions, p => Enumerable.Range(0, p.Count).Any(i => p.Label(i) == 0) && p.Accuracy > 0 ? p.Confusion().Recall(0) : double.NaN);
        Assert.Equal((1, 1, 1), (interval.Value, interval.Low, interval.High));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Mean([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Mean([1], confidence: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Bootstrap.Mean([1], resamples: 0));
    }

    [Fact]
    public void Percentiles_lie_between_two_results()
    {
        // One value alone, and two: every mean of draws of {0, 1} is 0, ½ or 1.
        Assert.Equal((3, 3, 3), (Bootstrap.Mean([3]).Value, Bootstrap.Mean([3]).Low, Bootstrap.Mean([3]).High));
        var two = Bootstrap.Mean([0, 1], resamples: 1000);
        Assert.Equal((0.5, 0, 1), (two.Value, two.Low, two.High));
    }
}
