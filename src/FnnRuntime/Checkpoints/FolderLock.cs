namespace FeedbackNN;

/// <summary>A folder that one process writes to: nobody else may meanwhile, and what a killed one left half-written goes.</summary>
internal sealed class FolderLock : IDisposable
{
    // The system lets go of it when the process ends, however it ends.
    private readonly FileStream _file;

    private FolderLock(FileStream file) => _file = file;

    /// <summary>Makes the folder where there is none, and keeps others from it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">Of the file that is locked.</param>
    /// <param name="options">Whether that file goes with the lock.</param>
    /// <param name="failure">What the error says, given the system's reason.</param>
    /// <exception cref="CheckpointException">It can't be made, or another process has it.</exception>
    public static FolderLock Take(string folder, string name, FileOptions options, Func<string, string> failure)
    {
        FolderLock? taken = null;
        if (File.Exists(folder)) throw new CheckpointException(folder, "it is a file, not a folder. Name a folder, which is made where there is none", null);
        try
        {
            Directory.CreateDirectory(folder);
            taken = new FolderLock(new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, options));
            AtomicFile.DeleteLeftovers(folder);
            return taken;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            taken?.Dispose();
            throw new CheckpointException(folder, failure(error.Message.TrimEnd('.')), error);
        }
    }

    public void Dispose() => _file.Dispose();
}
