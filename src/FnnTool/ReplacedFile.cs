namespace FeedbackNN.Tool;

/// <summary>
/// Gives a file new contents in one step: whatever happens, at its path is the old file, if there was one, or the whole new one. The file keeps its permissions, and a
/// link stays a link to it.
/// </summary>
internal static class ReplacedFile
{
    public static void Write(string path, byte[] contents) => Write(path, stream => stream.Write(contents));

    /// <param name="path">The file.</param>
    /// <param name="write">Writes the contents.</param>
    public static void Write(string path, Action<Stream> write)
    {
        var exists = File.Exists(path);
        var file = (exists ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(path);
        // The new file would take the place of one that may not be written just as well.
        if (exists && File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly)) throw new UnauthorizedAccessException("the file is read-only.");
        // In the same folder, so that moving is renaming.
        var temporary = Path.Combine(Path.GetDirectoryName(file)!, Path.GetRandomFileName() + ".tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            if (exists && !OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(file));
            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
