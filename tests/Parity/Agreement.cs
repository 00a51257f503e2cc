using TorchSharp;

namespace FeedbackNN.Parity;

/// <summary>Compares our numbers with a tensor of TorchSharp's by norms: ‖a - b‖ / ‖b‖.</summary>
internal static class Agreement
{
    public static void Check(ReadOnlySpan<float> ours, torch.Tensor theirs, double tolerance, string what)
    {
        using var copy = theirs.detach().to(torch.float32).contiguous();
        var other = copy.data<float>().ToArray();
        Assert.Equal(other.Length, ours.Length);
        double difference = 0, norm = 0;
        for (var i = 0; i < other.Length; i++)
        {
            difference += Math.Pow((double)ours[i] - other[i], 2);
            norm += Math.Pow(other[i], 2);
        }
        var relative = Math.Sqrt(difference) / Math.Max(Math.Sqrt(norm), 1e-30);
        Assert.True(relative <= tolerance, FormattableString.Invariant($"{what}: the difference is {relative:E2} of the norm {Math.Sqrt(norm):E2}, more than {tolerance:E0}"));
    }
}
