namespace Streaming;

/// <summary>Two sines on a level that drifts slowly, with noise: what a machine's sensor might say. Phases, level and drift are drawn anew for each series.</summary>
internal static class Series
{
    public const float Noise = 0.05f;

    public static float[] Draw(Random random, int length)
    {
        var (slow, fast) = (2 * MathF.PI * random.NextSingle(), 2 * MathF.PI * random.NextSingle());
        var (level, drift) = (random.NextSingle() - 0.5f, 0.004f * (random.NextSingle() - 0.5f));
        return [.. Enumerable.Range(0, length).Select(t =>
            level + drift * t + MathF.Sin(2 * MathF.PI * t / 24 + slow) + 0.5f * MathF.Sin(2 * MathF.PI * t / 9 + fast) + Noise * Normal(random))];
    }

    /// <summary>A series and, as what comes next, the same one step on.</summary>
    public static Fit.Sample Window(Random random, int length)
    {
        var values = Draw(random, length + 1);
        return new Fit.Sample(values.AsMemory(0, length), values.AsMemory(1));
    }

    /// <summary>The sensor sticks: for a while it says the same.</summary>
    public static void Stick(Span<float> values) => values.Fill(values[0]);

    // Box and Muller, "A note on the generation of random normal deviates", 1958.
    private static float Normal(Random random) => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
}
