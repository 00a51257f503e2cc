using FeedbackNN;
using Spectre.Console;
using Streaming;

var output = Directory.CreateDirectory(args is [var folder] ? folder : "output").FullName;

var random = new Random(1);
using var net = new Forecaster(seed: 1);
using var trainer = new Fit(net, seed: 1);
trainer.Run(DataSource.From(Enumerable.Range(0, 640).Select(_ => Series.Window(random, 120)).ToArray()), epochs: 30, batchSize: 32);
var error = trainer.Evaluate(DataSource.From(Enumerable.Range(0, 64).Select(_ => Series.Window(random, 120)).ToArray())).Error;
var limit = 5 * error;
Console.WriteLine($"trained: forecasts err by {error:F3} (the noise alone is {Series.Noise:F3}); more than {limit:F3} is an alarm");

var live = Series.Draw(random, 300);
var stuck = 200..215;
Series.Stick(live.AsSpan(stuck));

using var monitor = new Streaming.Monitor(net, limit);
var moments = new List<Moment>();
foreach (var value in live)
{
    var moment = monitor.Next(value);
    moments.Add(moment);
    if (moment.Step % 4 == 3 || moment.IsAlarm) LiveChart.Draw(moment);
    if (moment.Step == 100)
    {
        monitor.MoveOn(Path.Combine(output, "stream.safetensors"));
        AnsiConsole.MarkupLine("[blue]saved, restored in another session, and on[/]");
    }
    if (!Console.IsOutputRedirected) Thread.Sleep(20);
}

using var whole = net.Forward(new(live, 1, live.Length, 1));
Console.WriteLine($"largest difference to the forecasts for the whole series at once: {moments.Skip(1).Max(moment => Math.Abs(moment.Forecast - whole[0, moment.Step - 1, 0])):0.0e+00}");
var times = monitor.Microseconds.Order().ToArray();
Console.WriteLine($"a step takes {times[times.Length / 2]:F1} µs (median of {times.Length}), 99% take at most {times[times.Length * 99 / 100]:F1} µs");
Console.WriteLine($"the sensor stuck in steps {stuck.Start} to {stuck.End.Value - 1}; alarms at {string.Join(", ", moments.Where(moment => moment.IsAlarm).Select(moment => moment.Step))}");
Charts.Stream(Path.Combine(output, "stream.png"), moments, limit, stuck);
Console.WriteLine($"chart: {Path.Combine(output, "stream.png")}");
