using System.Security.Cryptography;
using System.Text;

namespace FeedbackNN.Text;

/// <summary>Steps of preparing a corpus, each a view of the one before; the order of documents stays.</summary>
public static class DocumentCleaning
{
    /// <summary>
    /// Texts that mean the same become the same: one Unicode form, <c>\n</c> as line end, no control characters but tab and line end, no spaces at the
    /// ends of lines and of the text.
    /// </summary>
    /// <param name="documents">The documents.</param>
    /// <param name="form">The Unicode form: <see cref="NormalizationForm.FormKC"/> also unifies wide letters, ligatures and the like.</param>
    /// <remarks>
    /// Reading one throws <see cref="PlatformNotSupportedException"/> for a text beyond ASCII where .NET has no Unicode data, as with <c>InvariantGlobalization</c>.
    /// </remarks>
    public static IEnumerable<Document> Normalized(this IEnumerable<Document> documents, NormalizationForm form = NormalizationForm.FormC)
    {
        ArgumentNullException.ThrowIfNull(documents);
        return documents.Select(document => document with { Text = Normalize(document.Text, form) });
    }

    /// <summary>Without documents that are shorter or longer, in UTF-16 units.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The longest is shorter than the shortest.</exception>
    public static IEnumerable<Document> WithLength(this IEnumerable<Document> documents, int shortest = 1, int longest = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfNegative(shortest);
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, shortest);
        return documents.Where(document => document.Text.Length >= shortest && document.Text.Length <= longest);
    }

    /// <summary>Without documents whose text, but for case and white space, has been there before.</summary>
    public static IEnumerable<Document> WithoutDuplicates(this IEnumerable<Document> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        return Read();

        IEnumerable<Document> Read()
        {
            var known = new HashSet<UInt128>();
            foreach (var document in documents)
            {
                if (known.Add(Fingerprint(document.Text))) yield return document;
            }
        }
    }

    /// <summary>
    /// Without documents that are almost one before them. How alike two are is the share of their word sequences that both have, of those that either has (Jaccard);
    /// candidates are found by their smallest hashes (Broder, On the resemblance and containment of documents, 1997), then compared exactly.
    /// </summary>
    /// <param name="documents">The documents.</param>
    /// <param name="similarity">From which share on the later one is left out.</param>
    /// <param name="words">How many words a sequence has; shorter texts are one sequence.</param>
    /// <exception cref="ArgumentOutOfRangeException">The similarity is not above 0 and at most 1, or there are no words in a sequence.</exception>
    public static IEnumerable<Document> WithoutNearDuplicates(this IEnumerable<Document> documents, double similarity = 0.8, int words = 5)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfLessThan(words, 1);
        if (!(similarity > 0 && similarity <= 1)) throw new ArgumentOutOfRangeException(nameof(similarity), similarity, "How alike documents are lies above 0 and is at most 1.");
        return Read();

        IEnumerable<Document> Read()
        {
            var index = new NearDuplicateIndex(similarity, words);
            foreach (var document in documents)
            {
                if (index.TryAdd(document.Text)) yield return document;
            }
        }
    }

    /// <summary>
    /// In which of several parts a document goes, by seed and text alone: texts that differ only in case and white space go into the same one, whatever else
    /// is in the corpus, so that none leaks from a part into another. Take near duplicates out before.
    /// <c>var (train, test) = documents.Split(0.9, seed: 1);</c>
    /// </summary>
    /// <param name="documents">The documents; each part reads them anew.</param>
    /// <param name="fraction">The first part's share, about: it is the chance that a text has to get there.</param>
    /// <param name="seed">Another seed is another split.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1.</exception>
    public static (IEnumerable<Document> Train, IEnumerable<Document> Test) Split(this IEnumerable<Document> documents, double fraction, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(documents);
        if (!(fraction > 0 && fraction < 1)) throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The first part's share of the documents lies between 0 and 1, as in 0.9.");
        return (documents.Where(IsFirst), documents.Where(document => !IsFirst(document)));

        bool IsFirst(Document document) => SplitMix64.Combine(seed, (ulong)Fingerprint(document.Text)) < fraction * Math.ScaleB(1.0, 64);
    }

    private static string Normalize(string text, NormalizationForm form)
    {
        // Without its Unicode data .NET gives texts back as they are, and says nothing.
        if (!Ascii.IsValid(text) && "e\u0301".Normalize(NormalizationForm.FormC).Length != 1)
        {
            throw new PlatformNotSupportedException(
                "Texts beyond ASCII can't be normalized, because this process has no Unicode data: set <InvariantGlobalization>false</InvariantGlobalization> in the project, and install ICU where it is not.");
        }
        var builder = new StringBuilder(text.Length);
        foreach (var line in text.ReplaceLineEndings("\n").Normalize(form).Split('\n'))
        {
            var end = builder.Length;
            foreach (var c in line.AsSpan().TrimEnd())
            {
                if (c == '\t' || !char.IsControl(c)) builder.Append(c);
            }
            if (builder.Length > end || end > 0) builder.Append('\n');
        }
        return builder.ToString().Trim();
    }

    /// <summary>A hash of the text's words in lower case.</summary>
    private static UInt128 Fingerprint(string text)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', Words(text))));
        return new UInt128(BitConverter.ToUInt64(hash, 0), BitConverter.ToUInt64(hash, 8));
    }

    internal static string[] Words(string text) => text.ToLowerInvariant().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
