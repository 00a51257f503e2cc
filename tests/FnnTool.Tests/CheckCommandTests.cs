using System.Diagnostics;
using System.Text.Json;

namespace FeedbackNN.Tool.Tests;

public sealed class CheckCommandTests : IDisposable
{
    private const string Right = """
        namespace Checked
        model Line(x: f32[batch, 3]) -> f32[batch, 1] {
            fit = linear(1)
            return fit(x)
        }
        """;

    private const string Wrong = """
        namespace Checked
        model Lost(x: f32[batch, 3]) -> f32[batch, 3] {
            return y
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-check-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_right_file_exits_with_0()
    {
        Write("right.fnn", Right);
        var (exitCode, output, errors) = Check([_folder]);
        Assert.Equal(0, exitCode);
        Assert.Equal("1 file checked: 0 errors, 0 other findings", output.Trim());
        Assert.Empty(errors);
    }

    [Fact]
    public void A_wrong_file_exits_with_1_and_shows_the_place()
    {
        var path = Write("wrong.fnn", Wrong);
        var (exitCode, output, _) = Check([path]);
        Assert.Equal(1, exitCode);
        Assert.Contains("wrong.fnn(3,12)", output);
        Assert.Contains("error FNN2", output);
        Assert.Contains("    return y", output);
        Assert.Contains("^", output);
        Assert.Contains("1 file checked: 1 error,", output);
    }

    [Fact]
    public void Folders_are_searched_without_build_outputs_and_files_are_checked_together()
    {
        Write("right.fnn", Right);
        Write("sub/train.fnn", """
            namespace Checked
            train Fit for net: Line (x: f32[batch, 3], y: f32[batch, 1]) {
                minimize mse(net(x), y) with sgd(lr: 0.1)
            }
            """);
        Write("obj/wrong.fnn", Wrong);
        Write("bin/wrong.fnn", Wrong);
        Write(".hidden/wrong.fnn", Wrong);
        var (exitCode, output, _) = Check([_folder]);
        Assert.True(exitCode == 0, output);
        Assert.StartsWith("2 files checked", output);
    }

    [Fact]
    public void Json_has_one_object_a_line()
    {
        var path = Write("wrong.fnn", Wrong);
        var (exitCode, output, _) = Check([path], asJson: true);
        Assert.Equal(1, exitCode);
        using var finding = JsonDocument.Parse(Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
        Assert.StartsWith("FNN2", finding.RootElement.GetProperty("code").GetString());
        Assert.Equal("error", finding.RootElement.GetProperty("severity").GetString());
        var place = finding.RootElement.GetProperty("place");
        Assert.Equal(path, place.GetProperty("file").GetString());
        Assert.Equal(3, place.GetProperty("line").GetInt32());
        Assert.Equal(12, place.GetProperty("column").GetInt32());
        Assert.Equal(13, place.GetProperty("endColumn").GetInt32());
    }

    [Fact]
    public void What_a_comment_ignores_is_no_finding_and_each_code_says_once_where_to_read_more()
    {
        const string hinted = """
            namespace Checked
            model Twice(x: f32[batch, 3]) -> f32[batch, 3] {
                return x |> linear(3) |> linear(3)
            }
            """;
        var path = Write("hinted.fnn", hinted);
        var (exitCode, output, _) = Check([path]);
        Assert.Equal(0, exitCode);
        Assert.Contains("1 file checked: 0 errors, 2 other findings", output);
        Assert.Single(output.Split('\n'), line => line == "  help: fnn explain FNN6001");

        Write("hinted.fnn", hinted.Replace("|> linear(3) |> linear(3)", "|> linear(3) |> linear(3) // fnn: ignore FNN6001"));
        Assert.Equal("1 file checked: 0 errors, 0 other findings", Check([path]).Output.Trim());
    }

    [Fact]
    public void A_missing_path_exits_with_2_and_is_named()
    {
        var missing = Path.Combine(_folder, "nowhere.fnn");
        var (exitCode, output, errors) = Check([missing]);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(missing, errors);
    }

    [Fact]
    public void A_file_that_can_not_be_read_exits_with_2_and_is_named_and_hidden_ones_are_not_looked_for()
    {
        if (OperatingSystem.IsWindows()) return;
        Write("a.fnn", "dim a = 1\n");
        // The lock of a file that Emacs has open.
        File.CreateSymbolicLink(Path.Combine(_folder, ".#a.fnn"), "somebody@somewhere.123");
        Assert.Equal(0, Check([_folder]).ExitCode);
        var dangling = Path.Combine(_folder, "b.fnn");
        File.CreateSymbolicLink(dangling, "nowhere");
        foreach (var path in new[] { _folder, dangling })
        {
            var (exitCode, output, errors) = Check([path]);
            Assert.Equal(2, exitCode);
            Assert.Empty(output);
            Assert.Contains("b.fnn' can't be read: ", errors);
            using var costErrors = new StringWriter();
            Assert.False(FnnSources.TryRead([path], costErrors, out _, out exitCode));
            Assert.Equal(2, exitCode);
            Assert.Contains("b.fnn' can't be read: ", costErrors.ToString());
        }
    }

    [Theory]
    [InlineData("chekc")]
    [InlineData("cost --at")]
    [InlineData("explain FNN3004 FNN3005")]
    public void A_command_line_that_is_not_understood_exits_with_2(string arguments)
    {
        using var tool = Process.Start(new ProcessStartInfo("dotnet", $"\"{typeof(CheckCommand).Assembly.Location}\" {arguments}") { RedirectStandardOutput = true, RedirectStandardError = true })!;
        tool.StandardError.ReadToEndAsync();
        tool.StandardOutput.ReadToEnd();
        tool.WaitForExit();
        Assert.Equal(2, tool.ExitCode);
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static (int ExitCode, string Output, string Errors) Check(string[] paths, bool asJson = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = CheckCommand.Run(paths, asJson, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
