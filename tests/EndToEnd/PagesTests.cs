using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace FeedbackNN.EndToEnd;

/// <summary>The projects that the README and the pages about C# and recipes show are real: their blocks, in a new project, build without a warning and print what the page says.</summary>
[Collection(LocalFeed.Name)]
public sealed partial class PagesTests(LocalFeed feed)
{
    [GeneratedRegex(@"^```(?<kind>fnn|csharp)\r?\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"Accuracy = (?<value>[0-9.E-]+)")]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"^ *(?<name>[a-z0-9][^:\r\n]*): (?<value>[0-9.]+) %", RegexOptions.Multiline)]
    private static partial Regex Percentage();

    [GeneratedRegex(@"saliency of the first pixel (?<gradient>[0-9.E-]+), which a linear network has as its weight (?<weight>[0-9.E-]+)")]
    private static partial Regex Saliency();

    private static Dictionary<string, double> Results(string text) =>
        Percentage().Matches(text).ToDictionary(match => match.Groups["name"].Value, match => double.Parse(match.Groups["value"].Value, System.Globalization.CultureInfo.InvariantCulture));

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
        Assert.Contains("the house that is offered: Report", output);
        Assert.Contains("the same again: True, with another seed: False", output);
        Assert.Contains("1 samples, residual ", output);
        var saliency = Saliency().Match(output);
        Assert.True(saliency.Success && saliency.Groups["gradient"].Value == saliency.Groups["weight"].Value, output);
    }

    [Fact]
    public void The_recipes_reach_what_their_page_says()
    {
        var page = Results(File.ReadAllText(Page("docs/recipes.md")));
        var output = Results(Run("docs/recipes.md"));
        Assert.Equal(["float32", "8 bits", "2 bits", "2 bits, trained so", "without 3,750 of 4,547 weights", "and trained so", "best of four", "right"], page.Keys);
        Assert.Equal(page.Keys, output.Keys);
        // What was rounded or pruned and not trained may be anywhere below; the rest is near the page's numbers on every processor.
        foreach (var (name, accuracy) in page) Assert.True(accuracy < 60 ? output[name] < 85 : Math.Abs(output[name] - accuracy) < 4, $"{name}: {output[name]} %, the page says {accuracy} %");
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
