namespace FeedbackNN;

/// <summary>Opens data files, packed with gzip or not: what the first two bytes say counts.</summary>
internal static class DataFile
{
    /// <exception cref="DataException">The file is not there, can't be opened, or is called .gz and is no gzip file.</exception>
    public static Stream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException(path, "there is no such file", $"Check the path; relative ones begin in {Environment.CurrentDirectory}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"it can't be opened ({error.Message.TrimEnd('.')})", "Check what it is and who may read it", error);
        }

        try
        {
            var isGzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            if (isGzip)
                return new GzipInput(path, file);
            if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                throw new DataException(
                    path,
                    file.Length == 0 ? "it is empty" : "it is called .gz but does not begin as gzip data does (bytes 1F 8B)",
                    "Fetch or copy the file again, or rename it if it is not packed");
            }
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
