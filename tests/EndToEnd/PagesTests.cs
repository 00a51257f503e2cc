using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace FeedbackNN.EndToEnd;

/// <summary>The projects that the README and the page about C# show are real: their blocks, in a new project, build without a warning and print what the page says.</summary>
[Collection(LocalFeed.Name)]
public sealed partial class PagesTests(LocalFeed feed)
{
    [GeneratedRegex(@"^```(?<kind>fnn|csharp)\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"Accuracy = (?<value>[0-9.E-]+)")]
    private static partial Regex Accuracy();

    [Fact]
    public void The_first_project_of_the_readme_learns_what_it_says()
    {
        var output = Run("README.md");
        var accuracies = Accuracy().Matches(output).Select(match => double.Parse(match.Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.True(accuracies.Length == 2, output);
        Assert.True(accuracies[0] < 0.5 && accuracies[1] > 0.97, output);
        Assert.Contains("logits of the point (0.5, 0): ", output);
    }

    [Fact]
    public void The_program_of_the_page_about_csharp_runs()
    {
        var output = Run("docs/csharp.md");
        Assert.Contains("epoch 4: ", output);
        Assert.Contains("accuracy 9", output);
        Assert.Contains("head.bias [3] 0.5", output);
    }

    [Fact]
    public void The_mistake_of_the_readme_is_told_at_its_place()
    {
        var folder = Project("README.md");
        var network = Path.Combine(folder, "spirals.fnn");
        File.WriteAllText(network, File.ReadAllText(network).Replace("out = linear(classes)", "out = linear(64)"));
        var build = DotnetCommand.Run(folder, feed.Environment, "build", "-c", "Release");
        Assert.NotEqual(0, build.ExitCode);
        var page = File.ReadAllText(Page("README.md"));
        var quoted = page.Split('\n').Single(line => line.Contains("error FNN")).Trim();
        Assert.Contains(quoted, build.Output);
    }

    private string Run(string page)
    {
        return DotnetCommand.Succeed(Project(page), feed.Environment, "run", "-c", "Release", "-p:TreatWarningsAsErrors=true");
    }

    private string Project(string page, [CallerMemberName] string test = "")
    {
        var folder = feed.CreateConsole($"{test}-{Path.GetFileNameWithoutExtension(page)}");
        var blocks = Block().Matches(File.ReadAllText(Page(page)));
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Blocks("fnn"));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Blocks("csharp"));
        return folder;

        string Blocks(string kind) => string.Join("\n", blocks.Where(block => block.Groups["kind"].Value == kind).Select(block => block.Groups["text"].Value));
    }

    private static string Page(string page, [CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", page));
}
