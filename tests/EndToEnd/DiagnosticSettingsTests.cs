using System.Text.Json;

namespace FeedbackNN.EndToEnd;

/// <summary>What <c>docs/diagnostic-settings.md</c> says about turning findings off and raising them, with real builds.</summary>
[Collection(LocalFeed.Name)]
public sealed class DiagnosticSettingsTests(LocalFeed feed)
{
    private const string Network = """
        namespace Settings

        model Net(x: f32[batch, 2]) -> f32[batch, 2] {
            return x |> linear(2)
        }
        """;

    private const string Ignored = "|> linear(2) // fnn: ignore FNN6001";

    [Fact]
    public void Comments_and_settings_of_the_project_turn_findings_off_and_raise_them()
    {
        var folder = feed.CreateConsole("settings");
        DotnetCommand.Succeed(folder, feed.Environment, "restore");

        Assert.Equal(["FNN6001 note"], Build(folder, Network));
        Assert.Empty(Build(folder, Network.Replace("|> linear(2)", Ignored)));
        Assert.Equal(["FNN6020 note"], Build(folder, Network.Replace("x |> linear(2)", "2 * x // fnn: ignore FNN6001")));
        Assert.Empty(Build(folder, Network, globalConfig: "dotnet_diagnostic.FNN6001.severity = none"));
        Assert.Equal(["FNN6001 warning"], Build(folder, Network, globalConfig: "dotnet_diagnostic.FNN6001.severity = warning"));
        Assert.Equal(["FNN6001 error"], Build(folder, Network, globalConfig: "dotnet_diagnostic.FNN6001.severity = error"));
        Assert.Empty(Build(folder, Network.Replace("|> linear(2)", Ignored), globalConfig: "dotnet_diagnostic.FNN6001.severity = error"));
        Assert.Empty(Build(folder, Network, property: "-p:NoWarn=FNN6001"));
        Assert.Equal(["FNN6001 error"], Build(folder, Network, property: "-p:WarningsAsErrors=FNN6001"));
        // Sections are for C# files: neither reaches files that are not.
        Assert.Equal(["FNN6001 note"], Build(folder, Network, editorConfig: "[*.fnn]\ndotnet_diagnostic.FNN6001.severity = error\n[*]\ndotnet_diagnostic.FNN6001.severity = error"));
    }

    /// <summary>Builds, and gives what was found: code and level, hints included, which the output of a build does not show.</summary>
    private string[] Build(string folder, string network, string? globalConfig = null, string? editorConfig = null, string property = "-p:None=true")
    {
        File.WriteAllText(Path.Combine(folder, "settings.fnn"), network);
        File.WriteAllText(Path.Combine(folder, ".globalconfig"), "is_global = true\n" + globalConfig);
        File.WriteAllText(Path.Combine(folder, ".editorconfig"), "root = true\n" + editorConfig);
        var log = Path.Combine(folder, "log.sarif");
        File.Delete(log);
        var build = DotnetCommand.Run(folder, feed.Environment, "build", "-c", "Release", "--no-restore", "--no-incremental", "-p:ErrorLog=log.sarif%2Cversion=2.1", property);
        Assert.True(File.Exists(log), build.Output);
        using var sarif = JsonDocument.Parse(File.ReadAllText(log));
        var found = sarif.RootElement.GetProperty("runs")[0].GetProperty("results").EnumerateArray()
            .Select(result => (Code: result.GetProperty("ruleId").GetString()!, Level: result.GetProperty("level").GetString()!))
            .Where(result => result.Code.StartsWith("FNN", StringComparison.Ordinal))
            .Select(result => $"{result.Code} {result.Level}")
            .Order(StringComparer.Ordinal)
            .ToArray();
        Assert.True(build.ExitCode == 0 == !found.Any(one => one.EndsWith("error", StringComparison.Ordinal)), build.Output);
        return found;
    }
}
