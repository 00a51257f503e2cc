namespace FeedbackNN.Runtime.Tests.Evaluation;

public sealed class ConfusionMatrixTests
{
    /// <summary>Three classes; the counts and what follows were worked out by hand.</summary>
    [Fact]
    public void Shares_follow_from_the_counts()
    {
        var matrix = new ConfusionMatrix(3);
        int[,] counts = { { 5, 1, 0 }, { 2, 3, 0 }, { 0, 4, 0 } };
        for (var actual = 0; actual < 3; actual++)
        {
            for (var predicted = 0; predicted < 3; predicted++)
            {
                for (var i = 0; i < counts[actual, predicted]; i++)
                    matrix.Add(actual, predicted);
            }
        }

        Assert.Equal((15, 8), (matrix.Total, matrix.Correct));
        Assert.Equal(8 / 15.0, matrix.Accuracy);
        Assert.Equal(1, matrix[0, 1]);
        Assert.Equal(5 / 7.0, matrix.Precision(0));
        Assert.Equal(5 / 6.0, matrix.Recall(0));
        Assert.Equal(10 / 13.0, matrix.F1(0));
        Assert.Equal(double.NaN, matrix.Precision(2));
        Assert.Equal(0, matrix.Recall(2));
        Assert.Equal(0, matrix.F1(2));
        Assert.Equal((10 / 13.0 + 6 / 13.0 + 0) / 3, matrix.MacroF1, 12);
    }

    [Fact]
    public void Nothing_counted_gives_no_number()
    {
        var matrix = new ConfusionMatrix(2);
        Assert.Equal(double.NaN, matrix.Accuracy);
        Assert.Equal(double.NaN, matrix.MacroF1);
    }

    [Fact]
    public void A_class_that_never_occurs_does_not_count_in_the_mean()
    {
        var matrix = new ConfusionMatrix(3);
        matrix.Add(0, 0);
        matrix.Add(1, 1);
        Assert.Equal(1, matrix.MacroF1);
    }

    [Fact]
    public void Matrices_add_up()
    {
        var one = new ConfusionMatrix(2);
        var two = new ConfusionMatrix(2);
        one.Add(0, 1);
        two.Add(0, 1);
        two.Add(1, 1);
        one.Add(two);
        Assert.Equal((2, 1, 3, 1), (one[0, 1], one[1, 1], one.Total, one.Correct));
        Assert.Throws<ArgumentException>(() => one.Add(new ConfusionMatrix(3)));
    }

    [Fact]
    public void Classes_outside_are_refused()
    {
        var matrix = new ConfusionMatrix(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Add(2, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Add(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix[0, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConfusionMatrix(0));
        Assert.Equal(0, matrix.Total);
    }
}
