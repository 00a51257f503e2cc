using ScottPlot;

namespace Streaming;

/// <summary>The whole stream as a PNG file: values and forecasts above, errors and the limit of alarms below.</summary>
internal static class Charts
{
    public static void Stream(string path, IReadOnlyList<Moment> moments, double limit, System.Range stuck)
    {
        var multiplot = new Multiplot();
        multiplot.AddPlots(2);
        var steps = moments.Select(moment => (double)moment.Step).ToArray();

        var values = multiplot.GetPlot(0);
        Line(values, "value", moments.Select(moment => moment.Value));
        Line(values, "forecast, one step ahead", moments.Select(moment => moment.Forecast));
        var alarms = moments.Where(moment => moment.IsAlarm).ToArray();
        var marks = values.Add.Markers(alarms.Select(alarm => (double)alarm.Step).ToArray(), alarms.Select(alarm => (double)alarm.Value).ToArray(), MarkerShape.OpenCircle, 12, Colors.Red);
        marks.LegendText = "alarm";
        values.Title("A stream, forecast value by value");

        var errors = multiplot.GetPlot(1);
        Line(errors, "|value - forecast|", moments.Select(moment => Math.Abs(moment.Error)));
        var line = errors.Add.HorizontalLine(limit, width: 2, Colors.Red, LinePattern.Dashed);
        line.LegendText = "limit";

        foreach (var (plot, label) in new[] { (values, "value"), (errors, "error") })
        {
            var span = plot.Add.HorizontalSpan(stuck.Start.Value, stuck.End.Value - 1, Colors.Orange.WithAlpha(0.25));
            span.LegendText = "the sensor sticks";
            plot.XLabel("step");
            plot.YLabel(label);
            plot.Axes.Left.MinimumSize = 70;
            plot.Axes.Margins(bottom: 0.05, top: 0.25);
            plot.Legend.Orientation = Orientation.Horizontal;
            plot.ShowLegend(Alignment.UpperLeft);
        }
        multiplot.SavePng(path, 1100, 800);

        void Line(Plot plot, string name, IEnumerable<float> heights)
        {
            var line = plot.Add.ScatterLine(steps, heights.Select(height => (double)height).ToArray());
            line.LegendText = name;
            line.LineWidth = 2;
        }
    }
}
