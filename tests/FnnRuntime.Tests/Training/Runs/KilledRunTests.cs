using System.Diagnostics;
using System.Globalization;
using FeedbackNN.Tests;

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
    public void Killed_at_any_moment_it_ends_with_the_same_bits()
    {
        Train(_folder["whole"], pause: 0);
        var random = new Random(Environment.ProcessId);
        Kills.Run(
            Argument,
            folder: run => _folder[string.Create(CultureInfo.InvariantCulture, $"run{run}")],
            moment: (process, folder, kills) =>
            {
                if (!Reaches(process, folder, Lines(folder) + Math.Max(1, (AllLines - Lines(folder)) / (kills + 1)))) return false;
                // Each time it is let go on for a part of what is left, and a moment more that nobody knows.
                Thread.Sleep(random.Next(8));
                return true;
            },
            left: folder =>
            {
                if (File.Exists(Path.Combine(folder, "last.safetensors"))) RunCase.Trainer().Resume(Path.Combine(folder, "last.safetensors"));
            },
            ended: folder => Assert.Equal(RunCase.Content(_folder["whole"]), RunCase.Content(folder)));
    }

    internal static void Train(string folder, int pause) =>
        RunCase.Trainer().Run(RunCase.Data(_ => Thread.Sleep(pause)), Epochs, RunCase.BatchSize, RunCase.Options(folder), RunCase.Validation);

    private int AllLines => File.ReadLines(_folder["whole/metrics.jsonl"]).Count();

    private static bool Reaches(Process process, string folder, int lines)
    {
        while (!process.HasExited)
        {
            if (Lines(folder) >= lines) return true;
            Thread.Sleep(1);
        }
        return false;
    }

    private static int Lines(string folder)
    {
        var path = Path.Combine(folder, "metrics.jsonl");
        if (!File.Exists(path)) return 0;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Count(letter => letter == '\n');
    }
}
