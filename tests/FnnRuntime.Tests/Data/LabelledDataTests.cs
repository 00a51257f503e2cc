using CsCheck;

namespace FeedbackNN.Runtime.Tests.Data;

public sealed class LabelledDataTests
{
    [Fact]
    public void Arrays_that_do_not_fit_are_refused()
    {
        Assert.Equal("2 labels with 3 features each need 6 features, but there are 5. Check the width.", Error(() => new LabelledData(new float[5], 3, [0, 1], 2)));
        Assert.Equal("feature 1 of sample 1 is NaN. Fill in missing values with an Imputer before.", Error(() => new LabelledData([1, 2, 3, float.NaN], 2, [0, 1], 2)));
        Assert.Equal("the label of sample 1 is 2, not one of 0 to 1. Correct the label or the number of classes.", Error(() => new LabelledData([1, 2], 1, [0, 2], 2)));
        Assert.Contains("is ∞", Error(() => new LabelledData([float.MaxValue], 1, [0], 1).Scaled(2)).Replace("Infinity", "∞"));
    }

    [Fact]
    public void Standardised_training_samples_have_mean_0_and_deviation_1() =>
        Gen.Select(Gen.Int[2, 50], Gen.Int[1, 6]).SelectMany((count, width) => Gen.Float[-1000, 1000].Array[width].Array[count]).Sample(rows =>
        {
            var width = rows[0].Length;
            var data = new LabelledData(rows.SelectMany(row => row).ToArray(), width, new int[rows.Length], 1);
            var standardised = Standardizer.Fit(data).Apply(data);
            for (var f = 0; f < width; f++)
            {
                var column = standardised.ToArray().Select(sample => (double)sample.Features.Span[f]).ToArray();
                var mean = column.Average();
                Assert.InRange(mean, -1e-3, 1e-3);
                var deviation = Math.Sqrt(column.Average(value => (value - mean) * (value - mean)));
                Assert.True(Math.Abs(deviation - 1) < 1e-3 || column.All(value => value == 0), $"deviation {deviation}");
            }
        }, iter: 200);

    [Fact]
    public void What_is_learned_comes_from_the_training_part_only()
    {
        var train = new LabelledData([1, 5, 3, 5], 2, [0, 1], 2);
        var standardizer = Standardizer.Fit(train);

        Assert.Equal([2f, 5f], standardizer.Mean.ToArray());
        Assert.Equal([1f, 1f], standardizer.Deviation.ToArray());
        Assert.Equal([98f, -5f], standardizer.Apply([100f, 0f]));
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused()
    {
        var standardizer = Standardizer.Fit(new LabelledData([1, 2, 3, 4], 2, [0, 0], 1));
        Assert.Equal("the sample has 3 features instead of 2. All samples need the same features.", Error(() => standardizer.Apply([1f, 2f, 3f])));
        Assert.Contains("there are no samples", Error(() => Standardizer.Fit(new LabelledData([], 2, [], 1))));

        var ragged = DataSource.From(new float[][] { [1, 2], [1] });
        Assert.Equal("sample 1 has 1 features instead of 2. All samples need the same features.", Error(() => Standardizer.Fit(ragged, sample => sample)));
        var missing = DataSource.From(new float[][] { [1, 2], [1, float.NaN] });
        Assert.Equal("feature 1 of sample 1 is NaN. Fill in missing values with an Imputer before.", Error(() => Standardizer.Fit(missing, sample => sample)));
    }

    private static string Error(Func<object> action) => Assert.Throws<DataException>(action).Message;
}
