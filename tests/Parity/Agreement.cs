using TorchSharp;

namespace FeedbackNN.Parity;

/// <summary>Compares our numbers with a tensor of TorchSharp's, by norms or element by element.</summary>
internal static class Agreement
{
    /// <summary>‖a - b‖ / ‖b‖ is at most the tolerance.</summary>
    public static void Check(ReadOnlySpan<float> ours, torch.Tensor theirs, double tolerance, string what)
    {
        var other = Numbers(theirs);
        Assert.Equal(other.Length, ours.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < other.Length; i++)
        {
            difference += Math.Pow(ours[i] - other[i], 2);
            norm += Math.Pow(other[i], 2);
        }
        var relative = Math.Sqrt(difference) / Math.Max(Math.Sqrt(norm), 1e-30);
        Assert.True(relative <= tolerance, FormattableString.Invariant($"{what}: the difference is {relative:E2} of the norm {Math.Sqrt(norm):E2}, more than {tolerance:E0}"));
    }

    /// <summary>Each |a - b| is at most the tolerance times |b|, or times the floor where |b| is below it. What is not finite must be the same.</summary>
    /// <param name="floor">Null is the root mean square of theirs: where terms cancel, a result is as exact as they are.</param>
    public static void CheckElements(Array ours, torch.Tensor theirs, double tolerance, string what, double? floor = null)
    {
        var other = Numbers(theirs);
        Assert.Equal(other.Length, ours.Length);
        var least = floor ?? Math.Sqrt(other.Where(double.IsFinite).Select(value => value * value).DefaultIfEmpty(0).Average());
        for (var i = 0; i < other.Length; i++)
        {
            var (a, b) = (Convert.ToDouble(ours.GetValue(i), System.Globalization.CultureInfo.InvariantCulture), other[i]);
            var same = double.IsFinite(a) && double.IsFinite(b) ? Math.Abs(a - b) <= tolerance * Math.Max(Math.Abs(b), least) : a.Equals(b);
            if (!same) Assert.Fail(FormattableString.Invariant($"{what}[{i}]: {a:R} against {b:R}, which differ by {Math.Abs(a - b):E2}; tolerance {tolerance:E0}"));
        }
    }

    private static double[] Numbers(torch.Tensor tensor)
    {
        using var copy = tensor.detach().to(torch.float64).contiguous();
        return copy.data<double>().ToArray();
    }
}
