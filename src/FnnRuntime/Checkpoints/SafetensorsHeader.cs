using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace FeedbackNN;

/// <summary>
/// The JSON header of a safetensors file: <c>{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …, "__metadata__": {…}}</c>.
/// Reading trusts nothing: what comes back describes exactly the bytes that follow.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit, against files that make a reader allocate without end.</summary>
    public const int MaximumLength = 100_000_000;

    /// <summary>The header of tensors that lie one after another, filled up with spaces so that the first of them is aligned to 8 bytes.</summary>
    public static byte[] Write(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // The strings stand in a file, not in a web page: only what JSON itself demands is escaped.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsFile.MetadataKey);
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", entry.Dtype.Name());
                json.WriteStartArray("shape");
                foreach (var size in entry.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += entry.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }

        var padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads and checks a header.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="header">The header's bytes.</param>
    /// <param name="dataLength">How many bytes follow the header.</param>
    /// <exception cref="CheckpointException">The header is not valid or doesn't fit the bytes that follow.</exception>
    public static (IReadOnlyList<SafetensorsTensor> Tensors, IReadOnlyDictionary<string, string> Metadata) Read(
        string path, ReadOnlyMemory<byte> header, long dataLength)
    {
        if (header.Length == 0 || header.Span[0] != (byte)'{')
            throw new CheckpointException(path, "its header does not begin with '{': it is no safetensors file.");

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, $"its header is no valid JSON ({error.Message.TrimEnd('.')}).", error);
        }

        using (document)
        {
            var names = new HashSet<string>(StringComparer.Ordinal);
            var tensors = new List<SafetensorsTensor>();
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var property in document.RootElement.EnumerateObject())
            {
                var name = NameOf(path, property);
                if (!names.Add(name))
                    throw new CheckpointException(path, $"its header names '{name}' twice.");
                if (name == SafetensorsFile.MetadataKey)
                    ReadMetadata(path, property.Value, metadata);
                else
                    tensors.Add(ReadTensor(path, name, property.Value));
            }
            tensors.Sort((a, b) => (a.Offset, a.ByteLength).CompareTo((b.Offset, b.ByteLength)));
            CheckPlaces(path, tensors, dataLength);
            return (tensors, metadata);
        }
    }

    private static void ReadMetadata(string path, JsonElement value, Dictionary<string, string> metadata)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new CheckpointException(path, $"its '{SafetensorsFile.MetadataKey}' is no object.");
        foreach (var property in value.EnumerateObject())
        {
            var key = NameOf(path, property);
            if (property.Value.ValueKind != JsonValueKind.String)
                throw new CheckpointException(path, $"its metadata '{key}' is no text.");
            if (!metadata.TryAdd(key, TextOf(path, property.Value)))
                throw new CheckpointException(path, $"its metadata names '{key}' twice.");
        }
    }

    private static SafetensorsTensor ReadTensor(string path, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new CheckpointException(path, $"the header's '{name}' is no object.");

        JsonElement? dtypeElement = null, shapeElement = null, offsetsElement = null;
        foreach (var property in value.EnumerateObject())
        {
            switch (NameOf(path, property))
            {
                case "dtype" when dtypeElement is null: dtypeElement = property.Value; break;
                case "shape" when shapeElement is null: shapeElement = property.Value; break;
                case "data_offsets" when offsetsElement is null: offsetsElement = property.Value; break;
                case var other: throw new CheckpointException(path, $"the header's '{name}' has '{other}' twice or has no business with it.");
            }
        }

        if (dtypeElement is not { ValueKind: JsonValueKind.String } dtypeText)
            throw new CheckpointException(path, $"the header's '{name}' has no dtype.");
        if (!SafetensorsDtypes.TryParse(TextOf(path, dtypeText), out var dtype))
            throw new CheckpointException(path, $"'{name}' has elements of type '{TextOf(path, dtypeText)}'; known are {SafetensorsDtypes.AllNames}.");

        var shape = Numbers(path, name, "shape", shapeElement);
        var offsets = Numbers(path, name, "data_offsets", offsetsElement);
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw new CheckpointException(path, $"the data_offsets of '{name}' are no begin and end.");
        var length = offsets[1] - offsets[0];
        if (!SafetensorsShape.TryByteLength(shape, dtype, out var needed))
            throw new CheckpointException(path, $"'{name}' is {SafetensorsShape.Describe(dtype, shape)}, more than any file can hold.");
        if (needed != length)
            throw new CheckpointException(path, $"'{name}' is {SafetensorsShape.Describe(dtype, shape)}, {Bytes(needed)}, but its data_offsets span {Bytes(length)}.");
        return new SafetensorsTensor(name, dtype, shape, offsets[0], length);
    }

    private static long[] Numbers(string path, string name, string key, JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Array } array)
            throw new CheckpointException(path, $"the header's '{name}' has no {key}.");

        var numbers = new long[array.GetArrayLength()];
        var i = 0;
        foreach (var item in array.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i] < 0)
                throw new CheckpointException(path, $"the {key} of '{name}' holds {item.GetRawText()}, which is no whole number from 0.");
            i++;
        }
        return numbers;
    }

    private static void CheckPlaces(string path, List<SafetensorsTensor> tensors, long dataLength)
    {
        long end = 0;
        foreach (var tensor in tensors)
        {
            if (tensor.Offset != end)
            {
                throw new CheckpointException(path, string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{tensor.Name}' begins at byte {tensor.Offset} of the data, but the tensor before it ends at {end}: {(tensor.Offset > end ? "there is a gap" : "they overlap")}."));
            }
            end += tensor.ByteLength;
        }

        if (end > dataLength)
            throw new CheckpointException(path, $"its tensors take {Bytes(end)}, but only {dataLength} follow the header: the file was cut short.");
        if (end < dataLength)
            throw new CheckpointException(path, $"its tensors take {Bytes(end)}, but {dataLength} follow the header: something was added to the file.");
    }

    // A JSON string may be valid in form and still hold half a surrogate pair, which is no text.
    private static string NameOf(string path, JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new CheckpointException(path, "a name in its header is no valid text.", error);
        }
    }

    private static string TextOf(string path, JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new CheckpointException(path, "a text in its header is not valid.", error);
        }
    }

    private static string Bytes(long count) => count == 1 ? "1 byte" : string.Create(CultureInfo.InvariantCulture, $"{count} bytes");
}
