using System.Diagnostics;
using System.Globalization;

namespace FeedbackNN.Runtime.Tests.Training.Runs;

/// <summary>A process that trains is killed, again and again, at whatever it is doing: the run that is left ends as one that nobody disturbed.</summary>
public sealed class KilledRunTests : IDisposable
{
    /// <summary>Makes this assembly, started as a program, train with the folder that follows.</summary>
    internal const string Argument = "run";

    private const int Epochs = 60;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_at_any_moment_it_ends_with_the_same_bits()
    {
        var kills = Environment.GetEnvironmentVariable("FNN_SLOW") == "1" ? 30 : 3;
        Train(_folder["whole"], pause: 0);
        // Each time it is let go on for a part of what is left, and a moment more that nobody knows.
        var random = new Random(Environment.ProcessId);
        for (var kill = 1; kill <= kills; kill++)
        {
            using var process = Start();
            var target = Lines() + Math.Max(1, (AllLines - Lines()) / (kills - kill + 2));
            while (Lines() < target && !process.HasExited) await Task.Delay(1);
            await Task.Delay(random.Next(8));
            Assert.False(process.HasExited, $"The process ended before it was killed ({kill} of {kills}).");
            process.Kill();
            await process.WaitForExitAsync();
            if (File.Exists(_folder["run/last.safetensors"])) RunCase.Trainer().Resume(_folder["run/last.safetensors"]);
        }
        using (var last = Start())
        {
            await last.WaitForExitAsync();
            Assert.Equal(0, last.ExitCode);
        }
        Assert.Equal(RunCase.Content(_folder["whole"]), RunCase.Content(_folder["run"]));
    }

    internal static void Train(string folder, int pause) =>
        RunCase.Trainer().Run(RunCase.Data(_ => Thread.Sleep(pause)), Epochs, RunCase.BatchSize, RunCase.Options(folder), RunCase.Validation);

    private int AllLines => File.ReadLines(_folder["whole/metrics.jsonl"]).Count();

    private int Lines()
    {
        var path = _folder["run/metrics.jsonl"];
        if (!File.Exists(path)) return 0;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Count(letter => letter == '\n');
    }

    private Process Start() => Process.Start(new ProcessStartInfo(
        Environment.ProcessPath!, ["exec", typeof(KilledRunTests).Assembly.Location, Argument, _folder["run"], 1.ToString(CultureInfo.InvariantCulture)]))!;
}
