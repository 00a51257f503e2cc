using System.Globalization;
using System.Text;

namespace FeedbackNN.Text;

/// <summary>
/// Learns a byte-pair vocabulary: again and again the most frequent pair of neighbouring tokens becomes one (Sennrich, Haddow and Birch, Neural Machine Translation of
/// Rare Words with Subword Units, 2016, arXiv:1508.07909), on bytes (Radford and others, Language Models are Unsupervised Multitask Learners, 2019).
/// </summary>
public static class BytePairTraining
{
    /// <summary>Trains a vocabulary. The same documents give the same one; pairs that are equally frequent go by their tokens' ids.</summary>
    /// <param name="documents">The corpus. Each different word of it is kept in memory, once.</param>
    /// <param name="size">How many tokens the vocabulary shall have, the 256 bytes and the special ones included; fewer where the corpus has no pair left that occurs twice.</param>
    /// <param name="specialTokens">Tokens that are never cut, such as <c>&lt;|endoftext|&gt;</c>; they get the last ids.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size leaves no room for the bytes and the special tokens.</exception>
    public static BytePairVocabulary Train(IEnumerable<Document> documents, int size, params string[] specialTokens)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(specialTokens);
        if (size < 256 + specialTokens.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(size), size, string.Create(CultureInfo.InvariantCulture, $"A byte-pair vocabulary has at least the 256 bytes and the {specialTokens.Length} special tokens."));
        }
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var tokens = new List<string>();
        foreach (var character in BytePairAlphabet.Of) IdOf(character.ToString());
        var merges = new List<(string, string)>();
        var pairs = new PairCounts(Words(documents));
        while (tokens.Count + specialTokens.Length < size && pairs.TakeMostFrequent() is { } pair)
        {
            merges.Add((tokens[pair.Left], tokens[pair.Right]));
            pairs.Merge(pair, IdOf(tokens[pair.Left] + tokens[pair.Right]));
        }
        foreach (var token in specialTokens) IdOf(token);
        return new BytePairVocabulary(merges, [.. specialTokens], ids);

        // Two different pairs may make the same token.
        int IdOf(string token)
        {
            if (ids.TryGetValue(token, out var id)) return id;
            ids.Add(token, tokens.Count);
            tokens.Add(token);
            return tokens.Count - 1;
        }
    }

    private static Dictionary<string, long> Words(IEnumerable<Document> documents)
    {
        var words = new Dictionary<string, long>(StringComparer.Ordinal);
        var lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var document in documents)
        {
            foreach (var match in BytePairVocabulary.Pieces().EnumerateMatches(document.Text))
            {
                var word = document.Text.AsSpan(match.Index, match.Length);
                lookup[word] = lookup.TryGetValue(word, out var count) ? count + 1 : 1;
            }
        }
        return words;
    }

    /// <summary>How often each pair of tokens stands side by side in the words, and in which words.</summary>
    private sealed class PairCounts
    {
        private readonly List<(List<int> Tokens, long Count)> _words = [];
        private readonly Dictionary<(int Left, int Right), long> _counts = [];
        private readonly Dictionary<(int Left, int Right), HashSet<int>> _places = [];
        private readonly PriorityQueue<(int Left, int Right, long Count), (long, int, int)> _queue = new();

        public PairCounts(Dictionary<string, long> words)
        {
            foreach (var (text, count) in words)
            {
                var word = (Encoding.UTF8.GetBytes(text).Select(b => (int)b).ToList(), count);
                foreach (var pair in Pairs(word.Item1)) Add(pair, count, _words.Count);
                _words.Add(word);
            }
            foreach (var (pair, count) in _counts) Enqueue(pair, count);
        }

        /// <summary>The most frequent pair that occurs at least twice; of equals the one with the smaller ids.</summary>
        public (int Left, int Right)? TakeMostFrequent()
        {
            while (_queue.TryDequeue(out var item, out _))
            {
                // Entries that a later merge has changed are left in the queue, and found out here.
                if (item.Count > 1 && _counts.TryGetValue((item.Left, item.Right), out var count) && count == item.Count) return (item.Left, item.Right);
            }
            return null;
        }

        /// <summary>Both become one token in all words.</summary>
        public void Merge((int Left, int Right) pair, int token)
        {
            var changed = new HashSet<(int, int)>();
            foreach (var place in _places[pair])
            {
                var (tokens, count) = _words[place];
                foreach (var before in Pairs(tokens))
                {
                    _counts[before] -= count;
                    changed.Add(before);
                }
                for (var i = 0; i + 1 < tokens.Count; i++)
                {
                    if ((tokens[i], tokens[i + 1]) != pair) continue;
                    tokens[i] = token;
                    tokens.RemoveAt(i + 1);
                }
                foreach (var after in Pairs(tokens))
                {
                    Add(after, count, place);
                    changed.Add(after);
                }
            }
            _counts.Remove(pair);
            _places.Remove(pair);
            foreach (var other in changed)
            {
                if (_counts.TryGetValue(other, out var count)) Enqueue(other, count);
            }
        }

        private static IEnumerable<(int Left, int Right)> Pairs(List<int> tokens)
        {
            for (var i = 0; i + 1 < tokens.Count; i++) yield return (tokens[i], tokens[i + 1]);
        }

        private void Add((int, int) pair, long count, int word)
        {
            _counts[pair] = _counts.GetValueOrDefault(pair) + count;
            if (!_places.TryGetValue(pair, out var places)) _places.Add(pair, places = []);
            places.Add(word);
        }

        private void Enqueue((int Left, int Right) pair, long count) => _queue.Enqueue((pair.Left, pair.Right, count), (-count, pair.Left, pair.Right));
    }
}
