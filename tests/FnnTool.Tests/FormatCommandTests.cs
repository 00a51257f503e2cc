using System.Text;

namespace FeedbackNN.Tool.Tests;

public sealed class FormatCommandTests : IDisposable
{
    private const string Canonical = "dim a = 1, b = 2*a\n";
    private const string Untidy = "dim  a=1 ,b=2*a";
    private const string Wrong = "dim  a = \n";

    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-format-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Files_are_formatted_in_place_and_named()
    {
        var untidy = Write("untidy.fnn", Untidy);
        var canonical = Write("sub/canonical.fnn", Canonical);
        var before = File.GetLastWriteTimeUtc(canonical);
        var (exitCode, output, errors) = Format([_folder]);
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal(Canonical, File.ReadAllText(untidy));
        Assert.Equal(before, File.GetLastWriteTimeUtc(canonical));
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("formatted: ", lines[0]);
        Assert.EndsWith("untidy.fnn", lines[0]);
        Assert.Equal("2 files: 1 changed, 1 unchanged, 0 with errors", lines[1]);
        Assert.Equal((0, "2 files: 0 changed, 2 unchanged, 0 with errors\n", ""), Format([_folder]));
        Assert.Equal([canonical, untidy], Files());
    }

    [Fact]
    public void Check_changes_nothing_and_exits_with_1_where_something_would_change()
    {
        var untidy = Write("untidy.fnn", Untidy);
        var canonical = Write("canonical.fnn", Canonical);
        Assert.Equal((1, $"not formatted: {untidy}\n2 files: 1 formatted, 1 not formatted, 0 with errors\n", ""), Format([canonical, untidy], onlyChecks: true));
        Assert.Equal(Untidy, File.ReadAllText(untidy));
        Assert.Equal((0, "1 file: 1 formatted, 0 not formatted, 0 with errors\n", ""), Format([canonical], onlyChecks: true));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_with_syntax_errors_is_shown_as_by_check_and_stays(bool onlyChecks)
    {
        var wrong = Write("wrong.fnn", Wrong);
        var canonical = Write("xyz.fnn", Canonical);
        var (exitCode, output, errors) = Format([wrong, canonical], onlyChecks);
        Assert.Equal((1, ""), (exitCode, errors));
        Assert.Equal(Wrong, File.ReadAllText(wrong));
        Assert.Contains("wrong.fnn(1,8): error FNN1010", output);
        Assert.Contains("  1 | dim  a = \n", output);
        Assert.EndsWith("1 with errors\n", output);
    }

    [Fact]
    public void Other_mistakes_do_not_matter()
    {
        var path = Write("lost.fnn", "dim a=missing\n");
        Assert.Equal(0, Format([path]).ExitCode);
        Assert.Equal("dim a = missing\n", File.ReadAllText(path));
    }

    [Fact]
    public void A_missing_path_exits_with_2_and_nothing_is_done()
    {
        var untidy = Write("untidy.fnn", Untidy);
        var missing = Path.Combine(_folder, "nowhere.fnn");
        var (exitCode, output, errors) = Format([untidy, missing]);
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(missing, errors);
        Assert.Equal(Untidy, File.ReadAllText(untidy));
    }

    [Fact]
    public void Bytes_that_are_no_text_are_left_as_they_are()
    {
        var path = Path.Combine(_folder, "latin.fnn");
        byte[] bytes = [.. "// caf"u8, 0xE9, .. "\ndim  a=1\n"u8];
        File.WriteAllBytes(path, bytes);
        var (exitCode, output, errors) = Format([path]);
        Assert.Equal((1, "1 file: 0 changed, 0 unchanged, 1 with errors\n"), (exitCode, output));
        Assert.Equal($"'{path}' is not UTF-8, so it was left as it is. Save it as UTF-8.\n", errors);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_byte_order_mark_and_line_ends_of_Windows_stay()
    {
        var path = Path.Combine(_folder, "windows.fnn");
        File.WriteAllText(path, "dim  a=1\r\n\r\n\r\ndim b=2 // é\r\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal(0, Format([path]).ExitCode);
        byte[] expected = [0xEF, 0xBB, 0xBF, .. "dim a = 1\r\n\r\ndim b = 2 // é\r\n"u8];
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Fact]
    public void Permissions_and_links_stay()
    {
        if (OperatingSystem.IsWindows()) return;
        var file = Write("target/real.fnn", Untidy);
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead;
        File.SetUnixFileMode(file, mode);
        var link = Path.Combine(_folder, "link.fnn");
        File.CreateSymbolicLink(link, file);
        Assert.Equal(0, Format([link]).ExitCode);
        Assert.Equal(Canonical, File.ReadAllText(file));
        Assert.Equal(mode, File.GetUnixFileMode(file));
        Assert.Equal(file, File.ResolveLinkTarget(link, returnFinalTarget: false)!.FullName);
        Assert.Equal([link, file], Files());
    }

    [Fact]
    public void A_read_only_file_is_left_and_named_and_the_others_are_formatted()
    {
        var (locked, untidy) = (Write("a.fnn", Untidy), Write("b.fnn", Untidy));
        File.SetAttributes(locked, FileAttributes.ReadOnly);
        var (exitCode, output, errors) = Format([locked, untidy]);
        File.SetAttributes(locked, FileAttributes.Normal);
        Assert.Equal((1, $"'{locked}' was left as it is: it could not be written: the file is read-only.\n"), (exitCode, errors));
        Assert.Equal($"formatted: {untidy}\n2 files: 1 changed, 0 unchanged, 1 with errors\n", output);
        Assert.Equal(Untidy, File.ReadAllText(locked));
        Assert.Equal([locked, untidy], Files());
    }

    // In a fixed order; a file that was left over would show.
    private string[] Files() => Directory.GetFiles(_folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    private static (int ExitCode, string Output, string Errors) Format(string[] paths, bool onlyChecks = false)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = FormatCommand.Run(paths, onlyChecks, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
