using TorchSharp;

namespace FeedbackNN.Parity;

/// <summary>Loads TorchSharp, or says why it does not load. <c>tests/Torch/Torch.targets</c> has made its library fit the system while building.</summary>
internal static class Libtorch
{
    private static readonly Lazy<string?> Problem = new(Load);

    /// <summary>Skips the test where the library cannot be loaded, or fails it where <c>FNN_REQUIRE</c> says that this machine has it.</summary>
    public static void Require()
    {
        if (Problem.Value is not { } problem) return;
        var required = (Environment.GetEnvironmentVariable("FNN_REQUIRE") ?? "").Split(',', StringSplitOptions.TrimEntries).Contains("torch");
        Assert.False(required, $"FNN_REQUIRE says that TorchSharp loads here, but: {problem}");
        throw new SkipException($"TorchSharp does not load here: {problem}");
    }

    private static string? Load()
    {
        try
        {
            torch.set_num_threads(1);
            using var one = torch.ones(1);
            return one.item<float>() == 1 ? null : "it computes nonsense";
        }
        catch (Exception exception)
        {
            return exception.GetBaseException().Message;
        }
    }
}
