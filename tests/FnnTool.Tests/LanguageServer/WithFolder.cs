namespace FeedbackNN.Tool.Tests;

/// <summary>A folder of its own for each test, which goes away with it.</summary>
public abstract class WithFolder : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("fnn-lsp-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected string PathOf(string name) => Path.Combine(Folder, name.Replace('/', Path.DirectorySeparatorChar));

    protected string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }
}
