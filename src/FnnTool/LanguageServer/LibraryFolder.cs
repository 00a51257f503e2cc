using System.Security.Cryptography;
using System.Text;
using FeedbackNN.Dsl.Names;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>
/// The library as files that an editor can show: it travels inside the compiler, and is written to a folder of the user's when somebody first wants to see it. The folder's name is made
/// from what is in it, so that another version has another folder.
/// </summary>
internal sealed class LibraryFolder
{
    private readonly Dictionary<string, SourceText> _byName = NameTable.LibrarySources.ToDictionary(source => Path.GetFileName(source.Path), StringComparer.Ordinal);
    private readonly Lazy<string> _folder;

    public LibraryFolder()
    {
        _folder = new Lazy<string>(() =>
        {
            var text = string.Join("\n", _byName.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Key + "\n" + pair.Value.Text));
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12];
            var own = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
            return Path.Combine(own.Length > 0 ? own : Path.GetTempPath(), "FeedbackNN", "library-" + hash);
        });
    }

    /// <summary>The library's source behind a path; null for other files.</summary>
    public SourceText? Find(string path) =>
        Path.IsPathFullyQualified(path) && FileAddress.Comparer.Equals(Path.GetDirectoryName(path), _folder.Value) ? _byName.GetValueOrDefault(Path.GetFileName(path)) : null;

    public bool Contains(SourceText source) => _byName.TryGetValue(Path.GetFileName(source.Path), out var own) && ReferenceEquals(own, source);

    /// <summary>The address of one of the library's files, which is there afterwards; null when it can't be written.</summary>
    public string? AddressOf(SourceText source)
    {
        var path = Path.Combine(_folder.Value, Path.GetFileName(source.Path));
        try
        {
            if (!File.Exists(path))
            {
                Directory.CreateDirectory(_folder.Value);
                // Whole or not at all: another server may be reading.
                var draft = path + "." + Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
                File.WriteAllText(draft, source.Text);
                File.SetAttributes(draft, FileAttributes.ReadOnly);
                File.Move(draft, path, overwrite: true);
            }
            return FileAddress.Of(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
