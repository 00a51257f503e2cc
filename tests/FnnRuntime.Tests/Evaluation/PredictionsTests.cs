namespace FeedbackNN.Runtime.Tests.Evaluation;

/// <summary>Numbers of classifiers beside values worked out by hand; where scikit-learn's documentation has an example, that one.</summary>
public sealed class PredictionsTests
{
    // Rows are samples. Predicted: 0, 2, 1, 0, 1, 2. Sample 1 is of class 1 and has it second, sample 3 of class 2 and has it last.
    private static readonly float[] Table =
    [
        0.7f, 0.2f, 0.1f,
        0.1f, 0.4f, 0.5f,
        0.2f, 0.5f, 0.3f,
        0.6f, 0.3f, 0.1f,
        0.1f, 0.8f, 0.1f,
        0.2f, 0.2f, 0.6f,
    ];

    private static readonly int[] Labels = [0, 1, 1, 2, 1, 2];

    private static Predictions Six => Predictions.FromProbabilities(Table, Labels);

    [Fact]
    public void Shares_losses_and_scores_follow_from_the_probabilities()
    {
        Assert.Equal((6, 3), (Six.Count, Six.Classes));
        Assert.Equal([0, 2, 1, 0, 1, 2], Enumerable.Range(0, 6).Select(Six.Predicted));
        Assert.Equal(4 / 6.0, Six.Accuracy);
        Assert.Equal(5 / 6.0, Six.TopAccuracy(2));
        Assert.Equal(1, Six.TopAccuracy(3));
        var product = 0.7 * 0.4 * 0.5 * 0.1 * 0.8 * 0.6;
        Assert.Equal(-Math.Log(product) / 6, Six.LogLoss, 6);
        Assert.Equal(Math.Pow(product, -1 / 6.0), Six.Perplexity, 6);
        // 0.09+0.04+0.01, 0.01+0.36+0.25, 0.04+0.25+0.09, 0.36+0.09+0.81, 0.01+0.04+0.01, 0.04+0.04+0.16
        Assert.Equal((0.14 + 0.62 + 0.38 + 1.26 + 0.06 + 0.24) / 6, Six.BrierScore, 6);
    }

    [Fact]
    public void The_confusion_matrix_gives_means_of_all_kinds()
    {
        // Actual 0: [1 0 0]; actual 1: [0 2 1]; actual 2: [1 0 1].
        var matrix = Six.Confusion();
        Assert.Equal((1, 0, 0, 0, 2, 1, 1, 0, 1), (matrix[0, 0], matrix[0, 1], matrix[0, 2], matrix[1, 0], matrix[1, 1], matrix[1, 2], matrix[2, 0], matrix[2, 1], matrix[2, 2]));
        Assert.Equal((0.5 + 1 + 0.5) / 3, matrix.MacroPrecision, 12);
        Assert.Equal((1 + (2 / 3.0) + 0.5) / 3, matrix.MacroRecall, 12);
        Assert.Equal(matrix.MacroRecall, matrix.BalancedAccuracy, 12);
        Assert.Equal(((2 / 3.0) + 0.8 + 0.5) / 3, matrix.MacroF1, 12);
        Assert.Equal((0.5 + 3 + 1) / 6, matrix.WeightedPrecision, 12);
        Assert.Equal(((2 / 3.0) + 2.4 + 1) / 6, matrix.WeightedF1, 12);
        Assert.Equal(matrix.Accuracy, matrix.MicroF1(), 12);
        // Without class 1: right 2, actual 3, predicted 4.
        Assert.Equal(4 / 7.0, matrix.MicroF1(without: 1), 12);
        // (4·6 - (1·2 + 3·2 + 2·2)) / √((36 - 12)(36 - 14))
        Assert.Equal(12 / Math.Sqrt(24 * 22), matrix.MatthewsCorrelation, 12);
    }

    [Fact]
    public void Two_classes_have_the_correlation_of_the_textbook()
    {
        var matrix = new ConfusionMatrix(2);
        foreach (var (actual, predicted, count) in new[] { (1, 1, 6), (1, 0, 2), (0, 1, 1), (0, 0, 3) })
        {
            for (var i = 0; i < count; i++) matrix.Add(actual, predicted);
        }
        Assert.Equal(((6 * 3) - (1 * 2)) / Math.Sqrt(7.0 * 8 * 4 * 5), matrix.MatthewsCorrelation, 12);
        Assert.Equal(double.NaN, new ConfusionMatrix(2).MatthewsCorrelation);
        Assert.Equal(
            """
                      precision  recall      F1  samples
            ham           0.600   0.750   0.667        4
            spam          0.857   0.750   0.800        8
            macro         0.729   0.750   0.733       12
            weighted      0.771   0.750   0.756       12
            accuracy                      0.750       12

            """,
            matrix.Table(["ham", "spam"]), ignoreLineEndingDifferences: true);
        Assert.Throws<ArgumentException>(() => matrix.Table(["ham"]));
    }

    [Fact]
    public void A_class_that_was_never_predicted_counts_as_0_in_means()
    {
        var matrix = new ConfusionMatrix(4);
        matrix.Add(0, 0);
        matrix.Add(1, 0);
        Assert.Equal(double.NaN, matrix.Precision(1));
        Assert.Equal(0.25, matrix.MacroPrecision);
        Assert.Equal(0.5, matrix.MacroRecall);
        Assert.Equal(1 / 3.0, matrix.MacroF1, 12);
        Assert.Equal(0.25, matrix.WeightedPrecision);
        Assert.Equal(0, matrix.MatthewsCorrelation);
    }

    [Fact]
    public void Curves_have_the_values_of_scikit_learns_documentation()
    {
        double[] scores = [0.1, 0.4, 0.35, 0.8];
        bool[] belongs = [false, false, true, true];
        var roc = RocCurve.Of(scores, belongs);
        Assert.Equal([double.PositiveInfinity, 0.8, 0.4, 0.35, 0.1], roc.Points.Select(point => point.Threshold));
        Assert.Equal([0, 0, 0.5, 0.5, 1], roc.Points.Select(point => point.FalsePositiveRate));
        Assert.Equal([0, 0.5, 0.5, 1, 1], roc.Points.Select(point => point.TruePositiveRate));
        Assert.Equal(0.75, roc.Area);

        var curve = PrecisionRecallCurve.Of(scores, belongs);
        Assert.Equal([0.8, 0.4, 0.35, 0.1], curve.Points.Select(point => point.Threshold));
        Assert.Equal([1, 0.5, 2 / 3.0, 0.5], curve.Points.Select(point => point.Precision));
        Assert.Equal([0.5, 0.5, 1, 1], curve.Points.Select(point => point.Recall));
        Assert.Equal(5 / 6.0, curve.AveragePrecision, 12);
        Assert.Equal((0.8, 0.35), (curve.BestF1, curve.BestThreshold));
    }

    [Fact]
    public void Equal_scores_count_half_and_come_together()
    {
        var roc = RocCurve.Of([0.5, 0.5, 0.5, 0.2], [true, false, false, false]);
        Assert.Equal(3, roc.Points.Count);
        // Of three pairs two are even and one is right.
        Assert.Equal((0.5 + 0.5 + 1) / 3, roc.Area, 12);
        Assert.Equal(1 / 3.0, PrecisionRecallCurve.Of([0.5, 0.5, 0.5, 0.2], [true, false, false, false]).AveragePrecision, 12);
    }

    [Fact]
    public void The_area_is_the_share_of_pairs_in_the_right_order()
    {
        var random = new Random(3);
        var scores = Enumerable.Range(0, 60).Select(_ => (double)random.Next(12)).ToArray();
        var belongs = scores.Select(score => random.Next(12) < score).ToArray();
        var pairs = from a in Enumerable.Range(0, 60) where belongs[a] from b in Enumerable.Range(0, 60) where !belongs[b] select scores[a] > scores[b] ? 1 : scores[a] == scores[b] ? 0.5 : 0;
        Assert.Equal(pairs.Average(), RocCurve.Of(scores, belongs).Area, 12);
    }

    [Fact]
    public void A_curve_of_a_class_takes_its_probability()
    {
        // Class 1 against the others: samples 1, 2, 4 with 0.4, 0.5, 0.8 above 0.2, 0.3, 0.2.
        Assert.Equal(1, Six.Roc(1).Area);
        // Class 2 against the others: samples 3, 5 with 0.1, 0.6 beside 0.1, 0.5, 0.3, 0.1: pairs 0.5 + 0 + 0 + 0.5 and 4.
        Assert.Equal(5 / 8.0, Six.Roc(2).Area, 12);
        Assert.Equal(1, Six.PrecisionRecall(1).AveragePrecision, 12);
        Assert.Throws<ArgumentOutOfRangeException>(() => Six.Roc(3));
        Assert.Throws<ArgumentException>(() => RocCurve.Of([0.1, 0.2], [true, true]));
        Assert.Throws<ArgumentException>(() => PrecisionRecallCurve.Of([0.1], [false]));
        Assert.Throws<ArgumentException>(() => RocCurve.Of([double.NaN, 1], [false, true]));
        Assert.Throws<ArgumentException>(() => RocCurve.Of([1], [false, true]));
    }

    [Fact]
    public void Calibration_compares_what_is_said_with_what_is_right()
    {
        // Confidences 0.7 right, 0.5 wrong, 0.5 right; bins (0.4, 0.6] and (0.6, 0.8] of five.
        var calibration = Six.Select([0, 1, 2]).Calibration(5);
        Assert.Equal([0, 0, 2, 1, 0], calibration.Bins.Select(bin => bin.Count));
        Assert.Equal(0.5, calibration.Bins[2].Confidence, 6);
        Assert.Equal(0.5, calibration.Bins[2].Accuracy);
        Assert.Equal(double.NaN, calibration.Bins[0].Accuracy);
        // |0.5 - 0.5| · 2/3 + |1 - 0.7| / 3
        Assert.Equal(0.1, calibration.ExpectedError, 6);
        Assert.Equal(0.3, calibration.LargestError, 6);
        // A confidence of 1 lies in the last bin.
        Assert.Equal(1, Predictions.FromProbabilities([0f, 1f], [1]).Calibration(5).Bins[4].Count);
    }

    [Fact]
    public void A_temperature_takes_away_what_was_multiplied_in()
    {
        // Labels drawn from the probabilities themselves are calibrated; logits times three are not.
        var random = new Random(1);
        const int count = 4000;
        var logits = new float[3 * count];
        var labels = new int[count];
        for (var i = 0; i < count; i++)
        {
            var row = logits.AsSpan(3 * i, 3);
            for (var k = 0; k < 3; k++) row[k] = 2 * random.NextSingle();
            var weights = row.ToArray().Select(z => Math.Exp(z)).ToArray();
            var draw = random.NextDouble() * weights.Sum();
            labels[i] = draw < weights[0] ? 0 : draw < weights[0] + weights[1] ? 1 : 2;
            for (var k = 0; k < 3; k++) row[k] *= 3;
        }
        var sure = Predictions.FromLogits(logits, labels);
        var temperature = Calibration.FitTemperature(sure);
        Assert.InRange(temperature, 2.6, 3.4);
        var scaled = sure.WithTemperature(temperature);
        Assert.True(scaled.LogLoss < sure.LogLoss);
        Assert.True(scaled.LogLoss <= sure.WithTemperature(temperature * 1.02).LogLoss && scaled.LogLoss <= sure.WithTemperature(temperature / 1.02).LogLoss);
        Assert.True(scaled.Calibration().ExpectedError < 0.2 * sure.Calibration().ExpectedError);
        Assert.Equal(sure.Accuracy, scaled.Accuracy);
    }

    [Fact]
    public void Logits_of_any_size_are_exact()
    {
        var large = Predictions.FromLogits([1000, 0, -1000, 0, 0, 0], [1, 2]);
        Assert.Equal(-1000, large.LogProbability(0, 1));
        Assert.Equal((1000 + Math.Log(3)) / 2, large.LogLoss, 9);
        Assert.Equal(1 / 3.0, large.Probability(1, 0), 12);
        Assert.Equal(double.PositiveInfinity, Predictions.FromProbabilities([1f, 0f], [1]).LogLoss);
        Assert.Equal(0.75, Predictions.FromBinary([0.75f, 0.5f], [1, 0]).Probability(0, 1), 6);
    }

    [Fact]
    public void What_are_no_predictions_is_refused()
    {
        Assert.Contains("no samples", Assert.Throws<ArgumentException>(() => Predictions.FromLogits([], [])).Message);
        Assert.Contains("5 numbers are no multiple of 2 labels", Assert.Throws<ArgumentException>(() => Predictions.FromLogits(new float[5], [0, 1])).Message);
        Assert.Contains("label of sample 1 is 2", Assert.Throws<ArgumentException>(() => Predictions.FromLogits(new float[4], [0, 2])).Message);
        Assert.Contains("FromLogits", Assert.Throws<ArgumentException>(() => Predictions.FromProbabilities([0.5f, 0.6f], [0])).Message);
        Assert.Throws<ArgumentException>(() => Predictions.FromProbabilities([-0.5f, 1.5f], [0]));
        Assert.Throws<ArgumentException>(() => Predictions.FromLogits([float.NaN, float.NaN], [0]));
        Assert.Throws<ArgumentException>(() => Six.Select([]));
        Assert.Throws<ArgumentException>(() => Six.Select([6]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Six.WithTemperature(0));
    }

    [Fact]
    public void Selections_of_selections_are_the_same_samples()
    {
        var some = Six.Select([5, 3, 3, 0]);
        Assert.Equal([2, 2, 2, 0], Enumerable.Range(0, 4).Select(some.Label));
        Assert.Equal([2, 0], Enumerable.Range(0, 2).Select(some.Select([0, 1]).Predicted));
        Assert.Equal(0.5, some.WithTemperature(2).Accuracy);
    }
}
