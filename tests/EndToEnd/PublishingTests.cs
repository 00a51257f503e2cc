using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;
using FeedbackNN.Tests;

namespace FeedbackNN.EndToEnd;

/// <summary>
/// A program that only predicts, published as docs/publishing.md says: without a warning, small, with wide vectors, and with the answers it has
/// when it is compiled as it runs.
/// </summary>
[Collection(LocalFeed.Name)]
public sealed class PublishingTests(LocalFeed feed)
{
    private const long Megabyte = 1 << 20;

    private const string Network = """
        namespace Readings

        /// Forecasts a value from those before it.
        model Forecast(x: f32[batch, time, 24]) -> f32[batch, 10] {
            w = linear(96); u = linear(96, bias: false)
            hidden = linear(80)
            head = linear(10)
            feedback (h: f32[batch, 96] = 0) over x_t in x along time {
                h <- tanh(w(x_t) + u(h))
                emit hs = h
            }
            return mean(hs, time) |> hidden |> gelu |> layer_norm |> head |> softmax
        }
        """;

    private const string Program = """
        using System.Globalization;
        using System.Runtime.Intrinsics;
        using FeedbackNN;
        using Readings;

        const string File = "forecast.safetensors";
        using var net = new Forecast(seed: 1);
        if (args is ["save"]) net.Save(File);
        else net.Load(File);

        const int Batch = 33, Time = 7;
        var values = new float[Batch * Time * N24.Size];
        for (var i = 0; i < values.Length; i++) values[i] = i * 7919 % 1009 / 1009f - 0.5f;
        using var x = new Tensor<float, Readings.Batch, Readings.Time, N24>(values, Batch, Time, N24.Size);
        using var result = net.Forward(x);

        Console.WriteLine($"bits {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)}");
        foreach (var value in result.Span) Console.WriteLine(value.ToString("R", CultureInfo.InvariantCulture));
        """;

    [SkippableFact]
    public void A_trimmed_single_file_predicts_the_same()
    {
        var folder = NewProgram("trimmed");
        var expected = Predict(folder, null);
        Publish(folder, "-r", Runtime, "--self-contained", "-p:PublishTrimmed=true", "-p:PublishSingleFile=true");
        Assert.InRange(new FileInfo(Executable(folder)).Length, Megabyte, 20 * Megabyte);
        Assert.Equal(expected, Predict(folder, Executable(folder)));
    }

    [SkippableFact]
    public void NativeAOT_predicts_the_same_in_a_small_executable()
    {
        NativeTools.RequireLinker();
        var folder = NewProgram("native");
        // Of x64 machines it takes for granted what the package sets, 256-bit vectors; compiled as it runs, a program takes what the machine has.
        var expected = Predict(folder, null, widest: 256);
        Publish(folder, "-r", Runtime, "-p:PublishAot=true");
        Assert.InRange(new FileInfo(Executable(folder)).Length, Megabyte / 2, 5 * Megabyte);
        Assert.Equal(expected, Predict(folder, Executable(folder)));
        Assert.StartsWith($"bits {Math.Min(256, Widest)}", expected);
    }

    [SkippableFact]
    public void NativeAOT_for_the_machine_at_hand_uses_all_of_its_vectors()
    {
        SlowRun.Require();
        NativeTools.RequireLinker();
        var folder = NewProgram("this-machine");
        var expected = Predict(folder, null);
        Publish(folder, "-r", Runtime, "-p:PublishAot=true", "-p:IlcInstructionSet=native");
        Assert.Equal(expected, Predict(folder, Executable(folder)));
        Assert.StartsWith($"bits {Widest}", expected);
    }

    [SkippableFact]
    public void Published_for_ARM_it_predicts_the_same()
    {
        ArmEmulator.Require();
        var folder = NewProgram("arm");
        var expected = Predict(folder, null);
        Publish(folder, "-r", "linux-arm64", "--self-contained", "-p:PublishTrimmed=true");
        var values = Predict(folder, Executable(folder), emulator: ArmEmulator.Command).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("bits 128", values[0]);
        // Sums are in the order of other tiles there.
        Assert.All(values.Zip(expected.Split('\n')).Skip(1), pair =>
            Assert.InRange(float.Parse(pair.First, CultureInfo.InvariantCulture) / float.Parse(pair.Second, CultureInfo.InvariantCulture), 1 - 1e-5, 1 + 1e-5));
    }

    private static int Widest => Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;

    // What the SDK calls this machine, as a user would write it.
    private static string Runtime => System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier is var id && id.StartsWith("linux", StringComparison.Ordinal)
        ? $"linux-{System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}" : id;

    private static string Executable(string folder) => Path.Combine(folder, "published", Path.GetFileName(folder) + (OperatingSystem.IsWindows() ? ".exe" : ""));

    /// <summary>A project as a user makes it, built, with saved weights beside it.</summary>
    private string NewProgram(string name)
    {
        var folder = feed.CreateConsole(name, withOtherSources: true);
        File.WriteAllText(Path.Combine(folder, "forecast.fnn"), Network);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program);
        DotnetCommand.Succeed(folder, feed.EnvironmentWithOtherPackages, "run", "-c", "Release", "--", "save");
        return folder;
    }

    private void Publish(string folder, params string[] arguments)
    {
        var (exitCode, output) = Dotnet(folder, ["publish", "-c", "Release", "-o", "published", "-warnaserror", .. arguments]);
        NativeTools.RequirePackages(output);
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("warning", output);
    }

    /// <summary>What the program prints: compiled as it runs, or, when an executable is given, as published.</summary>
    private static string Predict(string folder, string? executable, int widest = 512, string[]? emulator = null)
    {
        string[] command = [.. emulator ?? [], .. executable is null ? ["dotnet", Path.Combine(folder, "bin", "Release", "net10.0", Path.GetFileName(folder) + ".dll")] : new[] { executable }];
        var start = new ProcessStartInfo(command[0], command[1..]);
        start.WorkingDirectory = folder;
        start.RedirectStandardOutput = true;
        // What an emulator runs finds none of this machine's libraries, and so no tables of languages.
        if (emulator is not null) start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        if (widest < 512) start.Environment["DOTNET_EnableAVX512"] = "0";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(331, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        return output;
    }

    private (int ExitCode, string Output) Dotnet(string folder, params string[] arguments) => DotnetCommand.Run(folder, feed.EnvironmentWithOtherPackages, arguments);
}
