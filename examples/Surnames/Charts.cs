using FeedbackNN;
using ScottPlot;

namespace Surnames;

/// <summary>The confusion matrix as a PNG file: how many of the names of each language, a row, were taken for which, a column.</summary>
internal static class Charts
{
    public static void Confusion(string path, ConfusionMatrix matrix, string[] languages)
    {
        using var plot = new Plot();
        var shares = new double[matrix.Classes, matrix.Classes];
        for (var actual = 0; actual < matrix.Classes; actual++)
        {
            for (var predicted = 0; predicted < matrix.Classes; predicted++)
            {
                shares[actual, predicted] = 100.0 * matrix[actual, predicted] / Math.Max(1, matrix.ActualCount(actual));
                if (shares[actual, predicted] < 0.5) continue;
                var text = plot.Add.Text($"{shares[actual, predicted]:F0}", predicted, matrix.Classes - 1 - actual);
                text.LabelFontColor = shares[actual, predicted] > 50 ? Colors.White : Colors.Black;
                text.LabelAlignment = Alignment.MiddleCenter;
            }
        }
        var map = plot.Add.Heatmap(shares);
        map.Colormap = new ScottPlot.Colormaps.Blues().Reversed();
        plot.MoveToBack(map);

        var places = languages.Select((_, i) => (double)i).ToArray();
        plot.Axes.Bottom.SetTicks(places, languages);
        plot.Axes.Left.SetTicks(places, languages.Reverse().ToArray());
        plot.Axes.Bottom.TickLabelStyle.Rotation = -45;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
        plot.Axes.Bottom.MinimumSize = 110;
        plot.Axes.Left.MinimumSize = 130;
        plot.HideGrid();
        plot.Axes.SetLimits(-0.5, matrix.Classes - 0.5, -0.5, matrix.Classes - 0.5);
        plot.Title("Held-out surnames: which language the network says (% of a row)");
        plot.XLabel("what the network says");
        plot.YLabel("what it is");
        plot.SavePng(path, 1000, 900);
    }
}
