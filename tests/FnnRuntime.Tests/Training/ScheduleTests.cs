namespace FeedbackNN.Runtime.Tests.Training;

public sealed class ScheduleTests
{
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
}
