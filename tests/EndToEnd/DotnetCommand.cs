using System.Diagnostics;
using System.Text;

namespace FeedbackNN.EndToEnd;

/// <summary>Runs the <c>dotnet</c> command as a user would, with nothing inherited from the build that runs the tests.</summary>
internal static class DotnetCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly string CompilerServer = $"fnn-endtoend-{System.Environment.ProcessId}";

    /// <summary>Runs to the end, which must be a good one.</summary>
    /// <returns>Everything printed.</returns>
    public static string Succeed(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var (exitCode, output) = Run(folder, environment, arguments);
        Assert.True(exitCode == 0, output);
        return output;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>The exit code and everything printed.</returns>
    public static (int ExitCode, string Output) Run(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // dotnet test tells MSBuild where it lies; a fresh command finds out for itself.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name == "DOTNET_HOST_PATH").ToList())
        {
            start.Environment.Remove(name);
        }
        // No node may outlive the test: it would hold files in folders that the test deletes. The compiler's server holds none, is of these tests alone, and ends when it has nothing to do.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "true";
        start.Environment["SharedCompilationId"] = CompilerServer;
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach (var (name, value) in environment) start.Environment[name] = value;

        var output = new StringBuilder();
        using var process = new Process { StartInfo = start };
        process.OutputDataReceived += Append;
        process.ErrorDataReceived += Append;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} took more than {Limit}:\n{output}");
        }
        process.WaitForExit();
        lock (output) return (process.ExitCode, output.ToString());

        void Append(object sender, DataReceivedEventArgs line)
        {
            lock (output) output.AppendLine(line.Data);
        }
    }
}
