namespace FeedbackNN.Runtime.Tests.Training;

public sealed class ScheduleTests
{
    [Fact]
    public void A_schedule_says_what_it_is_made_of()
    {
        Assert.Equal("0.3", Schedule.Constant(0.3).ToString());
        Assert.Equal("cosine(1, total: 100, end: 0.2)", Schedule.Cosine(1, 100, 0.2).ToString());
        Assert.Equal("linear(0.1, end: 0, total: 50)", Schedule.Linear(0.1, 50).ToString());
        Assert.Equal("warmup_cosine(0.001, warmup: 10, total: 110, end: 0)", Schedule.WarmupCosine(1e-3, 10, 110).ToString());
        Assert.Equal("step(1, every: 30, factor: 0.1)", Schedule.Step(1, 30).Describe(7));
        Assert.Equal("a formula", Schedule.From(update => 2 * update).ToString());
        Assert.Equal("0 at first and 10 half-way", Schedule.From(update => 2 * update).Describe(10));
    }

    [Fact]
    public void A_number_is_a_constant_schedule()
    {
        Schedule schedule = 0.3;
        Assert.Equal((0.3, 0.3), (schedule.At(0), schedule.At(long.MaxValue)));
    }

    [Fact]
    public void Cosine_falls_to_its_end_and_stays()
    {
        var schedule = Schedule.Cosine(1, 100, 0.2);
        Assert.Equal(1, schedule.At(0), 12);
        Assert.Equal(0.6, schedule.At(50), 12);
        Assert.Equal(0.2, schedule.At(100), 12);
        Assert.Equal(0.2, schedule.At(1000), 12);
    }

    [Fact]
    public void Warmup_rises_to_the_peak_first()
    {
        var schedule = Schedule.WarmupCosine(1, 10, 110);
        Assert.Equal(0.1, schedule.At(0), 12);
        Assert.Equal(1, schedule.At(9), 12);
        Assert.Equal(1, schedule.At(10), 12);
        Assert.Equal(0.5, schedule.At(60), 12);
        Assert.Equal(0, schedule.At(110), 12);
    }

    [Fact]
    public void Linear_and_step_do_as_they_say()
    {
        Assert.Equal(0.75, Schedule.Linear(1, 100).At(25), 12);
        Assert.Equal(0, Schedule.Linear(1, 100).At(200), 12);
        var step = Schedule.Step(1, 30, 0.1);
        Assert.Equal((1, 0.1, 0.01), (step.At(29), step.At(30), Math.Round(step.At(60), 12)));
        Assert.Equal(6, Schedule.From(update => 2 * update).At(3));
    }

    [Fact]
    public void Lengths_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Cosine(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.WarmupCosine(1, 10, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => Schedule.Step(1, 0));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1e-3)]
    public void Numbers_that_would_ruin_weights_are_refused_where_they_are_given(double bad)
    {
        Action[] uses =
        [
            () => Schedule.Cosine(bad, 100), () => Schedule.Cosine(1, bad), () => Schedule.Cosine(1, 100, bad),
            () => Schedule.Linear(bad, 100), () => Schedule.Linear(1, bad), () => Schedule.Linear(1, 100, bad),
            () => Schedule.WarmupCosine(bad, 1, 100), () => Schedule.WarmupCosine(1, bad, 100), () => Schedule.WarmupCosine(1, 1, bad), () => Schedule.WarmupCosine(1, 1, 100, bad),
            () => Schedule.Step(bad, 1), () => Schedule.Step(1, bad), () => Schedule.Step(1, 1, bad),
            () => _ = new Sgd(bad), () => new Sgd(0.1).LearningRate = bad, () => new Sgd(0.1).Momentum = bad, () => new Sgd(0.1).WeightDecay = bad,
            () => new Adam(0.1).Beta1 = bad, () => new Adam(0.1).Beta2 = bad, () => new Adam(0.1).Epsilon = bad, () => new Adam(0.1).WeightDecay = bad, () => new AdamW(0.1).WeightDecay = bad,
        ];
        foreach (var use in uses) Assert.Contains("must be", Assert.Throws<ArgumentOutOfRangeException>(use).Message);
        if (double.IsFinite(bad)) new Sgd(0.1).Dampening = bad;
        else Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(0.1).Dampening = bad);
    }

    [Fact]
    public void Each_setting_has_its_range()
    {
        Assert.Equal("LearningRate", Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(0.1).LearningRate = -1).ParamName);
        Assert.Contains("0 or above", Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(0.1).LearningRate = -1).Message);
        Assert.Contains("below 1", Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(0.1).Beta1 = 1).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(0.1).Momentum = Schedule.Linear(0.9, 100, end: 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sgd(1e39));
        Assert.Throws<ArgumentNullException>(() => new Sgd(0.1).Momentum = null!);
        var optimizer = new Adam(0) { Beta1 = 0, Epsilon = 0, Beta2 = Schedule.Linear(0.9, 100, end: 0.999) };
        Assert.Equal(0, optimizer.LearningRate.At(7));
        optimizer.LearningRate = Schedule.Linear(0, 100, end: 0.1);
        optimizer.LearningRate = Schedule.Step(0.1, 10, factor: 2);
    }

    [Fact]
    public void A_formula_that_gives_no_rate_ends_the_step_before_it_changes_anything()
    {
        var net = new Linear(seed: 1);
        var trainer = new FitLinear(net, new Sgd(Schedule.From(update => update < 2 ? 0.1 : double.NaN)));
        var batch = new FitLinear.MiniBatch(new Tensor<float, Batch, N2>([1, 2, 3, 4], 2, 2), new Tensor<float, Batch>([1, 2]));
        trainer.Step(batch);
        trainer.Step(batch);
        var before = net.Weight.Value.ToArray();
        var error = Assert.Throws<InvalidOperationException>(() => trainer.Step(batch));
        Assert.StartsWith("LearningRate is NaN for update 2, and must be a finite number, 0 or above", error.Message);
        Assert.Equal(before, net.Weight.Value.ToArray());
        Assert.Equal(2, trainer.StepCount);
    }
}
