using FeedbackNN;

namespace SpamFilter;

/// <summary>A short message and what it is.</summary>
internal sealed record Message(string Text, bool IsSpam);

/// <summary>Messages as numbers: the most frequent words, in parts of which no message is in two.</summary>
internal sealed class Messages
{
    private const int Longest = 32;

    // Words are counted from 3: 0 stands behind the last word, 1 is any other word, 2 is the end.
    private readonly Dictionary<string, int> _numbers;

    /// <param name="all">The messages.</param>
    /// <param name="labels">How many of them have a label that the filter may see.</param>
    /// <param name="seed">Of the parts.</param>
    public Messages(IEnumerable<Message> all, int labels, ulong seed)
    {
        // Who gets the same message twice may have learnt it by heart.
        var once = all.DistinctBy(message => string.Join(' ', Words(message.Text))).ToArray();
        var (seen, test) = DataSource.From(once).Split(0.8, seed);
        _numbers = seen.ToArray().SelectMany(message => Words(message.Text)).GroupBy(word => word).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Take(global::SpamFilter.Words.Size - 3).Select((group, i) => (group.Key, Number: i + 3)).ToDictionary(pair => pair.Key, pair => pair.Number);
        All = seen.Select(message => Language(message.Text)).Cache();
        Labelled = seen.Take(labels).Select(Classified).Cache();
        HeldOut = seen.Skip(labels).Take(labels).Select(Classified).Cache();
        Test = test.Select(Classified).Cache();
    }

    /// <summary>All but the last part, each word with the one behind it.</summary>
    public IDataSource<FitLanguage.Sample> All { get; }

    public IDataSource<FitClassifier.Sample> Labelled { get; }

    /// <summary>As many again, which decide whether the filter goes on learning.</summary>
    public IDataSource<FitClassifier.Sample> HeldOut { get; }

    /// <summary>A fifth of the messages, of which nothing has seen a word.</summary>
    public IDataSource<FitClassifier.Sample> Test { get; }

    /// <summary>The SMS Spam Collection: a line a message, its kind, a tab and its text.</summary>
    public static IEnumerable<Message> Read(string path) => File.ReadLines(path).Select(line => line.Split('\t', 2)).Where(parts => parts.Length == 2)
        .Select(parts => new Message(parts[1], parts[0] == "spam"));

    public FitClassifier.Sample Classified(Message message) => new(Numbers(message.Text), message.IsSpam ? 1 : 0);

    private FitLanguage.Sample Language(string text)
    {
        var message = Numbers(text);
        var next = new int[Longest];
        for (var i = 0; i < Longest && message[i] > 0; i++) next[i] = i + 1 < Longest && message[i + 1] > 0 ? message[i + 1] : 2;
        return new(message, next);
    }

    private int[] Numbers(string text)
    {
        var numbers = new int[Longest];
        var i = 0;
        foreach (var word in Words(text).Take(Longest)) numbers[i++] = _numbers.GetValueOrDefault(word, 1);
        return numbers;
    }

    // Letters in a row, and signs one by one; how long a number is says more than which it is.
    private static IEnumerable<string> Words(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var start = i;
            if (char.IsLetter(text[i]))
            {
                while (i < text.Length && (char.IsLetter(text[i]) || text[i] == '\'')) i++;
                yield return text[start..i].ToLowerInvariant();
            }
            else if (char.IsAsciiDigit(text[i]))
            {
                while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
                yield return new string('9', Math.Min(i - start, 6));
            }
            else if (!char.IsWhiteSpace(text[i++])) yield return text[start..i];
        }
    }
}
