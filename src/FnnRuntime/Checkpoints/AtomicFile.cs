using System.Text;
using System.Text.RegularExpressions;

namespace FeedbackNN;

/// <summary>
/// Replaces a file as a whole: under its name there is always either all of the old content or all of the new. The file keeps its permissions, and a link stays a link to it. What may not be written, or is no
/// file, is not replaced either: renaming would do it.
/// </summary>
internal static partial class AtomicFile
{
    /// <summary>For tests: stands between the writer and the file, to fail part-way.</summary>
    [ThreadStatic]
    internal static Func<Stream, Stream>? Between;

    /// <summary>Writes text in UTF-8.</summary>
    /// <exception cref="CheckpointException">The file could not be written.</exception>
    public static void WriteText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes to a new file in the same folder, forces it onto the disk, then renames it; when anything fails, the new file is deleted.</summary>
    /// <exception cref="CheckpointException">The file could not be written.</exception>
    public static void Write(string path, Action<Stream> write) => Write(path, write, (what, inner) => new CheckpointException(path, what, inner));

    /// <summary>The same for files that are no checkpoints.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="failure">The exception for a file that could not be written, given what is wrong.</param>
    public static void Write(string path, Action<Stream> write, Func<string, Exception?, Exception> failure)
    {
        var full = TargetOf(Path.GetFullPath(path));
        var folder = Path.GetDirectoryName(full);
        if (folder is not null && !Directory.Exists(folder))
            throw failure($"it could not be written, because there is no folder {folder}; make it first", null);
        if (IsDevice(full)) throw failure("it could not be written, because it is the place of a device, which a file would take; name a file in another folder", null);
        // In the same folder, so that moving is renaming.
        var temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            var exists = File.Exists(full);
            if (exists && File.GetAttributes(full).HasFlag(FileAttributes.ReadOnly)) throw new UnauthorizedAccessException("the file is read-only");
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(Between is null ? stream : Between(stream));
                stream.Flush(flushToDisk: true);
            }
            if (exists && !OperatingSystem.IsWindows()) File.SetUnixFileMode(temporary, File.GetUnixFileMode(full));
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception error)
        {
            Delete(temporary);
            if (error is IOException or UnauthorizedAccessException)
                throw failure($"it could not be written: {error.Message.Replace(temporary, full, StringComparison.Ordinal).TrimEnd('.')}", error);
            throw;
        }
    }

    /// <summary>Takes away what processes that were killed had begun to write, below the folder too.</summary>
    public static void DeleteLeftovers(string folder)
    {
        foreach (var file in Directory.GetFiles(folder, "*.tmp", SearchOption.AllDirectories))
        {
            if (Temporary().IsMatch(file)) File.Delete(file);
        }
    }

    /// <summary>Where devices are: a file of that name would be there in place of <c>/dev/null</c>. What lies in memory, in <c>/dev/shm</c>, are files.</summary>
    internal static bool IsDevice(string full) =>
        !OperatingSystem.IsWindows() && full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);

    // A link that leads nowhere yet leads where the file is to be.
    private static string TargetOf(string full)
    {
        try
        {
            return new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
        }
        catch (IOException)
        {
            // Nothing is there, or links in a circle: writing says which.
            return full;
        }
    }

    [GeneratedRegex(@"\.[0-9a-f]{32}\.tmp$", RegexOptions.CultureInvariant)]
    private static partial Regex Temporary();

    private static void Delete(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The first error is the one to tell; a file that is left over is harmless.
        }
    }
}
