namespace FeedbackNN.Text;

/// <summary>Texts by the word sequences they have, so that those most like a new one are found without looking at all of them.</summary>
/// <remarks>
/// A text's signature is, for each of 128 hash functions, the smallest hash of its sequences; two signatures agree in about the share of places that the texts
/// have of sequences in common. Signatures are cut into bands; texts with an equal band are candidates (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4).
/// </remarks>
internal sealed class NearDuplicateIndex
{
    private const int SignatureLength = 128;

    private readonly double _similarity;
    private readonly int _words;
    private readonly int _rows;
    private readonly List<ulong[]> _sequences = [];
    private readonly Dictionary<(int Band, ulong Hash), List<int>> _bands = [];

    public NearDuplicateIndex(double similarity, int words)
    {
        _similarity = similarity;
        _words = words;

        // A pair that is just alike enough is missed with probability (1 - similarity^rows)^bands: as few bands as keep that below a millionth.
        _rows = 1;
        while (_rows * 2 <= 32 && Math.Pow(1 - Math.Pow(similarity, _rows * 2), SignatureLength / (_rows * 2.0)) < 1e-6) _rows *= 2;
    }

    /// <summary>Adds a text, unless one that is in already is as alike as that.</summary>
    public bool TryAdd(string text)
    {
        var sequences = Sequences(text);
        var signature = Signature(sequences);
        var bands = Enumerable.Range(0, SignatureLength / _rows).Select(band => (band, Combined(signature.AsSpan(band * _rows, _rows)))).ToArray();
        var candidates = bands.SelectMany(band => _bands.TryGetValue(band, out var texts) ? texts : []).Distinct();
        if (candidates.Any(candidate => Jaccard(_sequences[candidate], sequences) >= _similarity)) return false;
        foreach (var band in bands)
        {
            if (!_bands.TryGetValue(band, out var texts)) _bands.Add(band, texts = []);
            texts.Add(_sequences.Count);
        }
        _sequences.Add(sequences);
        return true;
    }

    /// <summary>Hashes of the sequences of so many words, each once, in order.</summary>
    private ulong[] Sequences(string text)
    {
        var words = DocumentCleaning.Words(text).Select(Hash).ToArray();
        var count = Math.Max(1, words.Length - _words + 1);
        return [.. new SortedSet<ulong>(Enumerable.Range(0, count).Select(start => Combined(words.AsSpan(start, Math.Min(_words, words.Length - start)))))];
    }

    private static ulong Hash(string word) => word.Aggregate(0UL, (hash, c) => SplitMix64.Combine(hash, c));

    private static ulong Combined(ReadOnlySpan<ulong> hashes)
    {
        var hash = 0UL;
        foreach (var next in hashes) hash = SplitMix64.Combine(hash, next);
        return hash;
    }

    private static ulong[] Signature(ulong[] sequences)
    {
        var signature = new ulong[SignatureLength];
        for (var i = 0; i < signature.Length; i++) signature[i] = sequences.Min(sequence => SplitMix64.Combine((ulong)i, sequence));
        return signature;
    }

    private static double Jaccard(ulong[] a, ulong[] b)
    {
        int i = 0, k = 0, common = 0;
        while (i < a.Length && k < b.Length)
        {
            if (a[i] == b[k]) (common, i, k) = (common + 1, i + 1, k + 1);
            else if (a[i] < b[k]) i++;
            else k++;
        }
        return (double)common / (a.Length + b.Length - common);
    }
}
