namespace FeedbackNN.Tool.LanguageServer;

/// <summary>Turns the addresses of editors into paths and back. What has no file (<c>untitled:1</c>) is its own path.</summary>
internal static class FileAddress
{
    /// <summary>How paths are compared: as the system's files are.</summary>
    public static StringComparer Comparer { get; } = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    public static string PathOf(string address)
    {
        // Visual Studio Code writes file:///c%3A/folder, which would be read as a folder of that name.
        var plain = OperatingSystem.IsWindows() && address.StartsWith("file:///", StringComparison.OrdinalIgnoreCase) ? address.Replace("%3A", ":", StringComparison.OrdinalIgnoreCase) : address;
        if (!Uri.TryCreate(plain, UriKind.Absolute, out var uri)) return address;
        return uri.IsFile ? Path.GetFullPath(uri.LocalPath) : address;
    }

    public static string Of(string path) => Path.IsPathFullyQualified(path) ? new Uri(path).AbsoluteUri : path;

    public static bool IsBelow(string path, string folder) =>
        Path.IsPathFullyQualified(path) && Path.GetRelativePath(folder, path) is var relative && relative != ".." && !relative.StartsWith(".." + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        && !Path.IsPathRooted(relative);
}
