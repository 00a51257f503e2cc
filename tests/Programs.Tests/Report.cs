using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests;

/// <summary>What a test has gone through, line by line: in its output, and in the folder that <c>FNN_REPORT</c> names, from which continuous integration prints it.</summary>
internal sealed class Report(string title)
{
    private readonly List<string> _lines = [];

    public void Add(string line) => _lines.Add(line);

    public void Write(ITestOutputHelper output)
    {
        foreach (var line in _lines) output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("FNN_REPORT") is not { Length: > 0 } folder) return;
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, string.Concat(title.Where(char.IsLetterOrDigit)) + ".txt"), _lines.Prepend(title + ":"));
    }
}
