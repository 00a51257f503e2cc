using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace FeedbackNN;

/// <summary>
/// Events as TensorBoard reads them: records of TensorFlow's format (length, checksum, content, checksum; tensorflow/core/lib/io/record_writer.h), each holding an
/// <c>Event</c> of tensorflow/core/util/event.proto. Only what scalars need of both.
/// </summary>
internal static class TensorBoardEvents
{
    // Field numbers and wire types of the protocol buffers.
    private const byte WallTime = 1 << 3 | 1;
    private const byte Step = 2 << 3;
    private const byte FileVersion = 3 << 3 | 2;
    private const byte Summary = 5 << 3 | 2;
    private const byte SummaryValue = 1 << 3 | 2;
    private const byte Tag = 1 << 3 | 2;
    private const byte SimpleValue = 2 << 3 | 5;

    /// <summary>What a file begins with.</summary>
    public static void WriteVersion(Stream stream, double time)
    {
        var content = Begin(time, 0);
        WriteBytes(content, FileVersion, "brain.Event:2"u8);
        WriteRecord(stream, content);
    }

    /// <summary>Scalars of a step.</summary>
    /// <param name="stream">Where they go.</param>
    /// <param name="time">Seconds since 1970.</param>
    /// <param name="step">Which step.</param>
    /// <param name="prefix">What stands before each name: TensorBoard puts names with the same beginning, up to a slash, together.</param>
    /// <param name="values">By name.</param>
    public static void WriteScalars(Stream stream, double time, long step, string prefix, IReadOnlyDictionary<string, double> values)
    {
        var content = Begin(time, step);
        var summary = new MemoryStream();
        Span<byte> number = stackalloc byte[sizeof(float)];
        foreach (var (name, value) in values)
        {
            var one = new MemoryStream();
            WriteBytes(one, Tag, Encoding.UTF8.GetBytes($"{name}/{prefix}"));
            one.WriteByte(SimpleValue);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            one.Write(number);
            WriteBytes(summary, SummaryValue, Content(one));
        }
        WriteBytes(content, Summary, Content(summary));
        WriteRecord(stream, content);
    }

    /// <summary>The checksum of a record: CRC-32C, turned and shifted, because a checksum of data that hold checksums is a weak one.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes) crc = BitOperations.Crc32C(crc, one);
        return BitOperations.RotateRight(~crc, 15) + 0xA282EAD8;
    }

    private static MemoryStream Begin(double time, long step)
    {
        var content = new MemoryStream();
        Span<byte> number = stackalloc byte[sizeof(double)];
        content.WriteByte(WallTime);
        BinaryPrimitives.WriteDoubleLittleEndian(number, time);
        content.Write(number);
        content.WriteByte(Step);
        WriteVariable(content, (ulong)step);
        return content;
    }

    private static void WriteRecord(Stream stream, MemoryStream content)
    {
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(number, (ulong)content.Length);
        stream.Write(number);
        WriteChecksum(stream, number);
        stream.Write(Content(content));
        WriteChecksum(stream, Content(content));
    }

    private static void WriteChecksum(Stream stream, ReadOnlySpan<byte> of)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(number, MaskedChecksum(of));
        stream.Write(number);
    }

    private static void WriteBytes(MemoryStream stream, byte field, ReadOnlySpan<byte> bytes)
    {
        stream.WriteByte(field);
        WriteVariable(stream, (ulong)bytes.Length);
        stream.Write(bytes);
    }

    private static void WriteVariable(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7) stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }

    private static ReadOnlySpan<byte> Content(MemoryStream stream) => stream.GetBuffer().AsSpan(0, (int)stream.Length);
}
