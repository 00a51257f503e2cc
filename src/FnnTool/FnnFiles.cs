using System.Diagnostics.CodeAnalysis;

namespace FeedbackNN.Tool;

/// <summary>Finds the <c>.fnn</c> files that a command line names, as a project's build would: without <c>bin</c>, <c>obj</c> and hidden folders.</summary>
internal static class FnnFiles
{
    /// <summary>All files below the given paths in a fixed order, each once; or the first path that does not exist.</summary>
    public static bool TryFind(IReadOnlyList<string> paths, out IReadOnlyList<string> files, [NotNullWhen(false)] out string? missing)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        files = [];
        foreach (var path in paths)
        {
            if (File.Exists(path)) found.Add(path);
            else if (Directory.Exists(path)) found.UnionWith(Below(path).Select(file => Path.GetRelativePath(".", file)));
            else
            {
                missing = path;
                return false;
            }
        }
        files = found.ToList();
        missing = null;
        return true;
    }

    /// <summary>All files below a folder.</summary>
    public static IEnumerable<string> Below(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.fnn")) yield return file;
        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            if (name is "bin" or "obj" || name.StartsWith('.')) continue;
            foreach (var file in Below(child)) yield return file;
        }
    }
}
