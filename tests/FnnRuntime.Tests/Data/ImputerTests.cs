namespace FeedbackNN.Runtime.Tests.Data;

public sealed class ImputerTests : IDisposable
{
    private static readonly IDataSource<float[]> Train = DataSource.From(new float[][] { [1, float.NaN], [2, 10], [float.NaN, 20], [9, float.NaN] });

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Imputation.Mean, 4f, 15f)]
    [InlineData(Imputation.Median, 2f, 15f)]
    public void Gaps_get_the_mean_or_the_median_of_what_is_there(Imputation by, float first, float second)
    {
        var imputer = Imputer.Fit(Train, sample => sample, by);
        Assert.Equal([first, second], imputer.Values.ToArray());
        Assert.Equal([first, 7f], imputer.Apply([float.NaN, 7]));
        Assert.Equal([5f, second], imputer.Apply([5, float.NaN]));

        float[] own = [float.NaN, float.NaN];
        imputer.Apply(own, own);
        Assert.Equal([first, second], own);
    }

    [Fact]
    public void A_standardizer_takes_what_an_imputer_has_filled()
    {
        var imputer = Imputer.Fit(Train, sample => sample);
        var standardizer = Standardizer.Fit(Train.Select(sample => imputer.Apply(sample)), sample => sample);
        Assert.Equal([4f, 15f], standardizer.Mean.ToArray());
        Assert.Equal([0f, 0f], standardizer.Apply(imputer.Apply([float.NaN, float.NaN])));
    }

    [Fact]
    public void Samples_that_do_not_fit_are_refused()
    {
        Assert.Equal("feature 1 is missing in all 2 samples. Leave the feature out.", Error([[1, float.NaN], [2, float.NaN]]));
        Assert.Equal("feature 0 of sample 1 is Infinity. Replace infinite values before training.", Error([[1], [float.PositiveInfinity]]));
        Assert.Equal("sample 1 has 2 features instead of 1. All samples need the same features.", Error([[1], [1, 2]]));
        Assert.Equal("there are no samples to learn from. Give the training part.", Error([]));
        Assert.Equal("the sample has 1 features instead of 2. All samples need the same features.", Assert.Throws<DataException>(() => Imputer.Fit(Train, sample => sample).Apply([1])).Message);
        Assert.Throws<ArgumentException>(() => Imputer.Fit(Train, sample => sample).Apply([1, 2], new float[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Imputer.Fit(Train, sample => sample, (Imputation)7));

        static string Error(float[][] samples) => Assert.Throws<DataException>(() => Imputer.Fit(DataSource.From(samples), sample => sample)).Message;
    }

    [Fact]
    public void What_was_learned_is_saved_for_later_data()
    {
        var imputer = Imputer.Fit(Train, sample => sample, Imputation.Median);
        imputer.Save(_folder["imputer.safetensors"]);
        Assert.Equal(imputer.Values.ToArray(), Imputer.Load(_folder["imputer.safetensors"]).Values.ToArray());

        var standardizer = Standardizer.Fit(Train.Select(sample => imputer.Apply(sample)), sample => sample);
        standardizer.Save(_folder["standardizer.safetensors"]);
        var loaded = Standardizer.Load(_folder["standardizer.safetensors"]);
        Assert.Equal(standardizer.Mean.ToArray(), loaded.Mean.ToArray());
        Assert.Equal(standardizer.Deviation.ToArray(), loaded.Deviation.ToArray());
    }

    [Fact]
    public void A_file_of_something_else_is_refused()
    {
        Imputer.Fit(Train, sample => sample).Save(_folder["imputer.safetensors"]);
        Assert.EndsWith(
            "it is no saved standardizer of this version, but 'imputer 1'. Use a file that the standardizer's Save wrote.",
            Assert.Throws<CheckpointException>(() => Standardizer.Load(_folder["imputer.safetensors"])).Message);

        SafetensorsFile.Write(_folder["other.safetensors"], [SafetensorsEntry.From("values", [1], [1f])]);
        Assert.Contains("it is no saved imputer of this version. Use", Assert.Throws<CheckpointException>(() => Imputer.Load(_folder["other.safetensors"])).Message);

        var kind = new Dictionary<string, string> { ["feedbacknn.format"] = "standardizer 1" };
        SafetensorsFile.Write(_folder["ragged.safetensors"], [SafetensorsEntry.From("mean", [2], [1f, 2f]), SafetensorsEntry.From("deviation", [1], [1f])], kind);
        Assert.Contains("'deviation' is no list of 2 finite numbers", Assert.Throws<CheckpointException>(() => Standardizer.Load(_folder["ragged.safetensors"])).Message);
        Assert.Contains("there is no such file", Assert.Throws<CheckpointException>(() => Imputer.Load(_folder["nowhere.safetensors"])).Message);
    }
}
