using System.Diagnostics;
using System.Globalization;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>How many threads there are unless a program says otherwise; each case in a process of its own, because a process decides once.</summary>
public sealed class ThreadSettingTests
{
    /// <summary>Makes this assembly, started as a program, print the number.</summary>
    internal const string Argument = "threads";

    [Fact]
    public async Task AsManyAsTheProcessMayUseCores() => Assert.Equal((0, "5"), await Threads(("DOTNET_PROCESSOR_COUNT", "5")));

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("1024")]
    public async Task TheSettingComesFirst(string setting) => Assert.Equal((0, setting), await Threads(("DOTNET_PROCESSOR_COUNT", "5"), ("FNN_THREADS", setting)));

    [Theory]
    [InlineData("0")]
    [InlineData("1025")]
    [InlineData("-1")]
    [InlineData("two")]
    [InlineData("1.5")]
    public async Task ASettingThatIsNoNumberOfThreadsIsToldAndNotPassedOver(string setting)
    {
        var (exitCode, output) = await Threads(("FNN_THREADS", setting));
        Assert.NotEqual(0, exitCode);
        Assert.Contains($"FNN_THREADS is '{setting}', but must be a number of threads from 1 to 1024", output);
    }

    internal static void PrintThreads() => Console.WriteLine(WorkerPool.Shared.Threads.ToString(CultureInfo.InvariantCulture));

    private static async Task<(int ExitCode, string Output)> Threads(params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(ThreadSettingTests).Assembly.Location, Argument])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Remove("FNN_THREADS");
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (output + await errors).Trim());
    }
}
