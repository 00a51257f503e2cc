using FeedbackNN;

namespace Surnames;

/// <summary>Asks a trained network about names.</summary>
internal static class Reading
{
    /// <summary>How likely each language is for a name.</summary>
    public static float[] Likely(Reader net, string name) => Likely(net, NameFiles.Encode(name));

    /// <summary>Takes the likeliest language of each name and counts what it was.</summary>
    public static ConfusionMatrix Confusion(Reader net, IDataSource<Fit.Sample> names)
    {
        var matrix = new ConfusionMatrix(Languages.Size);
        foreach (var name in names.ToArray())
        {
            var likely = Likely(net, name.Name.Span[..name.Length]);
            matrix.Add(name.Language, predicted: Array.IndexOf(likely, likely.Max()));
        }
        return matrix;
    }

    private static float[] Likely(Reader net, ReadOnlySpan<int> letters)
    {
        var (logits, likely) = net.Forward(new(letters, 1, letters.Length), new([letters.Length]));
        using (logits)
        using (likely) return likely.ToArray();
    }
}
