using System.Buffers.Binary;
using System.IO.Compression;

namespace FeedbackNN;

/// <summary>
/// Unpacks a gzip file (RFC 1952) and makes sure that all of it was there. .NET's own stream takes a file that was cut short for one that ends;
/// here the end is compared with the checksum and the length that stand in the file's last 8 bytes, before the reader is told that it is the end.
/// </summary>
internal sealed class GzipInput : Stream
{
    private const int TrailerLength = 8;
    private const string Remedy = "Fetch or copy the file again";

    private readonly string _path;
    private readonly FileStream _file;
    private readonly GZipStream _unpacked;
    private Crc32 _checksum;
    private long _length;
    private bool _ended;

    public GzipInput(string path, FileStream file)
    {
        _path = path;
        _file = file;
        _unpacked = new GZipStream(file, CompressionMode.Decompress);
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty || _ended)
            return 0;

        try
        {
            var read = _unpacked.Read(buffer);
            if (read > 0)
            {
                _checksum.Append(buffer[..read]);
                _length += read;
                return read;
            }
            if (!EndsWith(_checksum.Value, _length))
                CheckMembers();
            _ended = true;
            return 0;
        }
        catch (InvalidDataException error)
        {
            throw new DataException(_path, "the gzip data is damaged", Remedy, error);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _unpacked.Dispose();
        base.Dispose(disposing);
    }

    private bool EndsWith(uint checksum, long length)
    {
        if (_file.Length < TrailerLength)
            return false;
        Span<byte> trailer = stackalloc byte[TrailerLength];
        _file.Position = _file.Length - TrailerLength;
        _file.ReadExactly(trailer);
        return IsTrailer(trailer, checksum, length);
    }

    private static bool IsTrailer(ReadOnlySpan<byte> trailer, uint checksum, long length) =>
        BinaryPrimitives.ReadUInt32LittleEndian(trailer) == checksum && BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]) == (uint)length;

    /// <summary>
    /// The slow way, for what is not one whole member: several gzip files one after another are a gzip file too. Feeding the decoder byte by byte
    /// shows where each member ends.
    /// </summary>
    private void CheckMembers()
    {
        _file.Position = 0;
        var bytes = new ByteByByte(_file);
        var buffer = new byte[1 << 16];
        var trailer = new byte[TrailerLength];
        while (bytes.Position < _file.Length)
        {
            var start = bytes.Position;
            if (!SkipHeader(bytes) && !bytes.Exhausted)
                throw new DataException(_path, $"byte {start} begins neither gzip data nor the end of the file", Remedy);

            Crc32 checksum = default;
            long length = 0;
            using (var deflate = new DeflateStream(bytes, CompressionMode.Decompress, leaveOpen: true))
            {
                int read;
                while ((read = deflate.Read(buffer)) > 0)
                {
                    checksum.Append(buffer.AsSpan(0, read));
                    length += read;
                }
            }
            if (bytes.Exhausted || _file.Length - bytes.Position < TrailerLength)
                throw new DataException(_path, $"the gzip data stops in the middle (the file has {_file.Length} bytes, unpacked so far {_length}): it was cut short", Remedy);
            bytes.ReadExactly(trailer);
            if (!IsTrailer(trailer, checksum.Value, length))
                throw new DataException(_path, "the gzip data is damaged: its checksum is another", Remedy);
        }
    }

    private static bool SkipHeader(ByteByByte bytes)
    {
        const int extra = 4, name = 8, comment = 16, headerChecksum = 2;
        if (bytes.ReadByte() != 0x1F || bytes.ReadByte() != 0x8B || bytes.ReadByte() != 8)
            return false;
        var flags = bytes.ReadByte();
        Skip(6);
        if ((flags & extra) != 0)
            Skip(bytes.ReadByte() | bytes.ReadByte() << 8);
        foreach (var text in (ReadOnlySpan<int>)[name, comment])
        {
            while ((flags & text) != 0 && bytes.ReadByte() > 0)
            {
            }
        }
        if ((flags & headerChecksum) != 0)
            Skip(2);
        return true;

        void Skip(int count)
        {
            while (count-- > 0)
                bytes.ReadByte();
        }
    }

    /// <summary>Gives one byte a read, so that nobody downstream reads ahead, and notes whether more was asked for than there is.</summary>
    private sealed class ByteByByte(Stream source) : Stream
    {
        private readonly BufferedStream _buffered = new(source, 1 << 16);

        public bool Exhausted { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty)
                return 0;
            var next = _buffered.ReadByte();
            if (next < 0)
            {
                Exhausted = true;
                return 0;
            }
            buffer[0] = (byte)next;
            Position++;
            return 1;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
