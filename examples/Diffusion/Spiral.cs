using FeedbackNN;

namespace Diffusion;

/// <summary>What is learned: points on a spiral of one and a half turns, a little beside it. And how well drawn points hold to it.</summary>
public static class Spiral
{
    /// <summary>How far points lie beside the spiral: the deviation in each direction.</summary>
    public const float Noise = 0.03f;

    private const int Stretches = 10;

    private static readonly (float X, float Y)[] Curve = [.. Enumerable.Range(0, 1000).Select(i => At((i + 0.5f) / 1000))];

    /// <summary>Points drawn from the spiral, with even spread along it.</summary>
    public static IDataSource<Fit.Sample> Points(int count, Random random) => DataSource.From(Enumerable.Range(0, count).Select(_ =>
    {
        var (x, y) = At(random.NextSingle());
        return new Fit.Sample(new[] { x + Noise * Normal(random), y + Noise * Normal(random) });
    }).ToArray());

    /// <summary>How many of the points lie within a distance of the spiral.</summary>
    public static int Near(Tensor<float> points, float distance) => Enumerable.Range(0, points.Shape[0]).Count(i => Nearest(points[i, 0], points[i, 1]).Distance <= distance);

    /// <summary>How many of the points are nearest to each tenth of the spiral.</summary>
    public static int[] Spread(Tensor<float> points)
    {
        var counts = new int[Stretches];
        for (var i = 0; i < points.Shape[0]; i++) counts[Nearest(points[i, 0], points[i, 1]).Place * Stretches / Curve.Length]++;
        return counts;
    }

    /// <summary>A picture in letters: the more points, the darker.</summary>
    public static string Picture(Tensor<float> points)
    {
        const int width = 48, height = 20;
        const float edge = 2.2f;
        var counts = new int[height, width];
        for (var i = 0; i < points.Shape[0]; i++)
        {
            var column = (int)((points[i, 0] + edge) / (2 * edge) * width);
            var row = (int)((edge - points[i, 1]) / (2 * edge) * height);
            if (column is >= 0 and < width && row is >= 0 and < height) counts[row, column]++;
        }
        return string.Join('\n', Enumerable.Range(0, height).Select(row => string.Concat(Enumerable.Range(0, width).Select(column => " .:+*#"[Math.Min(counts[row, column], 5)])).TrimEnd()));
    }

    // By arc length, nearly: the radius grows with the angle, so equal parts of the angle's square are equal parts of the curve.
    private static (float X, float Y) At(float part)
    {
        var turns = MathF.Sqrt(0.04f + part * (2.25f - 0.04f));
        var radius = 1.4f * turns;
        return (radius * MathF.Cos(2 * MathF.PI * turns), radius * MathF.Sin(2 * MathF.PI * turns));
    }

    private static (int Place, float Distance) Nearest(float x, float y)
    {
        var (place, least) = (0, float.PositiveInfinity);
        for (var i = 0; i < Curve.Length; i++)
        {
            var (dx, dy) = (Curve[i].X - x, Curve[i].Y - y);
            if (dx * dx + dy * dy < least) (place, least) = (i, dx * dx + dy * dy);
        }
        return (place, MathF.Sqrt(least));
    }

    private static float Normal(Random random) => MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
}
