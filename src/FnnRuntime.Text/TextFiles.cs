using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace FeedbackNN.Text;

/// <summary>What a <see cref="CharacterTokenizer"/> is saved as.</summary>
internal sealed record SavedCharacters(string? Characters, int? Unknown);

[JsonSerializable(typeof(SavedCharacters))]
[JsonSerializable(typeof(Dictionary<string, int>))]
internal sealed partial class SavedJson : JsonSerializerContext;

/// <summary>The package's own files.</summary>
internal static class TextFiles
{
    /// <summary>Replaces a file as a whole.</summary>
    /// <exception cref="DataException">It can't be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, write, (what, inner) => new DataException(path, what, "Check the path, the free space and who may write there", inner));
    }

    /// <exception cref="DataException">The file is not there, or not JSON of that shape.</exception>
    public static T ReadJson<T>(string path, JsonTypeInfo<T> type)
    {
        using var stream = DataFile.Open(path);
        try
        {
            return JsonSerializer.Deserialize(stream, type) ?? throw new DataException(path, "it is empty JSON", "Check that it is the right file");
        }
        catch (JsonException error)
        {
            throw new DataException(path, $"it is not the JSON that is expected ({error.Message.TrimEnd('.')})", "Check that it is the right file", error);
        }
    }
}
