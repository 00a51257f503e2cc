namespace FeedbackNN.Tool.Tests;

/// <summary>A folder of <c>.fnn</c> files that goes away with the test, and what a command printed about them.</summary>
internal sealed class ToolFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fnn-tool-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public static (int ExitCode, string Output, string Errors) Run(Func<TextWriter, TextWriter, int> command)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };
        var exitCode = command(output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
