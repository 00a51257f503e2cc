using System.Diagnostics;

namespace FeedbackNN.Pipelines.Tests;

/// <summary>A process that runs a pipeline is killed without warning, again and again. Three times as a rule, thirty with FNN_SLOW=1.</summary>
public sealed class KillTests
{
    public const string Argument = "run-pipeline";

    /// <summary>What the killed process does: slowly, so that a kill meets every part of it.</summary>
    internal static void Run(string folder) => Filter.Make(folder, weights: 77, saveInterval: TimeSpan.FromMilliseconds(5)).Run(new Listener(progress =>
    {
        Console.WriteLine(progress.Stage);
        Thread.Sleep(15);
    }));

    [Fact]
    public void Killed_at_random_moments_it_goes_on_each_time_and_ends_with_the_same_bits()
    {
        var wanted = Environment.GetEnvironmentVariable("FNN_SLOW") == "1" ? 30 : 3;
        var straight = Filter.Make(weights: 77);
        straight.Run();
        var expected = Filter.Weights(straight);

        var random = new Random(1);
        var kills = 0;
        while (kills < wanted)
        {
            using var folder = new TemporaryFolder();
            var finished = 0;
            while (true)
            {
                using var process = Start(folder.Path);
                // From the first batch on, which a busy machine may take seconds to reach.
                var isKilled = kills < wanted && process.StandardOutput.ReadLine() is not null && !process.WaitForExit(random.Next(1, 400));
                if (isKilled)
                {
                    process.Kill();
                    kills++;
                }
                process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                var reached = File.Exists(folder.State) ? Finished(folder.State) : 0;
                Assert.True(reached >= finished, $"{reached} steps were finished, and {finished} before");
                finished = reached;
                if (process.ExitCode == 0) break;
                Assert.True(isKilled, $"It ended by itself, with {process.ExitCode}.");
            }
            var last = Filter.Make(folder.Path, weights: 3);
            last.Run(new Listener(progress => Assert.Fail($"{progress} was left to do.")));
            Assert.Equal(expected, Filter.Weights(last));
        }
    }

    /// <summary>Reading checks the whole head and that all tensors are there.</summary>
    private static int Finished(string path)
    {
        using var content = SafetensorsFile.Read(path);
        return int.Parse(content.Metadata["pipeline.finished"], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Process Start(string folder) => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(KillTests).Assembly.Location, Argument, folder])
    {
        RedirectStandardOutput = true, RedirectStandardError = false, UseShellExecute = false,
    })!;
}
