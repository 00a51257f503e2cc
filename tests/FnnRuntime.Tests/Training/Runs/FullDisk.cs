namespace FeedbackNN.Runtime.Tests;

/// <summary>Takes so many bytes, and no more.</summary>
internal sealed class FullDisk(Stream file, int room) : Stream
{
    private int _room = room;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position { get => file.Position; set => throw new NotSupportedException(); }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var part = Math.Min(_room, buffer.Length);
        file.Write(buffer[..part]);
        _room -= part;
        if (part < buffer.Length) throw new IOException("No space left on device");
    }

    public override void Flush() => file.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
