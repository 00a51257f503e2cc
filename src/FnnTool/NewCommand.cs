using System.CommandLine;
using System.Reflection;
using System.Security;

namespace FeedbackNN.Tool;

/// <summary><c>fnn new</c>: a project that trains a first network as it is, to be changed from there.</summary>
internal static class NewCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var name = new Argument<string>("name") { Description = "The project's name, which is its folder and its namespace too." };
        var template = new Option<string>("--template")
        {
            Description = string.Join("; ", ProjectTemplate.All.Select(template => $"{template.Name}: {template.Summary}")) + ".",
            DefaultValueFactory = _ => ProjectTemplate.All[0].Name,
        };
        var source = new Option<string?>("--source") { Description = "A folder with FeedbackNN's packages, where they are in no gallery: written to the project's nuget.config." };
        var command = new Command("new", "Makes a project with a first network, which trains as it is.") { name, template, source };
        command.SetAction(parsed => Run(parsed.GetValue(name)!, parsed.GetValue(template)!, parsed.GetValue(source), ".", output, errors));
        return command;
    }

    /// <param name="parent">Where the project's folder goes.</param>
    public static int Run(string name, string templateName, string? source, string parent, TextWriter output, TextWriter errors)
    {
        var template = ProjectTemplate.All.FirstOrDefault(template => template.Name == templateName);
        if (template is null) return Refuse($"There is no template '{templateName}'. There are {string.Join(", ", ProjectTemplate.All.Select(other => other.Name))}.");
        if (NamespaceName.ProblemWith(name, template.Classes) is { } problem) return Refuse(problem);
        var folder = Path.Combine(parent, name);
        if (File.Exists(folder)) return Refuse($"'{name}' is a file here. Take another name, or move it away.");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) return Refuse($"The folder '{name}' is there and not empty. Take another name, or empty it.");
        if (source is not null && !Directory.Exists(source)) return Refuse($"There is no folder '{source}' with packages.");

        var files = template.Files(name, Version).Concat(source is null ? [] : [("nuget.config", PackageSource(Path.GetFullPath(source)))]);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var (file, text) in files) File.WriteAllText(Path.Combine(folder, file), text);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Refuse($"The project can't be written: {failure.Message}");
        }
        output.WriteLine($"{name}: {template.Summary}.");
        output.WriteLine($"To train it: cd {name} && dotnet run -c Release");
        return ExitCodes.Success;

        int Refuse(string why)
        {
            errors.WriteLine(why);
            return ExitCodes.BadArguments;
        }
    }

    /// <summary>The tool's own version, which is the packages' as well.</summary>
    internal static string Version => typeof(NewCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static string PackageSource(string folder) => $"""
        <?xml version="1.0" encoding="utf-8"?>
        <configuration>
          <packageSources>
            <add key="feedbacknn" value="{SecurityElement.Escape(folder)}" />
          </packageSources>
        </configuration>

        """.ReplaceLineEndings("\n");
}
