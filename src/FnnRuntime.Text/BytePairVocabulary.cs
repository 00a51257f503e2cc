using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace FeedbackNN.Text;

/// <summary>
/// A byte-level byte-pair vocabulary: the 256 bytes, then a token for each merge, in the order in which they are made. As files it is what GPT-2 and many after it
/// have: <c>vocab.json</c> and <c>merges.txt</c>.
/// </summary>
public sealed partial class BytePairVocabulary
{
    private readonly Dictionary<string, int> _ids;

    internal BytePairVocabulary(IReadOnlyList<(string Left, string Right)> merges, IReadOnlyList<string> specialTokens, Dictionary<string, int> ids)
    {
        Merges = merges;
        SpecialTokens = specialTokens;
        _ids = ids;
    }

    /// <summary>What becomes one, most frequent first. Bytes are written as GPT-2 does, each as a visible character.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>Tokens that are never cut, such as the end of a text.</summary>
    public IReadOnlyList<string> SpecialTokens { get; }

    /// <summary>How many tokens there are: ids count from 0 to one less.</summary>
    public int Size => _ids.Count;

    /// <summary>A token's id.</summary>
    /// <exception cref="KeyNotFoundException">There is no such token.</exception>
    public int this[string token] => _ids.TryGetValue(token, out var id) ? id : throw new KeyNotFoundException($"The vocabulary has no token '{token}'.");

    /// <summary>The tokenizer that goes by it.</summary>
    public BpeTokenizer CreateTokenizer() => BpeTokenizer.Create(new BpeOptions(_ids)
    {
        Merges = Merges.Select(merge => $"{merge.Left} {merge.Right}"),
        ByteLevel = true,
        PreTokenizer = new RegexPreTokenizer(Pieces(), SpecialTokens.ToDictionary(token => token, token => _ids[token])),
        SpecialTokens = SpecialTokens.ToDictionary(token => token, token => _ids[token]),
    });

    /// <summary>Writes <c>vocab.json</c> and <c>merges.txt</c> into a folder; each is complete or, when it fails, not there.</summary>
    /// <exception cref="DataException">A file can't be written.</exception>
    public void Save(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        TextFiles.Write(Path.Combine(folder, "vocab.json"), stream => JsonSerializer.Serialize(stream, _ids, SavedJson.Default.DictionaryStringInt32));
        TextFiles.Write(Path.Combine(folder, "merges.txt"), stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
            writer.WriteLine("#version: 0.2");
            foreach (var (left, right) in Merges) writer.WriteLine($"{left} {right}");
        });
    }

    /// <summary>Reads a vocabulary, our own or another's of this kind.</summary>
    /// <param name="vocabulary">The tokens with their ids, JSON: <c>vocab.json</c>, with GPT-2 also called <c>encoder.json</c>.</param>
    /// <param name="merges">The merges, a line each: <c>merges.txt</c>, with GPT-2 also called <c>vocab.bpe</c>.</param>
    /// <exception cref="DataException">A file is not there or not of this kind, or the two don't belong together.</exception>
    public static BytePairVocabulary Load(string vocabulary, string merges)
    {
        var ids = TextFiles.ReadJson(vocabulary, SavedJson.Default.DictionaryStringInt32);
        var pairs = new List<(string, string)>();
        foreach (var (line, number) in Documents.Lines(merges))
        {
            if (line.Length == 0 || (number == 1 && line.StartsWith("#version", StringComparison.Ordinal))) continue;
            var parts = line.Split(' ');
            if (parts.Length != 2) throw DataException.AtLine(merges, number, "it is no merge", "A merge is two tokens with a space between them");
            if (!ids.ContainsKey(parts[0] + parts[1])) throw DataException.AtLine(merges, number, $"'{parts[0] + parts[1]}' is not in {vocabulary}", "Give two files that belong together");
            pairs.Add((parts[0], parts[1]));
        }
        var missing = BytePairAlphabet.All.FirstOrDefault(character => !ids.ContainsKey(character.ToString()));
        if (missing != '\0') throw new DataException(vocabulary, $"it has no token '{missing}', which stands for a byte", "Give the vocabulary of a byte-level tokenizer");
        var made = pairs.Select(pair => pair.Item1 + pair.Item2).Concat(BytePairAlphabet.All.Select(character => character.ToString())).ToHashSet(StringComparer.Ordinal);
        return new BytePairVocabulary(pairs, [.. ids.Keys.Where(token => !made.Contains(token)).OrderBy(token => ids[token])], ids);
    }

    /// <summary>How GPT-2 cuts a text before pairs are merged: contractions, words with the space before them, numbers, signs, white space.</summary>
    [GeneratedRegex(@"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    internal static partial Regex Pieces();
}

/// <summary>The character that stands for each byte in the files of byte-level vocabularies: itself where that is visible, others from U+0100 on.</summary>
internal static class BytePairAlphabet
{
    private static readonly char[] Characters = Make();

    public static ReadOnlySpan<char> Of => Characters;

    public static IEnumerable<char> All => Characters;

    private static char[] Make()
    {
        var characters = new char[256];
        var next = (char)256;
        for (var b = 0; b < 256; b++) characters[b] = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF ? (char)b : next++;
        return characters;
    }
}
