using System.Globalization;

namespace FeedbackNN;

/// <summary>What all that learns numbers of each feature from samples has in common: the checks of samples, and the files.</summary>
internal static class FeatureRows
{
    private const int FormatVersion = 1;

    public static void CheckCount(int count)
    {
        if (count == 0)
            throw new DataException(null, "there are no samples to learn from", "Give the training part");
    }

    public static void CheckWidth(int width, int expected, int? sample)
    {
        if (width != expected)
            throw new DataException(null, Invariant($"{(sample is null ? "the sample" : Invariant($"sample {sample}"))} has {width} features instead of {expected}"), "All samples need the same features");
    }

    public static void CheckRoom(int result, int features)
    {
        if (result != features)
            throw new ArgumentException(Invariant($"The result has room for {result} features instead of {features}."), nameof(result));
    }

    public static DataException NotFinite(int sample, int feature, float value) => new(
        null, Invariant($"feature {feature} of sample {sample} is {value}"), float.IsNaN(value) ? "Fill in missing values with an Imputer before" : "Replace infinite values before training");

    public static void Save(string path, string kind, params ReadOnlySpan<(string Name, float[] Values)> numbers)
    {
        var entries = new List<SafetensorsEntry>();
        foreach (var (name, values) in numbers) entries.Add(SafetensorsEntry.From(name, [values.Length], values));
        SafetensorsFile.Write(path, entries, new Dictionary<string, string> { [StateFile.FormatKey] = Format(kind) });
    }

    public static float[][] Load(string path, string kind, params ReadOnlySpan<string> names)
    {
        using var content = SafetensorsFile.Read(path);
        var format = content.Metadata.GetValueOrDefault(StateFile.FormatKey);
        if (format != Format(kind))
            throw new CheckpointException(path, $"it is no saved {kind} of this version{(format is null ? "" : $", but '{format}'")}. Use a file that the {kind}'s Save wrote.");
        var numbers = new float[names.Length][];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = content.ToArray<float>(names[i]);
            if (numbers[i].Length != numbers[0].Length || !Array.TrueForAll(numbers[i], float.IsFinite))
                throw new CheckpointException(path, $"'{names[i]}' is no list of {numbers[0].Length} finite numbers: the file is damaged. Save it again.");
        }
        return numbers;
    }

    private static string Format(string kind) => Invariant($"{kind} {FormatVersion}");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
