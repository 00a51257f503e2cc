using System.Reflection;
using System.Text.RegularExpressions;

namespace FeedbackNN.Tool;

/// <summary>What <c>fnn new</c> can begin with: a <c>model.fnn</c> and a <c>Program.cs</c> that trains it on data it makes itself. The texts are files of this project.</summary>
/// <param name="Name">As it is chosen.</param>
/// <param name="Summary">What it shows.</param>
internal sealed partial record ProjectTemplate(string Name, string Summary)
{
    private const string Placeholder = "NAMESPACE";

    public static IReadOnlyList<ProjectTemplate> All { get; } =
    [
        new("perceptron", "a perceptron with two hidden layers tells three spirals apart"),
        new("recurrent", "a gated recurrent unit hears what kind of wave it is, and then hears one as it comes"),
        new("feedback", "a network whose state comes back until it rests tells three spirals apart"),
    ];

    [GeneratedRegex(@"^(?:model|train)\s+(?<name>\w+)|^dim\s+(?<name>\w+)|,\s*(?<name>\w+)\s*=|(?<=[fi]32\[[^\]]*)(?<name>[a-z]\w*)", RegexOptions.Multiline)]
    private static partial Regex ClassDeclaration();

    /// <summary>The classes that its file becomes, axes among them: a namespace of such a name would hide them.</summary>
    public IEnumerable<string> Classes => ClassDeclaration().Matches(Read("model.fnn")).Select(match => match.Groups["name"].Value).Select(name => char.ToUpperInvariant(name[0]) + name[1..]).Distinct();

    /// <summary>The files of a new project.</summary>
    /// <param name="space">Its namespace.</param>
    /// <param name="version">Of the package to use.</param>
    public IEnumerable<(string Name, string Text)> Files(string space, string version)
    {
        yield return (space + ".csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">

              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <RootNamespace>{space}</RootNamespace>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <InvariantGlobalization>true</InvariantGlobalization>
              </PropertyGroup>

              <ItemGroup>
                <!-- The compiler of .fnn files; it brings FeedbackNN.Runtime along. For GPUs: dotnet add package FeedbackNN.Runtime.Gpu -->
                <PackageReference Include="FeedbackNN" Version="{version}" />
              </ItemGroup>

            </Project>

            """.ReplaceLineEndings("\n"));
        foreach (var file in new[] { "model.fnn", "Program.cs" }) yield return (file, Read(file).Replace(Placeholder, space));
    }

    private string Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Name}/{file}")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
