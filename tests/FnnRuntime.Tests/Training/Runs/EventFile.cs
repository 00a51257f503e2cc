using System.Buffers.Binary;
using System.Text;

namespace FeedbackNN.Runtime.Tests.Training.Runs;

/// <summary>Reads TensorBoard's files from their specification: records with both checksums, and in them protocol buffers of any fields. Bit by bit where the writer uses tables and instructions.</summary>
internal static class EventFile
{
    internal sealed record Event(double Time, long Step, string? Version, IReadOnlyList<(string Tag, float Value)> Values);

    public static List<Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path).AsSpan();
        var events = new List<Event>();
        while (bytes.Length > 0)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            Assert.Equal(Masked(bytes[..8]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));
            var content = bytes.Slice(12, length);
            Assert.Equal(Masked(content), BinaryPrimitives.ReadUInt32LittleEndian(bytes[(12 + length)..]));
            events.Add(Parse(content));
            bytes = bytes[(16 + length)..];
        }
        return events;
    }

    /// <summary>CRC-32C, by its definition.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0x82F63B78 ^ (crc >> 1) : crc >> 1;
        }
        return ~crc;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = Checksum(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xA282EAD8;
    }

    private static Event Parse(ReadOnlySpan<byte> content)
    {
        var (time, step, version, values) = (0.0, 0L, (string?)null, new List<(string, float)>());
        foreach (var (field, number, bytes) in Fields(content))
        {
            if (field == 1) time = BitConverter.UInt64BitsToDouble(number);
            else if (field == 2) step = (long)number;
            else if (field == 3) version = Encoding.UTF8.GetString(bytes);
            else if (field == 5) values.AddRange(Fields(bytes).Select(value => Scalar(value.Bytes)));
        }
        return new Event(time, step, version, values);
    }

    private static (string, float) Scalar(byte[] bytes)
    {
        var fields = Fields(bytes);
        return (Encoding.UTF8.GetString(fields.Single(field => field.Field == 1).Bytes), BitConverter.UInt32BitsToSingle((uint)fields.Single(field => field.Field == 2).Number));
    }

    private static List<(int Field, ulong Number, byte[] Bytes)> Fields(ReadOnlySpan<byte> content)
    {
        var fields = new List<(int, ulong, byte[])>();
        while (content.Length > 0)
        {
            var key = Variable(ref content);
            var (number, bytes) = (0UL, Array.Empty<byte>());
            switch (key & 7)
            {
                case 0: number = Variable(ref content); break;
                case 1: number = BinaryPrimitives.ReadUInt64LittleEndian(content); content = content[8..]; break;
                case 5: number = BinaryPrimitives.ReadUInt32LittleEndian(content); content = content[4..]; break;
                case 2:
                    var length = (int)Variable(ref content);
                    bytes = content[..length].ToArray();
                    content = content[length..];
                    break;
                default: throw new InvalidDataException($"wire type {key & 7}");
            }
            fields.Add(((int)(key >> 3), number, bytes));
        }
        return fields;
    }

    private static ulong Variable(ref ReadOnlySpan<byte> content)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var one = content[0];
            content = content[1..];
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80) return value;
        }
    }
}
