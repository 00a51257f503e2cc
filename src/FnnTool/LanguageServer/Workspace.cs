using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>A place in a file that an editor speaks of, with the names around it.</summary>
internal sealed record Cursor(Project Project, SourceText Source, int Offset);

/// <summary>
/// All files that the editor has open, and those on disk below its folders; an open text wins over the disk's. The files of one C# project are compiled together, as its build does: those
/// whose nearest folder with a <c>.csproj</c> is the same. Files without one belong to the folder that the editor opened.
/// </summary>
internal sealed class Workspace(LibraryFolder library)
{
    private readonly Dictionary<string, Project> _projects = new(FileAddress.Comparer);
    private readonly Dictionary<string, OpenDocument> _open = new(FileAddress.Comparer);
    private readonly Dictionary<string, string> _folders = new(FileAddress.Comparer);
    private readonly List<string> _roots = [];

    private sealed record OpenDocument(string Address, int? Version, string Text);

    public IEnumerable<Project> Projects => _projects.Values;

    public void AddRoot(string folder)
    {
        _roots.Add(Path.GetFullPath(folder));
        _folders.Clear();
        foreach (var path in FilesBelow(folder)) Reload(path);
    }

    public void RemoveRoot(string folder)
    {
        folder = Path.GetFullPath(folder);
        _roots.RemoveAll(root => FileAddress.Comparer.Equals(root, folder));
        var gone = Projects.SelectMany(project => project.Files).Select(file => file.Source.Path).Where(path => FileAddress.IsBelow(path, folder) && !_open.ContainsKey(path)).ToArray();
        foreach (var path in gone) ProjectOf(path).Remove(path);
    }

    public void Open(string address, int? version, string text)
    {
        var path = FileAddress.PathOf(address);
        _open[path] = new OpenDocument(address, version, text);
        if (library.Find(path) is not null) return;
        var project = ProjectOf(path);
        project.Set(path, text);
        // The editor hears of each version, also of one with the same text.
        project.IsDirty = true;
    }

    public void Change(string address, int? version, IEnumerable<ContentChange> changes)
    {
        var path = FileAddress.PathOf(address);
        if (!_open.TryGetValue(path, out var document)) return;
        var text = document.Text;
        foreach (var change in changes) text = Apply(text, change);
        Open(document.Address, version, text);
    }

    public void Close(string address)
    {
        var path = FileAddress.PathOf(address);
        if (_open.Remove(path)) Reload(path);
    }

    /// <summary>Reads a file again that has changed on disk, appeared or gone; an open one stays as it is in the editor.</summary>
    public void Reload(string path)
    {
        if (_open.ContainsKey(path) || library.Find(path) is not null) return;
        try
        {
            if (File.Exists(path) && _roots.Any(root => FileAddress.IsBelow(path, root)) && !IsBuildOutput(path)) ProjectOf(path).Set(path, File.ReadAllText(path));
            else ProjectOf(path).Remove(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Being written just now: its change will be told again.
        }
    }

    public bool IsOpen(string path) => _open.ContainsKey(path);

    /// <summary>A file's address, as the editor wrote it where it has the file open.</summary>
    public string AddressOf(string path) => _open.TryGetValue(path, out var document) ? document.Address : FileAddress.Of(path);

    /// <summary>An address for a place in the user's files or the library's; null when there is none to show.</summary>
    public string? AddressOf(SourceText source) => library.Contains(source) ? library.AddressOf(source) : AddressOf(source.Path);

    public int? VersionOf(string path) => _open.GetValueOrDefault(path)?.Version;

    /// <summary>A document and its project; null for one that is not known.</summary>
    public Cursor? Find(string address)
    {
        var path = FileAddress.PathOf(address);
        if (library.Find(path) is { } source) return new Cursor(_projects.Values.FirstOrDefault() ?? new Project(), source, 0);
        var project = ProjectOf(path);
        return project.Find(path) is { } file ? new Cursor(project, file.Source, 0) : null;
    }

    public Cursor? Find(string address, Position position) => Find(address) is { } document ? document with { Offset = OffsetOf(document.Source, position) } : null;

    /// <summary>The offset of a position; one past a line's end is the line's end, as the protocol says.</summary>
    public static int OffsetOf(SourceText source, Position position)
    {
        if (position.Line < 0) return 0;
        if (position.Line >= source.LineCount) return source.Text.Length;
        return source.GetLineStart(position.Line) + Math.Clamp(position.Character, 0, source.GetLine(position.Line).Length);
    }

    private static string Apply(string text, ContentChange change)
    {
        if (change.Range is not { } range) return change.Text;
        var source = new SourceText("", text);
        var (start, end) = (OffsetOf(source, range.Start), OffsetOf(source, range.End));
        return string.Concat(text.AsSpan(0, start), change.Text, text.AsSpan(Math.Max(start, end)));
    }

    private Project ProjectOf(string path)
    {
        // Asked at every key that is pressed.
        if (!_folders.TryGetValue(path, out var folder)) folder = _folders[path] = FolderOf(path);
        return _projects.TryGetValue(folder, out var project) ? project : _projects[folder] = new Project();
    }

    private string FolderOf(string path)
    {
        if (!Path.IsPathFullyQualified(path)) return path;
        for (var folder = Path.GetDirectoryName(path); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.csproj").Any()) return folder;
            if (_roots.Any(root => FileAddress.Comparer.Equals(root, folder))) return folder;
        }
        return Path.GetDirectoryName(path) ?? path;
    }

    private static IReadOnlyList<string> FilesBelow(string folder)
    {
        var files = new List<string>();
        try
        {
            foreach (var file in FnnFiles.Below(Path.GetFullPath(folder))) files.Add(file);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // What could be seen up to there is there.
        }
        return files;
    }

    private bool IsBuildOutput(string path) => _roots.Where(root => FileAddress.IsBelow(path, root))
        .Any(root => Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar).SkipLast(1).Any(part => part is "bin" or "obj" || part.StartsWith('.')));
}
