using System.Diagnostics;
using FeedbackNN.Gpu.Nets;
using ILGPU;
using ILGPU.Runtime.CPU;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// ILGPU's own emulation runs a kernel as C#, a thread for each thread of a group, and checks every access to memory. It is slow, and a failed check ends the process: so a
/// tiny training, in a process of its own.
/// </summary>
public sealed class EmulationTests
{
    public const string Argument = "emulate";

    [Fact]
    public async Task A_tiny_training_is_that_of_the_processor()
    {
        var start = new ProcessStartInfo("dotnet", ["exec", typeof(EmulationTests).Assembly.Location, Argument]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("the emulation did not end");
        }
        Assert.True(process.ExitCode == 0, $"exit {process.ExitCode}: {await output}{await error}");
        Assert.Contains("the same losses", await output);
    }

    internal static void TrainOnTheEmulation()
    {
        RepairedCompiler.Check();
        // As many threads in a group as kernels are written for.
        using var context = Context.Create(builder => RepairedCompiler.Configure(builder).CPU(new CPUDevice(32, 8, 1)));
        using var device = new GpuDevice(context, context.GetCPUDevice(0), "emulation", isGpu: false);
        var (here, there) = (Losses(Device.Cpu), Losses(device));
        for (var step = 0; step < here.Length; step++)
        {
            if (Math.Abs(here[step] - there[step]) > 1e-5 * here[step]) throw new InvalidOperationException(FormattableString.Invariant($"step {step}: {there[step]} instead of {here[step]}"));
        }
        Console.WriteLine($"the same losses: {string.Join(", ", there)}");
    }

    private static double[] Losses(Device device)
    {
        var random = new Random(2);
        using var net = new Mixed(device, seed: 3);
        using var trainer = new FitMixedAdamW(net, seed: 4);
        var x = new Tensor<float, Batch, Features>(3, Features.Size);
        var word = new Tensor<int, Batch, Length>([1, 2, 1, 0, 2, 2], 3, 2);
        var label = new Tensor<int, Batch>([0, 4, 2], 3);
        foreach (ref var value in x.Span) value = random.NextSingle() - 0.5f;
        var batch = new FitMixedAdamW.MiniBatch(x, word, label);
        return [trainer.Step(batch).Loss, trainer.Step(batch).Loss];
    }
}
