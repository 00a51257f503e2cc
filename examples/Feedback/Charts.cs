using ScottPlot;
using ScottPlot.TickGenerators;

namespace Feedback;

/// <summary>The two pictures of the example, as PNG files.</summary>
internal static class Charts
{
    public static void AccuracyByRound(string path, double plain, double[] byRound)
    {
        using var plot = new Plot();
        var rounds = plot.Add.Scatter(Counted(byRound), byRound.Select(accuracy => 100 * accuracy).ToArray());
        rounds.LegendText = "the answer comes back";
        rounds.LineWidth = 3;
        rounds.MarkerSize = 10;
        var once = plot.Add.HorizontalLine(100 * plain, width: 2, pattern: LinePattern.Dashed);
        once.LegendText = "one look";
        plot.Title("Handwritten digits: each round looks again");
        plot.XLabel("round");
        plot.YLabel("accuracy on held-out digits (%)");
        Save(plot, path, Alignment.LowerRight);
    }

    public static void ResidualByRound(string path, double[] repeated, double[] anderson)
    {
        using var plot = new Plot();
        Add("repeating the round", Counted(repeated), repeated);
        Add("Anderson's method, 5 rounds remembered", anderson.Select((_, i) => Math.Pow(2, i)).ToArray(), anderson);
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            LabelFormatter = power => $"1e{power:0}",
            IntegerTicksOnly = true,
            MinorTickGenerator = new LogMinorTickGenerator(),
        };
        plot.Title("An equilibrium: the state comes to rest");
        plot.XLabel("round");
        plot.YLabel("median residual |f(z) - z| / |f(z)|");
        Save(plot, path, Alignment.UpperRight);

        // A residual of 0 has no logarithm: the state did not change in its last bit.
        void Add(string name, double[] rounds, double[] residuals)
        {
            var moving = residuals.TakeWhile(residual => residual > 0).Select(Math.Log10).ToArray();
            var line = plot.Add.Scatter(rounds[..moving.Length], moving);
            line.LegendText = name;
            line.LineWidth = 3;
            line.MarkerSize = 8;
        }
    }

    private static void Save(Plot plot, string path, Alignment legend)
    {
        plot.Axes.Bottom.TickGenerator = new NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Left.MinimumSize = 80;
        plot.ShowLegend(legend);
        plot.SavePng(path, 900, 560);
    }

    private static double[] Counted(double[] values) => values.Select((_, i) => i + 1.0).ToArray();
}
