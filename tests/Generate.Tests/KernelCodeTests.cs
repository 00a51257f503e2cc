using System.Diagnostics;
using System.Text.RegularExpressions;
using Shakespeare;

namespace FeedbackNN.Generate.Tests;

/// <summary>
/// Where there are no vectors of 512 bits, .NET makes each operation of two in a method, and calls the method where the caller has become too large to take it in: some
/// hundred times slower. No kernel of a GPT's training has such a call.
/// </summary>
public sealed partial class KernelCodeTests
{
    /// <summary>Makes the program train.</summary>
    public const string Argument = "train";

    [Fact]
    public void Kernels_are_whole_without_vectors_of_512_bits()
    {
        var listing = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(KernelCodeTests).Assembly.Location, Argument]) { RedirectStandardError = true };
            start.Environment["DOTNET_EnableAVX512"] = "0";
            start.Environment["DOTNET_JitDisasm"] = "*:Loop";
            start.Environment["DOTNET_JitStdOutFile"] = listing;
            using (var process = Process.Start(start)!)
            {
                var errors = process.StandardError.ReadToEnd();
                process.WaitForExit();
                Assert.True(process.ExitCode == 0, errors);
            }
            var methods = File.ReadAllText(listing).Split("; Assembly listing for method ").Skip(1).Where(method => method.StartsWith("Shakespeare.", StringComparison.Ordinal)).ToArray();
            Assert.True(methods.Length > 10, $"{methods.Length} kernels are listed");
            Assert.Contains(methods, method => method.Contains("Erf", StringComparison.Ordinal));
            Assert.Empty(methods.Where(method => CallOfAnOperation().IsMatch(method)).Select(method => method[..method.IndexOf('\n')]));
        }
        finally
        {
            File.Delete(listing);
        }
    }

    /// <summary>A step, in a process of its own.</summary>
    internal static void Train()
    {
        using var net = new NanoGpt(seed: 1);
        using var trainer = new FitNanoGpt(net, seed: 1);
        var tokens = Enumerable.Range(0, 2 * 16).Select(i => i % 65).ToArray();
        trainer.Step(new(new(tokens, 2, 16), new(tokens, 2, 16)));
    }

    [GeneratedRegex(@"call +\[System\.Runtime\.Intrinsics\.Vector512")]
    private static partial Regex CallOfAnOperation();
}
