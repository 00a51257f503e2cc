using System.CommandLine;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool;

/// <summary>The <c>.fnn</c> files that a command line names, found as a project's build would find them: without <c>bin</c>, <c>obj</c> and what is hidden.</summary>
internal static class FnnFiles
{
    /// <summary>The namespace of files that name none: the project that would give them one is not read.</summary>
    public const string RootNamespace = "Models";

    /// <summary>The files and folders of a command that compiles them together.</summary>
    public static Argument<string[]> Compiled() => Argument("Files, or folders that are searched for .fnn files. They are compiled together. Default: this folder.");

    /// <summary>The files and folders of a command that takes them one by one.</summary>
    public static Argument<string[]> OneByOne() => Argument("Files, or folders that are searched for .fnn files. Default: this folder.");

    private static Argument<string[]> Argument(string description) => new("paths") { Description = description, Arity = ArgumentArity.ZeroOrMore };

    /// <summary>All files below the given paths, or below this folder, in a fixed order, each once. A path that does not exist is reported.</summary>
    public static bool TryFind(IReadOnlyList<string> paths, TextWriter errors, out IReadOnlyList<string> files)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        files = [];
        foreach (var path in paths.Count == 0 ? ["."] : paths)
        {
            if (File.Exists(path)) found.Add(path);
            else if (Directory.Exists(path)) found.UnionWith(Below(path).Select(file => Path.GetRelativePath(".", file)));
            else
            {
                errors.WriteLine($"There is no file or folder '{path}'. Give .fnn files, or folders that contain them.");
                return false;
            }
        }
        files = found.ToList();
        return true;
    }

    /// <summary>Reads and parses files. One that can't be read is reported, such as a link that leads nowhere.</summary>
    public static bool TryParse(IReadOnlyList<string> files, TextWriter errors, out IReadOnlyList<FileSyntax> trees)
    {
        var parsed = new List<FileSyntax>(files.Count);
        trees = parsed;
        foreach (var path in files)
        {
            try
            {
                parsed.Add(FnnParser.Parse(new SourceText(path, File.ReadAllText(path))));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                errors.WriteLine($"'{path}' can't be read: {failure.Message}");
                return false;
            }
        }
        return true;
    }

    /// <summary>1 file, 2 files.</summary>
    public static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";

    /// <summary>All files below a folder.</summary>
    public static IEnumerable<string> Below(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.fnn"))
        {
            // An editor's, such as the lock of Emacs, which is a link to nowhere.
            if (!Path.GetFileName(file).StartsWith('.')) yield return file;
        }
        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            if (name is "bin" or "obj" || name.StartsWith('.')) continue;
            foreach (var file in Below(child)) yield return file;
        }
    }
}
