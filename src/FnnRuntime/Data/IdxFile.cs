using System.Buffers.Binary;

namespace FeedbackNN;

/// <summary>What an idx file holds: unsigned bytes in a shape.</summary>
/// <param name="Shape">The sizes, the outermost first; for pictures: number, rows, columns.</param>
/// <param name="Values">The bytes, in row-major order.</param>
public sealed record IdxBytes(IReadOnlyList<int> Shape, byte[] Values);

/// <summary>
/// Reads idx files, the format of MNIST and its relatives, packed with gzip or not: two zero bytes, the element type, the number of dimensions, each
/// size in 4 bytes (the highest first), then the elements.
/// </summary>
public static class IdxFile
{
    private const string Damaged = "Fetch or copy the file again";
    private const int UnsignedByte = 0x08;

    /// <summary>Reads a file of unsigned bytes of any number of dimensions.</summary>
    /// <exception cref="DataException">The file is not there, is no idx file of unsigned bytes, is cut short or too long.</exception>
    public static IdxBytes ReadBytes(string path)
    {
        using var stream = DataFile.Open(path);
        Span<byte> magic = stackalloc byte[4];
        ReadPart(path, stream, magic, 0, "its first 4 bytes");
        if (magic[0] != 0 || magic[1] != 0)
            throw DataException.AtOffset(path, 0, $"an idx file begins with two zero bytes, this one with {magic[0]:X2} {magic[1]:X2}", "Check that it is the right file");
        if (magic[2] != UnsignedByte)
            throw DataException.AtOffset(path, 2, $"the element type is {magic[2]:X2} ({TypeName(magic[2])}); only 08, unsigned bytes, is read", "Check that it is the right file");
        if (magic[3] == 0)
            throw DataException.AtOffset(path, 3, "it has no dimensions", "Check that it is the right file");

        var shape = new int[magic[3]];
        long total = 1;
        Span<byte> size = stackalloc byte[4];
        for (var i = 0; i < shape.Length; i++)
        {
            var offset = 4 + 4 * i;
            ReadPart(path, stream, size, offset, $"the size of dimension {i}");
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(size);
            if (shape[i] < 0 || (total *= shape[i]) > Array.MaxLength)
                throw DataException.AtOffset(path, offset, $"the sizes {string.Join(" x ", shape.Take(i + 1))} are more than fits in memory", Damaged);
        }

        var values = ReadValues(path, stream, (int)total, 4 + 4L * shape.Length, shape);
        if (stream.ReadByte() >= 0)
            throw DataException.AtOffset(path, 4 + 4L * shape.Length + total, $"more bytes follow the {total} that its sizes {string.Join(" x ", shape)} call for", Damaged);
        return new IdxBytes(shape, values);
    }

    /// <summary>Reads a file of pictures: three dimensions, number, rows, columns.</summary>
    /// <exception cref="DataException">As <see cref="ReadBytes"/>, or it has another number of dimensions.</exception>
    public static IdxBytes ReadImages(string path)
    {
        var content = ReadBytes(path);
        return content.Shape.Count == 3
            ? content
            : throw DataException.AtOffset(path, 3, $"it has {Dimensions(content)} and pictures have 3", content.Shape.Count == 1 ? "Check that it isn't the file of labels" : "Read it with ReadBytes");
    }

    /// <summary>Reads a file of labels: one dimension.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classes">How many classes there are: a label is below this.</param>
    /// <exception cref="DataException">As <see cref="ReadBytes"/>, or it has another number of dimensions, or a label is out of range.</exception>
    public static int[] ReadLabels(string path, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        var content = ReadBytes(path);
        if (content.Shape.Count != 1)
            throw DataException.AtOffset(path, 3, $"it has {Dimensions(content)} and labels have 1", content.Shape.Count == 3 ? "Check that it isn't the file of pictures" : "Read it with ReadBytes");

        var labels = new int[content.Values.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = content.Values[i];
            if (labels[i] >= classes)
                throw DataException.AtOffset(path, 8 + i, $"label {i} is {labels[i]}, not one of 0 to {classes - 1}", "Correct the label or the number of classes");
        }
        return labels;
    }

    /// <summary>Reads pictures and their labels as samples; each picture is a row of rows x columns features between 0 and 1 (bytes over 255).</summary>
    /// <exception cref="DataException">As <see cref="ReadImages"/> and <see cref="ReadLabels"/>, or the numbers of pictures and labels differ.</exception>
    public static LabelledData ReadLabelled(string imagesPath, string labelsPath, int classes)
    {
        var images = ReadImages(imagesPath);
        var labels = ReadLabels(labelsPath, classes);
        if (labels.Length != images.Shape[0])
            throw new DataException(labelsPath, $"it has {labels.Length} labels, but {imagesPath} has {images.Shape[0]} pictures", "Check that the two belong together");
        var width = images.Shape[1] * images.Shape[2];
        if (width == 0)
            throw new DataException(imagesPath, $"its pictures have {images.Shape[1]} x {images.Shape[2]} pixels", "Check that it is the right file");

        var features = new float[images.Values.Length];
        for (var i = 0; i < features.Length; i++)
            features[i] = images.Values[i] / 255f;
        return new LabelledData(features, width, labels, classes);
    }

    /// <summary>The elements; memory grows with what really comes, so that a wrong size in a short file asks for little.</summary>
    private static byte[] ReadValues(string path, Stream stream, int total, long offset, int[] shape)
    {
        var values = new byte[Math.Min(total, 1 << 24)];
        var done = 0;
        while (true)
        {
            done += ReadSome(path, stream, values.AsSpan(done), offset + done);
            if (done == total)
                return values;
            if (done < values.Length)
                throw DataException.AtOffset(path, offset + done, $"the file ends after {done} of the {total} bytes that its sizes {string.Join(" x ", shape)} call for: it was cut short", Damaged);
            Array.Resize(ref values, (int)Math.Min(total, 2L * values.Length));
        }
    }

    private static void ReadPart(string path, Stream stream, Span<byte> destination, long offset, string what)
    {
        var read = ReadSome(path, stream, destination, offset);
        if (read < destination.Length)
            throw DataException.AtOffset(path, offset + read, $"the file ends inside {what}: it was cut short", Damaged);
    }

    private static int ReadSome(string path, Stream stream, Span<byte> destination, long offset)
    {
        try
        {
            return stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        }
        catch (IOException error)
        {
            throw DataException.AtOffset(path, offset, $"the file can't be read on ({error.Message.TrimEnd('.')})", "Check the disk or the connection", error);
        }
    }

    private static string Dimensions(IdxBytes content) => content.Shape.Count == 1 ? "1 dimension" : $"{content.Shape.Count} dimensions";

    private static string TypeName(byte type) => type switch
    {
        0x09 => "signed bytes",
        0x0B => "integers of 16 bits",
        0x0C => "integers of 32 bits",
        0x0D => "floats of 32 bits",
        0x0E => "floats of 64 bits",
        _ => "unknown",
    };
}
