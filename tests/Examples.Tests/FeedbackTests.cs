using Feedback;

namespace FeedbackNN.Examples.Tests;

/// <summary>What the example shows: an answer that comes back becomes a better one, and an equilibrium comes to rest.</summary>
public sealed class FeedbackTests
{
    private static readonly Experiment Digits =
        new(CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f), epochs: 15, seed: 1);

    [Fact]
    public void Accuracy_rises_over_the_rounds_and_above_one_look()
    {
        var byRound = Digits.ByRound();
        Assert.True(byRound[1] > byRound[0] + 0.03 && byRound[^1] > byRound[1] - 0.01, string.Join(", ", byRound));
        Assert.True(byRound[^1] > Digits.Plain() + 0.05);
    }

    [Fact]
    public void The_state_comes_to_rest_sooner_by_Andersons_method()
    {
        var rest = Digits.AtRest();
        Assert.True(rest.Accuracy > 0.85, $"{rest.Accuracy}");
        Assert.True(rest.Repeated[0] > 0.1 && rest.Repeated[^1] < 1e-3, string.Join(", ", rest.Repeated));
        Assert.True(rest.Anderson[3] < rest.Repeated[7], string.Join(", ", rest.Anderson));
    }

    [Fact]
    public void Charts_are_drawn_without_a_screen()
    {
        var folder = Directory.CreateTempSubdirectory("fnn-charts").FullName;
        try
        {
            Charts.AccuracyByRound(Path.Combine(folder, "a.png"), 0.8, [0.7, 0.9, 0.95]);
            Charts.ResidualByRound(Path.Combine(folder, "b.png"), [1, 0.1, 0.01, 0], [1, 0.05, 0.001]);
            Assert.All(["a.png", "b.png"], file => Assert.Equal("PNG"u8, File.ReadAllBytes(Path.Combine(folder, file)).AsSpan(1, 3)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
