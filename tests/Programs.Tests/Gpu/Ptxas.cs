using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Text;
using FeedbackNN.Gpu.Tests;
using FeedbackNN.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>A kernel as machine code.</summary>
/// <param name="Registers">Of a thread.</param>
/// <param name="SharedBytes">Of a group.</param>
/// <param name="LocalBytes">Of a thread, in slow memory: variables that are not in registers.</param>
internal sealed record AssembledKernel(CompiledKernel Kernel, int Registers, int SharedBytes, int LocalBytes);

/// <summary>
/// NVIDIA's assembler, which makes machine code of PTX and needs no GPU: the program that <c>FNN_PTXAS</c> names, or <c>ptxas</c> on the path. It is part of the CUDA toolkit, from version 12.4 on.
/// </summary>
internal sealed partial class Ptxas
{
    // Many kernels are one module: to start the program takes as long as several kernels.
    private const int ModuleSize = 100;

    private readonly string _path;

    private Ptxas(string path) => _path = path;

    /// <summary>Skips the test where it is not found.</summary>
    public static Ptxas Require()
    {
        var named = Environment.GetEnvironmentVariable("FNN_PTXAS");
        var path = named is { Length: > 0 } ? named : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "ptxas")).FirstOrDefault(File.Exists);
        Requirement.Check("ptxas", path is not null, "NVIDIA's ptxas is not on the path, and FNN_PTXAS does not say where it is (it is part of the CUDA toolkit)");
        return new Ptxas(path!);
    }

    /// <summary>Assembles kernels for a GPU.</summary>
    /// <param name="kernels">With a text for the target.</param>
    /// <param name="target"><c>sm_90</c></param>
    /// <param name="errors">Gets a line for each error.</param>
    public IReadOnlyList<AssembledKernel> Assemble(IReadOnlyList<CompiledKernel> kernels, string target, List<string> errors)
    {
        var modules = new AssembledKernel[]?[(kernels.Count + ModuleSize - 1) / ModuleSize];
        Parallel.For(0, modules.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            var module = kernels.Skip(i * ModuleSize).Take(ModuleSize).ToArray();
            modules[i] = AssembleModule(module, target, out var wrong);
            lock (errors) errors.AddRange(wrong);
        });
        return [.. modules.SelectMany(module => module!)];
    }

    private AssembledKernel[] AssembleModule(CompiledKernel[] kernels, string target, out IReadOnlyList<string> errors)
    {
        var (text, lines) = Module(kernels, target);
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, text);
            var start = new ProcessStartInfo(_path, ["-v", "-arch=" + target, file, "-o", file + ".cubin"]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            process.WaitForExit();
            var told = output.Result + error.Result;
            // Of an error, whose line it is in.
            errors = process.ExitCode == 0 ? [] : [.. told.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal) || line.Contains("fatal", StringComparison.Ordinal)).Select(line =>
                Line().Match(line) is { Success: true } number ? $"{kernels[Math.Max(0, lines.FindLastIndex(first => first <= int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture)))]}, {target}: {line}" : $"{target}: {line}").DefaultIfEmpty($"{target}: {told}")];
            return [.. Function().Matches(told).Select(match => new AssembledKernel(kernels[Number(match, 1)], Number(match, 3), match.Groups[4].Success ? Number(match, 4) : 0, Number(match, 2)))];
        }
        finally
        {
            File.Delete(file);
            File.Delete(file + ".cubin");
        }
    }

    /// <summary>One module of many: each kernel with a number in its name, and with the line in which it begins.</summary>
    private static (string Text, List<int> Lines) Module(CompiledKernel[] kernels, string target)
    {
        var module = new StringBuilder();
        var lines = new List<int>();
        var line = 1;
        for (var i = 0; i < kernels.Length; i++)
        {
            var text = kernels[i].Texts.Single(item => item.Target == target).Text.ReplaceLineEndings("\n");
            // The first has the version and the target.
            if (i > 0) text = text[(text.IndexOf('\n', text.IndexOf(".address_size", StringComparison.Ordinal)) + 1)..];
            text = Entry().Replace(text, FormattableString.Invariant($".entry kernel{i}_"));
            if (Dynamic().Match(text) is { Success: true } dynamic) text = text.Replace(dynamic.Groups[1].Value, FormattableString.Invariant($"{dynamic.Groups[1].Value}{i}"), StringComparison.Ordinal);
            lines.Add(line);
            module.Append(text);
            line += text.Count(c => c == '\n');
        }
        return (module.ToString(), lines);
    }

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\.entry\s+")]
    private static partial Regex Entry();

    [GeneratedRegex(@"\.extern\s+\.shared[^;]*?(\w+)\[\]")]
    private static partial Regex Dynamic();

    [GeneratedRegex(@"line (\d+)")]
    private static partial Regex Line();

    // What is spilled is part of the stack.
    [GeneratedRegex(@"Function properties for kernel(\d+)_\w+\s+(\d+) bytes stack frame[^\n]*\n[^\n]*Used (\d+) registers(?:[^\n]*?(\d+) bytes smem)?")]
    private static partial Regex Function();
}
