namespace FeedbackNN.Tool;

/// <summary>
/// Gives a file new contents in one step: whatever happens, at its path is the old file or the whole new one. The file keeps its permissions, and a
/// link stays a link to it.
/// </summary>
internal static class ReplacedFile
{
    public static void Write(string path, byte[] contents)
    {
        var file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        // The new file would take the place of one that may not be written just as well.
        if (File.GetAttributes(file).HasFlag(FileAttributes.ReadOnly)) throw new UnauthorizedAccessException("the file is read-only.");
        // In the same folder, so that moving is renaming.
        var temporary = Path.Combine(Path.GetDirectoryName(file)!, Path.GetRandomFileName() + ".tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(contents);
                stream.Flush(flushToDisk: true);
            }
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(file));
            File.Move(temporary, file, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
