using System.Globalization;
using FeedbackNN.Tests;

namespace FeedbackNN.Pipelines.Tests;

/// <summary>A process that runs a pipeline is killed without warning, again and again.</summary>
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
        var straight = Filter.Make(weights: 77);
        straight.Run();
        var expected = Filter.Weights(straight);

        using var folder = new TemporaryFolder();
        var random = new Random(1);
        var finished = 0;
        Kills.Run(
            Argument,
            folder: run => Path.Combine(folder.Path, run.ToString(CultureInfo.InvariantCulture)),
            // From the first batch on, which a busy machine may take seconds to reach.
            moment: (process, _, _) => process.StandardOutput.ReadLine() is not null && !process.WaitForExit(random.Next(1, 400)),
            left: path =>
            {
                var reached = Finished(path);
                Assert.True(reached >= finished, $"{reached} steps were finished, and {finished} before");
                finished = reached;
            },
            ended: path =>
            {
                finished = 0;
                var last = Filter.Make(path, weights: 3);
                last.Run(new Listener(progress => Assert.Fail($"{progress} was left to do.")));
                Assert.Equal(expected, Filter.Weights(last));
            });
    }

    /// <summary>Reading checks the whole head and that all tensors are there.</summary>
    private static int Finished(string folder)
    {
        var path = Path.Combine(folder, "pipeline.safetensors");
        if (!File.Exists(path)) return 0;
        using var content = SafetensorsFile.Read(path);
        return int.Parse(content.Metadata["pipeline.finished"], CultureInfo.InvariantCulture);
    }
}
