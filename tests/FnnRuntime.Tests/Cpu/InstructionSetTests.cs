using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using FeedbackNN.Tests;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>
/// The kernels are right on machines with shorter vectors too: this assembly is started once more with instruction sets switched off
/// and runs the other test classes' checks in that process.
/// </summary>
public sealed class InstructionSetTests
{
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    [InlineData("DOTNET_EnableHWIntrinsic", 0)]
    public async Task KernelsAreRightWithout(string instructionSet, int widestLeft)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(InstructionSetTests).Assembly.Location, Checks.Argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[instructionSet] = "0";
        if (instructionSet == "DOTNET_EnableAVX2") start.Environment["DOTNET_EnableAVX512"] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output + await errors);
        Assert.True(WidthIn(output) <= widestLeft, output);
        Assert.Contains("all checks passed", output);
    }

    private static int WidthIn(string output) => int.Parse(output.Split('\n')[0].Split(' ')[^1], CultureInfo.InvariantCulture);

    /// <summary>What the second process runs.</summary>
    internal static class Checks
    {
        public const string Argument = "instruction-set-checks";

        public static void Run()
        {
            Console.WriteLine($"bits of the widest vectors: {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0)}");
            using (var products = new MatrixProductTests())
            {
                foreach (var (left, right) in (ReadOnlySpan<(char, char)>)[('r', 'r'), ('r', 'c'), ('c', 'r'), ('c', 'c')]) products.AgreesForEveryTail(left, right);
                products.AgreesForLongSumsAndManyTiles(3, 70, 33, 310, 's', 'c');
                products.BitsDoNotDependOnTheNumberOfThreads(2);
                products.DoublesAgreeWithThePlainProduct();
            }

            using (var attention = new AttentionKernelsTests())
            {
                attention.AgreesWithTheFormulas(1, 4, 2, 33, 70, 32, 16);
                attention.AgreesWithTheFormulas(1, 2, 1, 131, 300, 17, 33);
                attention.AgreesWithTheFormulas(2, 4, 1, 1, 200, 24, 40);
                attention.BitsDoNotDependOnTheNumberOfThreads(1, 4);
            }

            var simd = new SimdTests();
            simd.AStoreTouchesNothingBehindWhatRemains();
            simd.KeepReplacesWhatDoesNotRemain();
            simd.ReductionsAgreeWithLoops();
            simd.TheFirstOfEqualsIsTheLargestOrSmallest();
            simd.ComparisonsFollowIeee();
            simd.ConversionsSaturateLikeCasts();
            var mathematics = new SimdMathTests();
            foreach (var name in SimdMathTests.Functions.Keys)
            {
                mathematics.ExtremesAreRight(name);
                // Vectors that are emulated take long.
                SimdMathTests.CheckErrors(name, SlowRun.Count(32_771, slow: 4099));
            }

            mathematics.WholeNumbersDivideDownwards();
            new PhiloxTests().SixteenAtOnceAreTheSameNumbers();
            using (var optimizers = new OptimizerKernelsTests()) optimizers.AdamWithBothKindsOfWeightDecay(0.1, true);
            Console.WriteLine("all checks passed");
        }
    }
}
