using System.Reflection;
using System.Runtime.CompilerServices;

namespace FeedbackNN.EndToEnd;

/// <summary>
/// The packages, packed from what is built of this repository into a folder that serves as a NuGet feed, with a package cache of its own beside it: what a user gets
/// from a gallery, and nothing that happens to lie on this machine. Packed once for all tests.
/// </summary>
[CollectionDefinition(Name)]
public sealed class LocalFeed : IDisposable, ICollectionFixture<LocalFeed>
{
    /// <summary>Of the tests that share it.</summary>
    public const string Name = "Packages";

    /// <summary>Of the packages, which is that of everything built here.</summary>
    public static string Version => Own<AssemblyInformationalVersionAttribute>().InformationalVersion.Split('+')[0];

    private readonly string _root = Directory.CreateTempSubdirectory("fnn-endtoend-").FullName;
    private string? _console, _tool;

    public LocalFeed()
    {
        Packages = Path.Combine(_root, "feed");
        Directory.CreateDirectory(Packages);
        foreach (var project in new[] { "FnnRuntime", "FnnRuntime.Gpu", "FnnGenerator", "FnnTool" })
        {
            DotnetCommand.Succeed(
                RepositoryRoot(), new Dictionary<string, string>(),
                "pack", Path.Combine("src", project), "--no-build", "-c", Own<AssemblyConfigurationAttribute>().Configuration, "-v", "q", "-o", Packages);
        }
        CopyPackage("ilgpu", "1.5.3");
    }

    public string Packages { get; }

    /// <summary>Settings under which packages and what the command remembers of tools lie beside the feed, not in the user's folder.</summary>
    internal IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["NUGET_PACKAGES"] = Path.Combine(_root, "cache"),
        ["DOTNET_CLI_HOME"] = Path.Combine(_root, "home"),
        ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
        ["DOTNET_ADD_GLOBAL_TOOLS_TO_PATH"] = "false",
    };

    /// <summary>The same, but packages that are there already (parts of the SDK, which are large) are taken from the user's folder.</summary>
    internal IReadOnlyDictionary<string, string> EnvironmentWithOtherPackages => new Dictionary<string, string>(Environment) { ["NUGET_FALLBACK_PACKAGES"] = UserPackages };

    /// <summary>A new folder outside the repository whose only package source is this feed, or the first beside those of the machine.</summary>
    internal string CreateFolder(string name, bool withOtherSources = false)
    {
        var folder = Path.Combine(_root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "NuGet.config"), $"""
            <configuration>
              <packageSources>
                {(withOtherSources ? "" : "<clear />")}
                <add key="packed" value="{Packages}" />
              </packageSources>
            </configuration>
            """);
        return folder;
    }

    /// <summary>A new console project there that references the package, as the README's first commands make it: they run once, and their project is copied.</summary>
    internal string CreateConsole(string name, bool withOtherSources = false)
    {
        var folder = CreateFolder(name, withOtherSources);
        var first = _console ??= MakeConsole();
        foreach (var file in Directory.GetFiles(first).Where(file => Path.GetFileName(file) != "NuGet.config")) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.Move(Path.Combine(folder, "console.csproj"), Path.Combine(folder, name + ".csproj"));
        return folder;
    }

    private string MakeConsole()
    {
        var folder = CreateFolder("console");
        DotnetCommand.Succeed(folder, Environment, "new", "console", "--force");
        DotnetCommand.Succeed(folder, Environment, "add", "package", "FeedbackNN", "--version", Version);
        return folder;
    }

    /// <summary>A new folder in which <c>dotnet fnn</c> is the tool, as a local one: installed once, in a folder around it.</summary>
    internal string CreateFolderWithTool(string name)
    {
        var folder = Path.Combine(_tool ??= InstallTool(), name);
        Directory.CreateDirectory(folder);
        return folder;
    }

    private string InstallTool()
    {
        var folder = CreateFolder("tool");
        DotnetCommand.Succeed(folder, Environment, "new", "tool-manifest");
        DotnetCommand.Succeed(folder, Environment, "tool", "install", "FeedbackNN.Tool", "--version", Version);
        return folder;
    }

    private static T Own<T>() where T : Attribute => typeof(LocalFeed).Assembly.GetCustomAttribute<T>()!;

    /// <summary>A package that ours depend on, from where restoring them has brought it to.</summary>
    private void CopyPackage(string id, string version)
    {
        var file = $"{id}.{version}.nupkg";
        File.Copy(Path.Combine(UserPackages, id, version, file), Path.Combine(Packages, file));
    }

    private static string UserPackages => System.Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string RepositoryRoot([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
