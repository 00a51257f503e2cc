using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace FeedbackNN.Text;

/// <summary>A token for each character (Unicode scalar value) that a corpus has: the smallest vocabulary, and the longest texts.</summary>
/// <remarks>A text with another character can't be encoded, unless one of the vocabulary stands for all others.</remarks>
public sealed class CharacterTokenizer : Tokenizer
{
    private readonly Rune[] _characters;
    private readonly Dictionary<Rune, int> _ids;
    private readonly int? _unknown;

    private CharacterTokenizer(Rune[] characters, Rune? unknown)
    {
        _characters = characters;
        _ids = characters.Select((character, id) => (character, id)).ToDictionary(pair => pair.character, pair => pair.id);
        if (unknown is not { } rune) return;
        if (!_ids.TryGetValue(rune, out var id)) throw new ArgumentException($"'{rune}', which shall stand for characters that are not in the vocabulary, is not in it itself.", nameof(unknown));
        _unknown = id;
    }

    /// <summary>How many tokens there are: ids count from 0 to one less.</summary>
    public int VocabularySize => _characters.Length;

    /// <summary>A tokenizer for the characters of a corpus, in the order of their code points.</summary>
    /// <param name="documents">The corpus.</param>
    /// <param name="unknown">A character of the corpus that stands for all that are not in it; null to refuse them.</param>
    /// <exception cref="ArgumentException">The corpus has no characters, or not the one that stands for others.</exception>
    public static CharacterTokenizer Train(IEnumerable<Document> documents, Rune? unknown = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        var characters = new SortedSet<Rune>(documents.SelectMany(document => document.Text.EnumerateRunes()));
        if (characters.Count == 0) throw new ArgumentException("The documents have no text, so that there is no character to make a token of.", nameof(documents));
        return new CharacterTokenizer([.. characters], unknown);
    }

    /// <summary>Writes the vocabulary: complete, or when it fails not at all.</summary>
    /// <exception cref="DataException">The file can't be written.</exception>
    public void Save(string path) => TextFiles.Write(path, stream =>
        JsonSerializer.Serialize(stream, new SavedCharacters(string.Concat(_characters.Select(rune => rune.ToString())), _unknown), SavedJson.Default.SavedCharacters));

    /// <summary>Reads what <see cref="Save"/> has written.</summary>
    /// <exception cref="DataException">The file is not there or not such a file.</exception>
    public static CharacterTokenizer Load(string path)
    {
        var saved = TextFiles.ReadJson(path, SavedJson.Default.SavedCharacters);
        var characters = (saved.Characters ?? "").EnumerateRunes().ToArray();
        if (characters.Length == 0 || characters.Distinct().Count() != characters.Length || saved.Unknown is { } id && (uint)id >= (uint)characters.Length)
        {
            throw new DataException(path, "it holds no vocabulary of characters", "Give a file that CharacterTokenizer.Save has written");
        }
        return new CharacterTokenizer(characters, saved.Unknown is { } unknown ? characters[unknown] : null);
    }

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        var span = text is null ? textSpan : text.AsSpan();
        var tokens = new List<EncodedToken>();
        var position = 0;
        foreach (var rune in span.EnumerateRunes())
        {
            if (tokens.Count == settings.MaxTokenCount) break;
            if (!_ids.TryGetValue(rune, out var id))
            {
                id = _unknown ?? throw new ArgumentException(
                    FormattableString.Invariant($"'{rune}' (U+{rune.Value:X4}) at position {position} is not in the vocabulary of {_characters.Length} characters; train on a corpus that has it, or with a character that stands for others."), nameof(text));
            }
            tokens.Add(new EncodedToken(id, rune.ToString(), new Range(position, position + rune.Utf16SequenceLength)));
            position += rune.Utf16SequenceLength;
        }
        return new EncodeResults<EncodedToken> { Tokens = tokens, CharsConsumed = position };
    }

    /// <inheritdoc/>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)_characters.Length) return OperationStatus.InvalidData;
            if (!_characters[id].TryEncodeToUtf16(destination[charsWritten..], out var written)) return OperationStatus.DestinationTooSmall;
            charsWritten += written;
            idsConsumed++;
        }
        return OperationStatus.Done;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An id is not of the vocabulary.</exception>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var builder = new StringBuilder();
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)_characters.Length) throw new ArgumentOutOfRangeException(nameof(ids), id, FormattableString.Invariant($"Tokens lie in 0..{_characters.Length - 1}."));
            builder.Append(_characters[id].ToString());
        }
        return builder.ToString();
    }
}
