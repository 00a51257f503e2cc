using Diverging;

namespace FeedbackNN.Examples.Tests;

/// <summary>A step whose loss is finite and whose gradient is not, and evaluations that draw at random.</summary>
public sealed class DivergingTests : IDisposable
{
    // At the point 0 the length's gradient is not a number.
    private static readonly IDataSource<Plain.Sample> _zeros = DataSource.From(4, _ => new Plain.Sample(new float[2], 1));
    private static readonly IDataSource<Plain.Sample> _good = DataSource.From(4, i => new Plain.Sample(new[] { 1f, i }, 1));
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));

    public void Dispose()
    {
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_run_whose_last_step_has_ruined_weights_says_so()
    {
        using var net = new Length(seed: 1);
        using var trainer = new Plain(net);
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Run(_zeros, epochs: 1, batchSize: 4));
        Assert.Contains("After 1 steps a number of 'net.point.weight' is NaN: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("'clip global_norm(1)'", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.Step);
    }

    [Fact]
    public void A_loss_that_is_not_finite_because_weights_are_not_says_so()
    {
        using var net = new Length(seed: 1);
        using var trainer = new Plain(net);
        trainer.Step(new(new([0, 0], 1, 2), new([1], 1)));
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Step(new(new([1, 2], 1, 2), new([1], 1))));
        Assert.Contains("the step was not taken", error.Message, StringComparison.Ordinal);
        Assert.Contains("Before this step 'net.point.weight' was not finite any more", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_clip_of_the_norm_the_step_is_not_taken()
    {
        using var net = new Length(seed: 1);
        using var trainer = new Clipped(net);
        var before = net.Parameters.Point.Weight.Value.ToArray();
        Assert.Throws<TrainingDivergedException>(() => trainer.Run(_zeros.Select(sample => new Clipped.Sample(sample.X, sample.Distance)), epochs: 1, batchSize: 4));
        Assert.Equal(before, net.Parameters.Point.Weight.Value.ToArray());
    }

    [Fact]
    public void Ruined_weights_are_not_saved_over_what_is_good()
    {
        using var net = new Length(seed: 1);
        using var trainer = new Plain(net);
        var options = new RunOptions(_folder) { SaveEvery = 2 };
        // Three good steps and the bad one: the state after two is what stays.
        var data = DataSource.From(4, i => i < 3 ? _good[i] : _zeros[0]);
        trainer.Shuffle = false;
        Assert.Throws<TrainingDivergedException>(() => trainer.Run(data, epochs: 1, batchSize: 1, options));

        using var again = new Length(seed: 2);
        using var resumed = new Plain(again);
        resumed.Resume(Path.Combine(_folder, "last.safetensors"));
        Assert.Equal(2, resumed.StepCount);
        Assert.All(again.Parameters.Point.Weight.Value.ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1024)]
    public void Each_batch_of_an_evaluation_draws_for_itself(int batchSize)
    {
        using var net = new Length(seed: 1);
        using var trainer = new Drawing(net, seed: 3);
        var data = DataSource.From(2048, i => new Drawing.Sample(new[] { 1f, i }, 1));
        var report = trainer.Evaluate(data, batchSize);
        Assert.Equal(1 / 2.0, report.MeanDrawn, 0.03);
        Assert.Equal(1 / 3.0, report.Squares, 0.03);
        Assert.Equal(report, trainer.Evaluate(data, batchSize));
    }
}
