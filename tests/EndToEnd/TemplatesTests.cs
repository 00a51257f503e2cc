using System.Globalization;
using System.Text.RegularExpressions;

namespace FeedbackNN.EndToEnd;

/// <summary>What <c>fnn new</c> makes is a project that builds without a warning, trains, and gets better.</summary>
[Collection(LocalFeed.Name)]
public sealed partial class TemplatesTests(LocalFeed feed)
{
    [GeneratedRegex(@"accuracy (?:on new \w+ )?(?<value>[01]\.[0-9]+)")]
    private static partial Regex Accuracy();

    [Theory]
    [InlineData("perceptron", "logits of the point (0.5, 0): ")]
    [InlineData("recurrent", "a square wave after 32 values: ")]
    [InlineData("feedback", "at rest after ")]
    public void A_new_project_trains_as_it_is(string template, string shows)
    {
        var folder = feed.CreateFolderWithTool("new-" + template);
        var created = Run(folder, "fnn", "new", "First.Try", "--template", template, "--source", feed.Packages);
        Assert.Contains("cd First.Try && dotnet run -c Release", created);

        var output = Run(Path.Combine(folder, "First.Try"), "run", "-c", "Release", "-p:TreatWarningsAsErrors=true");
        Assert.Contains(shows, output);
        var accuracies = Accuracy().Matches(output).Select(match => double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)).ToArray();
        Assert.True(accuracies.Length > 10, output);
        Assert.True(accuracies[0] < 0.6 && accuracies[^1] > 0.95, output);
        Assert.True(File.Exists(Path.Combine(folder, "First.Try", "model.safetensors")), output);
    }

    private string Run(string folder, params string[] arguments) => DotnetCommand.Succeed(folder, feed.Environment, arguments);
}
