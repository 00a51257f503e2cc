using System.Globalization;

namespace FeedbackNN;

/// <summary>The numbers in a saved training's metadata, each checked as it is read.</summary>
internal readonly struct StateNumbers(string path, IReadOnlyDictionary<string, string> metadata)
{
    public ulong Unsigned(string key) =>
        ulong.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(key);

    public long Count(string key) =>
        long.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Wrong(key);

    public int Integer(string key) => Count(key) is var value && value <= int.MaxValue ? (int)value : throw Wrong(key);

    /// <summary>Text that is there or not.</summary>
    public string? Find(string key) => metadata.GetValueOrDefault(key);

    public double[] Doubles(string key, int count) => Doubles(key) is var values && values.Length == count ? values : throw Wrong(key);

    public double[] Doubles(string key)
    {
        var parts = Text(key).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var values = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i])) throw Wrong(key);
        }
        return values;
    }

    /// <summary>Text that <see cref="Doubles(string, int)"/> reads back to the same bits.</summary>
    public static string Format(ReadOnlySpan<double> values)
    {
        var parts = new string[values.Length];
        for (var i = 0; i < parts.Length; i++) parts[i] = values[i].ToString("R", CultureInfo.InvariantCulture);
        return string.Join(' ', parts);
    }

    private string Text(string key) => metadata.TryGetValue(key, out var text) ? text : throw new CheckpointException(path, $"it does not say '{key}': something has been taken out of it.");

    private CheckpointException Wrong(string key) => new(path, $"its '{key}' is '{metadata[key]}', which is no such number.");
}
