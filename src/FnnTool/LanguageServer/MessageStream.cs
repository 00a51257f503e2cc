using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>
/// The framing of the protocol: <c>Content-Length: n</c>, an empty line, n bytes of JSON. Reading finds its way again after anything that is no message;
/// writing may be done from any thread.
/// </summary>
internal sealed class MessageStream(Stream input, Stream output)
{
    /// <summary>Longer than any file that anybody edits: a length beyond it is a mistake, and nothing is kept for it.</summary>
    private const int LongestMessage = 64 * 1024 * 1024;

    private const string LengthHeader = "Content-Length:";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly BufferedStream _input = new(input);
    private readonly Lock _writing = new();

    /// <summary>The next message; null at the end of the stream.</summary>
    /// <exception cref="JsonException">The message is not JSON. The next one can be read.</exception>
    public JsonDocument? Read()
    {
        while (true)
        {
            var length = -1;
            while (ReadLine() is var line)
            {
                if (line is null) return null;
                if (line.Length == 0)
                {
                    if (length >= 0) break;
                    continue;
                }
                if (!line.StartsWith(LengthHeader, StringComparison.OrdinalIgnoreCase)) continue;
                if (int.TryParse(line.AsSpan(LengthHeader.Length), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var given)
                    && given is >= 0 and <= LongestMessage)
                {
                    length = given;
                }
            }
            var content = new byte[length];
            if (_input.ReadAtLeast(content, length, throwOnEndOfStream: false) < length) return null;
            return JsonDocument.Parse(content);
        }
    }

    public void Respond(JsonElement id, object? result) => Write(writer =>
    {
        WriteId(writer, id);
        writer.WritePropertyName("result");
        JsonSerializer.Serialize(writer, result, Options);
    });

    /// <param name="id">Null for a message that could not be read.</param>
    public void RespondError(JsonElement? id, int code, string message) => Write(writer =>
    {
        WriteId(writer, id);
        writer.WriteStartObject("error");
        writer.WriteNumber("code", code);
        writer.WriteString("message", message);
        writer.WriteEndObject();
    });

    public void Notify(string method, object parameters) => Write(writer =>
    {
        writer.WriteString("method", method);
        writer.WritePropertyName("params");
        JsonSerializer.Serialize(writer, parameters, Options);
    });

    /// <summary>Reads the parameters of a message.</summary>
    /// <exception cref="JsonException">They have another form.</exception>
    public static T Parameters<T>(JsonElement parameters) where T : class =>
        parameters.Deserialize<T>(Options) ?? throw new JsonException("There are no parameters.");

    private static void WriteId(Utf8JsonWriter writer, JsonElement? id)
    {
        writer.WritePropertyName("id");
        if (id is { } given) given.WriteTo(writer);
        else writer.WriteNullValue();
    }

    private void Write(Action<Utf8JsonWriter> content)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc", "2.0");
            content(writer);
            writer.WriteEndObject();
        }
        lock (_writing)
        {
            output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{LengthHeader} {buffer.Length}\r\n\r\n")));
            buffer.WriteTo(output);
            output.Flush();
        }
    }

    // Up to and without its line break; null at the end of the stream.
    private string? ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = _input.ReadByte();
            if (next < 0) return null;
            if (next == '\n') return line.ToString().TrimEnd('\r');
            if (line.Length < 1024) line.Append((char)next);
        }
    }
}
