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
            else if (Directory.Exists(path)) found.UnionWith(Search(path));
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

    private static IEnumerable<string> Search(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.fnn")) yield return Path.GetRelativePath(".", file);
        foreach (var child in Directory.EnumerateDirectories(folder))
        {
            var name = Path.GetFileName(child);
            if (name is "bin" or "obj" || name.StartsWith('.')) continue;
            foreach (var file in Search(child)) yield return file;
        }
    }
}
