namespace FnnBench.Frame;

/// <summary>Microseconds a step of one side, over rounds.</summary>
internal readonly record struct SideTimes(double Median, double Min, double Max)
{
    public static SideTimes Of(IEnumerable<double> rounds)
    {
        var sorted = rounds.Order().ToArray();
        var middle = sorted.Length / 2;
        return new SideTimes(sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2, sorted[0], sorted[^1]);
    }
}
