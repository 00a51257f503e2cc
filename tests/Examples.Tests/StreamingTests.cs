using Streaming;

namespace FeedbackNN.Examples.Tests;

/// <summary>A stream gives what the whole series gives, also when it is saved and goes on in another session; a sensor that sticks is told.</summary>
public sealed class StreamingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-stream").FullName;
    private readonly Forecaster _net = new(seed: 1);

    public void Dispose()
    {
        _net.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_sensor_that_sticks_is_told_and_the_stream_survives_a_restart()
    {
        var random = new Random(1);
        using var trainer = new Fit(_net, seed: 1);
        trainer.Run(DataSource.From(Enumerable.Range(0, 320).Select(_ => Series.Window(random, 80)).ToArray()), epochs: 12, batchSize: 32);
        var error = trainer.Evaluate(DataSource.From(Enumerable.Range(0, 32).Select(_ => Series.Window(random, 80)).ToArray())).Error;

        var live = Series.Draw(random, 200);
        Series.Stick(live.AsSpan(150..165));
        using var monitor = new Streaming.Monitor(_net, 5 * error);
        var moments = new List<Moment>();
        foreach (var value in live)
        {
            moments.Add(monitor.Next(value));
            if (moments.Count == 100) monitor.MoveOn(Path.Combine(_folder, "stream.safetensors"));
        }

        Assert.DoesNotContain(moments, moment => moment.IsAlarm && moment.Step < 150);
        Assert.Contains(moments, moment => moment.IsAlarm && moment.Step is >= 150 and < 170);
        using var whole = _net.Forward(new(live, 1, live.Length, 1));
        Assert.All(moments.Skip(1), moment => Assert.Equal(whole[0, moment.Step - 1, 0], moment.Forecast, 1e-5f));
        Charts.Stream(Path.Combine(_folder, "stream.png"), moments, 5 * error, 150..165);
        Assert.True(new FileInfo(Path.Combine(_folder, "stream.png")).Length > 10_000);
    }
}
