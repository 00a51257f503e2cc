using FeedbackNN.Tests;
using FeedbackNN.Torch;

namespace FeedbackNN.Parity;

/// <summary>TorchSharp, for tests that cannot do without.</summary>
internal static class Libtorch
{
    private static readonly Lazy<string?> Problem = new(() => LibtorchLoader.Load(threads: 1));

    /// <summary>Skips the test where the library cannot be loaded, or fails it where <c>FNN_REQUIRE</c> says that this machine has it.</summary>
    public static void Require() => Requirement.Check("torch", Problem.Value is null, $"TorchSharp does not load here: {Problem.Value?.TrimEnd('.')}");
}
