using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.Tests;

/// <summary><c>fnn new</c>: what it writes, and what it refuses. That the projects build and train, the end-to-end tests show.</summary>
public sealed class NewCommandTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Templates => new(ProjectTemplate.All.Select(template => template.Name));

    [Theory, MemberData(nameof(Templates))]
    public void A_template_is_a_project_without_findings(string template)
    {
        var (exitCode, output, errors) = New("My.Networks", template);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("cd My.Networks && dotnet run -c Release", output);
        Assert.Equal(["My.Networks.csproj", "Program.cs", "model.fnn"], Directory.GetFiles(Made("My.Networks")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        var project = Read("My.Networks.csproj");
        Assert.Contains($"<PackageReference Include=\"FeedbackNN\" Version=\"{NewCommand.Version}\" />", project);
        Assert.Contains("<RootNamespace>My.Networks</RootNamespace>", project);
        Assert.StartsWith("namespace My.Networks\n", Read("model.fnn"));
        Assert.Contains("using My.Networks;\n", Read("Program.cs"));
        Assert.DoesNotContain("NAMESPACE", Read("model.fnn") + Read("Program.cs") + project);
        Assert.Equal("", DiagnosticRenderer.RenderAll(FnnCompiler.Check([FnnParser.Parse(new SourceText("model.fnn", Read("model.fnn")))])));

        string Read(string file) => File.ReadAllText(Path.Combine(Made("My.Networks"), file));
    }

    [Fact]
    public void The_version_is_one_that_a_gallery_knows() => Assert.Matches(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$", NewCommand.Version);

    [Fact]
    public void A_source_of_packages_is_written_with_its_full_path()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "pack & ages"));
        Assert.Equal(0, New("Spirals", "perceptron", Path.Combine(_folder.Path, "pack & ages")).ExitCode);
        Assert.Contains("pack &amp; ages\"", File.ReadAllText(Path.Combine(Made("Spirals"), "nuget.config")));
        var (exitCode, _, errors) = New("Other", "perceptron", Path.Combine(_folder.Path, "nowhere"));
        Assert.Equal(2, exitCode);
        Assert.Contains("nowhere", errors);
        Assert.False(Directory.Exists(Made("Other")));
    }

    [Fact]
    public void A_folder_that_is_not_empty_stays_as_it_is()
    {
        _folder.Write("Spirals/notes.txt", "mine");
        var (exitCode, output, errors) = New("Spirals", "perceptron");
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("The folder 'Spirals' is there and not empty.", errors);
        Assert.Equal(["notes.txt"], Directory.GetFiles(Made("Spirals")).Select(path => Path.GetFileName(path)!));
        Directory.CreateDirectory(Made("Empty"));
        Assert.Equal(0, New("Empty", "perceptron").ExitCode);
    }

    [Theory]
    [InlineData("my-net", "Take MyNet.")]
    [InlineData("3d.models", "Take D.Models.")]
    [InlineData("a..b", "Take A.B.")]
    [InlineData("", "can't be a namespace")]
    [InlineData("../up", "Take Up.")]
    [InlineData("Net.class", "'class' is a word of the language. Take another name, such as ClassNet.")]
    [InlineData("and", "'and' is a word of the language")]
    [InlineData("System.Nets", "'System' is a namespace of others")]
    [InlineData("Tensor", "'Tensor' is also a class that the project uses. Take another name, such as MyTensor.")]
    [InlineData("Classifier", "'Classifier' is also a class")]
    [InlineData("Batch", "'Batch' is also a class")]
    public void A_name_that_can_not_be_a_namespace_is_refused(string name, string expected)
    {
        var (exitCode, output, errors) = New(name, "perceptron");
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains(expected, errors);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void An_unknown_template_is_refused_with_those_there_are()
    {
        var (exitCode, _, errors) = New("Spirals", "transformer");
        Assert.Equal(2, exitCode);
        Assert.Contains("There is no template 'transformer'. There are perceptron, recurrent, feedback.", errors);
    }

    private string Made(string name) => Path.Combine(_folder.Path, name);

    private (int ExitCode, string Output, string Errors) New(string name, string template, string? source = null) =>
        ToolFolder.Run((output, errors) => NewCommand.Run(name, template, source, _folder.Path, output, errors));
}
