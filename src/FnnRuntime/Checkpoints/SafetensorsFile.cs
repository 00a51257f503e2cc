using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace FeedbackNN;

/// <summary>
/// Reads and writes files in the safetensors format: 8 bytes with the header's length, a JSON header that gives each tensor's type, shape and place,
/// then the tensors' bytes without a gap. What is written here can be opened by other programs that know the format, and the other way round.
/// </summary>
public static class SafetensorsFile
{
    internal const string MetadataKey = "__metadata__";

    /// <summary>
    /// Writes a file so that at every moment either the old one or the complete new one stands under its name: the bytes go to a new file in the
    /// same folder, onto the disk, and only then does it take the name.
    /// </summary>
    /// <param name="path">The file; it is replaced when it exists.</param>
    /// <param name="entries">The tensors. Those with larger elements are put first, so that each is aligned to its element size.</param>
    /// <param name="metadata">Free text that goes with them.</param>
    /// <exception cref="ArgumentException">Two entries have one name.</exception>
    /// <exception cref="CheckpointException">The file could not be written; the old one is as it was.</exception>
    public static void Write(string path, IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(entries);
        if (entries.GroupBy(entry => entry.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"Two tensors are called '{twice.Key}'.", nameof(entries));

        var ordered = entries.OrderByDescending(entry => entry.Dtype.Bytes()).ToArray();
        var header = SafetensorsHeader.Write(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var entry in ordered)
                entry.WriteTo(stream);
        });
    }

    /// <summary>
    /// Opens a file and checks its whole header: lengths, types, shapes, and that the tensors fill the rest of the file without gap or overlap.
    /// </summary>
    /// <exception cref="CheckpointException">The file is not there, can't be read, or is no complete and valid safetensors file.</exception>
    public static SafetensorsContent Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            try
            {
                var length = RandomAccess.GetLength(file);
                var header = ReadHeaderBytes(path, file, length);
                var dataStart = sizeof(ulong) + (long)header.Length;
                var (tensors, metadata) = SafetensorsHeader.Read(path, header, length - dataStart);
                return new SafetensorsContent(path, file, dataStart, tensors, metadata);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, $"there is no such file (the current folder is {Environment.CurrentDirectory}).", error);
        }
        catch (Exception error) when ((error is IOException or UnauthorizedAccessException) && Directory.Exists(path))
        {
            throw new CheckpointException(path, "it is a folder, not a file. Name the file in it.", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it can't be read: {error.Message}", error);
        }
    }

    private static byte[] ReadHeaderBytes(string path, SafeFileHandle file, long fileLength)
    {
        if (fileLength < sizeof(ulong))
            throw new CheckpointException(path, $"it has {fileLength} bytes, too few for the length of a header: it was cut short or is no safetensors file.");

        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        ReadExactly(path, file, prefix, 0);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaximumLength)
            throw new CheckpointException(path, $"its header would have {length} bytes, more than the format allows: it is no safetensors file.");
        if (length > (ulong)(fileLength - sizeof(ulong)))
            throw new CheckpointException(path, $"its header has {length} bytes, but only {fileLength - sizeof(ulong)} follow: the file was cut short.");

        var header = new byte[length];
        ReadExactly(path, file, header, sizeof(ulong));
        return header;
    }

    private static void ReadExactly(string path, SafeFileHandle file, Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(file, destination, offset);
            if (read == 0)
                throw new CheckpointException(path, "the file became shorter while it was read.");
            destination = destination[read..];
            offset += read;
        }
    }
}
