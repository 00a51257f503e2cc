using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using FeedbackNN.Tests;

namespace FnnBench.Tests;

/// <summary>The command for a machine with a GPU, tried on PoCL with the smallest selection of each part: rows are JSON with what they promise, and without a device it says so.</summary>
public sealed class GpuBenchTests
{
    [SkippableFact]
    public async Task Every_part_gives_rows_on_PoCL()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("fnn-gpu-bench").FullName, "rows.json");
        var checks = await Run("--device", "pocl", "--parts", "checks", "--only", "LaunchTests.A_step", "--json", path);
        Require(checks);
        Assert.True(checks.ExitCode == 0, checks.ToString());
        var check = Assert.Single(Rows(path), row => row.GetProperty("part").GetString() == "checks" && row.GetProperty("name").GetString() != "all checks");
        Assert.Equal(("LaunchTests.A_step_with_momentum_and_running_statistics", "passed"), (check.GetProperty("name").GetString(), check.GetProperty("outcome").GetString()));

        var measured = await Run("--device", "pocl", "--parts", "steps", "--only", "batch 100", "--json", path);
        Assert.True(measured.ExitCode == 0, measured.ToString());
        var rows = Rows(path);
        var step = Assert.Single(rows, row => row.GetProperty("name").GetString() == "mlp batch 100");
        Assert.True(step.GetProperty("microseconds").GetDouble() > 0);
        Assert.Equal(101_770, step.GetProperty("parameters").GetInt64());
        Assert.True(step.GetProperty("launches").GetInt32() > 5 && step.GetProperty("arena_bytes").GetInt64() > 100 * 128 * 4);
        Assert.Equal(JsonValueKind.Null, step.GetProperty("torch_eager_microseconds").ValueKind);
        Assert.Contains(rows, row => row.GetProperty("name").GetString()!.StartsWith("mlp batch 100: product", StringComparison.Ordinal) && row.GetProperty("gigaflops").GetDouble() > 0);

        measured = await Run("--device", "pocl", "--parts", "ceilings,launches", "--json", path);
        Assert.True(measured.ExitCode == 0, measured.ToString());
        Assert.Equal(
            ["copies of memory", "multiply-adds between registers", "cuBLAS", "product 128 x 128 x 128", "product 128 x 128 x 128 in tf32", "product 128 x 128 x 128 in bf16", "product 128 x 128 x 128 in f16", "an empty kernel among many", "an empty kernel, waited for"],
            Rows(path).Skip(1).Select(row => row.GetProperty("name").GetString()));
        Assert.Contains("| an empty kernel, waited for |", measured.Output);
    }

    [Fact]
    public async Task No_device_is_a_plain_message_and_an_exit_code()
    {
        var run = await Run("--device", "best", "--parts", "launches");
        Assert.True(run.ExitCode == 2, run.ToString());
        Assert.Empty(run.Output);
        Assert.StartsWith("There is no GPU to measure. There is no CUDA device: ", run.Error);
        Assert.Contains("install NVIDIA's graphics driver", run.Error);
    }

    [Fact]
    public async Task A_part_that_is_none_says_which_there_are()
    {
        var run = await Run("--parts", "memory");
        Assert.Equal((1, "There is no part 'memory'. Parts are checks, ceilings, launches, steps."), (run.ExitCode, run.Error.Trim()));
    }

    private static IReadOnlyList<JsonElement> Rows(string path) => File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement).ToArray();

    private static void Require(Outcome run) => Requirement.Check("pocl", run.ExitCode != 2, run.Error.Trim().TrimEnd('.'));

    private static async Task<Outcome> Run(params string[] arguments)
    {
        var program = typeof(GpuBenchTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "GpuBench").Value!;
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        // A GPU of this machine is not looked at where none is asked for.
        if (!arguments.Contains("pocl")) (start.Environment["CUDA_VISIBLE_DEVICES"], start.Environment["OCL_ICD_VENDORS"]) = ("", "/nowhere");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, await output, await error);
    }

    private sealed record Outcome(int ExitCode, string Output, string Error);
}
