namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>The library's metrics of yes and no against counts.</summary>
public sealed class MetricTests
{
    // Two right of three that are predicted, and of four that are so.
    private static readonly double[] Predicted = [1, 1, 1, 0, 0, 0, 0];
    private static readonly double[] Actual = [1, 1, 0, 1, 1, 0, 0];

    [Theory]
    [InlineData("precision", 2 / 3.0)]
    [InlineData("recall", 2 / 4.0)]
    [InlineData("f1", 2 * (2 / 3.0) * 0.5 / ((2 / 3.0) + 0.5))]
    public void A_metric_is_its_share_of_the_counts(string metric, double expected)
    {
        var model = new InterpretedModel($"model M(p: f32[n], a: f32[n]) -> f32[] {{ return {metric}(p > 0.5, a > 0.5) }}", ("n", 7));
        InterpretedModel.AssertClose([expected], model.Predict(Predicted, Actual)[0]);
    }
}
