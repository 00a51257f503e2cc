using System.Net.Http;
using System.Security.Cryptography;

namespace FeedbackNN;

/// <summary>Files of public data, fetched once and kept: what lies there has been compared with its checksum, or is not there at all.</summary>
public static class DataDownload
{
    /// <summary>
    /// Fetches a file unless it is there already, from the first address that has it. It gets its name only when it is whole and its checksum is right, so that
    /// an interruption leaves nothing behind, and several programs may fetch the same file at once.
    /// </summary>
    /// <param name="path">Where it is to lie. The folder is made if it is not there. A file that is there with another checksum is replaced.</param>
    /// <param name="sources">Addresses of the same file, tried in this order.</param>
    /// <param name="sha256">The SHA-256 of the file as it is served, 64 hexadecimal digits.</param>
    /// <param name="client">What asks for it; null for one with the usual settings.</param>
    /// <param name="cancellation">Stops the transfer.</param>
    /// <exception cref="DataException">No address has the file with this checksum, or it can't be written. The message says why for each address.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static async Task FetchAsync(string path, IReadOnlyList<Uri> sources, string sha256, HttpClient? client = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(sha256);
        if (sources.Count == 0) throw new ArgumentException("There is no address to fetch from.", nameof(sources));
        if (sha256.Length != 2 * SHA256.HashSizeInBytes || !sha256.All(char.IsAsciiHexDigit)) throw new ArgumentException("A SHA-256 is 64 hexadecimal digits.", nameof(sha256));

        if (await HasChecksumAsync(path, sha256, cancellation).ConfigureAwait(false)) return;
        using var own = client is null ? new HttpClient() : null;
        var failures = new List<string>();
        foreach (var source in sources)
        {
            if (await TryFetchAsync(client ?? own!, source, path, sha256, cancellation).ConfigureAwait(false) is not { } failure) return;
            failures.Add(failure);
        }
        throw new DataException(path, $"it could not be fetched: {string.Join("; ", failures)}", "Check the connection, or fetch the file in another way and put it there");
    }

    private static async Task<bool> HasChecksumAsync(string path, string sha256, CancellationToken cancellation)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
            await using (file.ConfigureAwait(false))
            {
                return IsChecksum(await SHA256.HashDataAsync(file, cancellation).ConfigureAwait(false), sha256);
            }
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"it can't be opened ({error.Message.TrimEnd('.')})", "Check what it is and who may read it", error);
        }
    }

    // Null when the file lies there now, else why it does not.
    private static async Task<string?> TryFetchAsync(HttpClient client, Uri source, string path, string sha256, CancellationToken cancellation)
    {
        try
        {
            using var response = await client.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) return $"{source} answers {(int)response.StatusCode} ({response.ReasonPhrase})";
            var content = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                var hash = await KeepAsync(content, path, sha256, cancellation).ConfigureAwait(false);
                return hash is null ? null : $"what {source} has is another file, of SHA-256 {hash} and not {sha256}";
            }
        }
        catch (Exception error) when (error is HttpRequestException or HttpIOException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return $"{source} can't be read ({error.Message.TrimEnd('.')})";
        }
    }

    // Null when what came had the checksum and lies there now, else the checksum that it had.
    private static async Task<string?> KeepAsync(Stream content, string path, string sha256, CancellationToken cancellation)
    {
        var part = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var file = new FileStream(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16, FileOptions.Asynchronous);
            await using (file.ConfigureAwait(false))
            {
                var buffer = new byte[1 << 16];
                while (await content.ReadAsync(buffer, cancellation).ConfigureAwait(false) is var count and > 0)
                {
                    hash.AppendData(buffer, 0, count);
                    await file.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
                }
            }
            var found = hash.GetHashAndReset();
            if (!IsChecksum(found, sha256)) return Convert.ToHexStringLower(found);
            File.Move(part, path, overwrite: true);
            return null;
        }
        catch (Exception error) when (error is IOException and not HttpIOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"it can't be written ({error.Message.TrimEnd('.')})", "Check the disk and who may write there", error);
        }
        finally
        {
            // Where its folder could not be made, there is nothing to delete.
            if (File.Exists(part)) File.Delete(part);
        }
    }

    private static bool IsChecksum(byte[] hash, string sha256) => Convert.ToHexString(hash).Equals(sha256, StringComparison.OrdinalIgnoreCase);
}
