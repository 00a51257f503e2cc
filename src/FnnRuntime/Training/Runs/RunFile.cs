namespace FeedbackNN;

/// <summary>
/// A file that a run only appends to. A checkpoint notes its length; a run that goes on from that checkpoint cuts off what was written behind it, so that nothing
/// stands there twice.
/// </summary>
internal sealed class RunFile : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private readonly MemoryStream _piece = new();

    /// <exception cref="CheckpointException">The file can't be opened.</exception>
    public RunFile(string path)
    {
        _path = path;
        try
        {
            // No buffer: what has been appended is the system's, and survives the end of the process.
            _stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it can't be opened: {error.Message.TrimEnd('.')}", error);
        }
    }

    public long Length => _stream.Length;

    /// <summary>Goes back to a length that was noted. A file that lost its end since then stays as short as it is.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public void CutTo(long length) => Guard(() =>
    {
        if (length < _stream.Length) _stream.SetLength(length);
        _stream.Position = _stream.Length;
    });

    /// <summary>What the file held when it had this length, or all of it where it is shorter.</summary>
    public Stream UpTo(long length)
    {
        var content = new byte[Math.Min(length, _stream.Length)];
        _stream.Position = 0;
        _stream.ReadExactly(content);
        _stream.Position = _stream.Length;
        return new MemoryStream(content);
    }

    /// <summary>Appends a piece as a whole: what fails on the way leaves at most a torn end.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public void Append(Action<Stream> write)
    {
        _piece.SetLength(0);
        write(_piece);
        Guard(() => _stream.Write(_piece.GetBuffer().AsSpan(0, (int)_piece.Length)));
    }

    /// <summary>Waits until all of it is on the disk.</summary>
    /// <exception cref="CheckpointException">The file can't be written.</exception>
    public void Settle() => Guard(() => _stream.Flush(flushToDisk: true));

    public void Dispose() => _stream.Dispose();

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (IOException error)
        {
            throw new CheckpointException(_path, $"it could not be written: {error.Message.TrimEnd('.')}", error);
        }
    }
}
