using System.Globalization;
using System.Text;

namespace FeedbackNN;

/// <summary>Where a field stands: enough to name it in an error.</summary>
internal readonly record struct CsvPlace(string Path, long Line, int Column, string[]? Header)
{
    public string ColumnName => Header is null
        ? string.Create(CultureInfo.InvariantCulture, $"column {Column} (counted from 0)")
        : $"column '{Header[Column]}'";

    public DataException Error(string what, string whatToDo) => DataException.AtLine(Path, Line, $"{ColumnName}: {what}", whatToDo);
}

/// <summary>Fields as numbers, labels and text. Numbers are written as in C# whatever the machine's culture: 1234.5, -1e-3.</summary>
internal static class CsvFields
{
    /// <summary>Bytes of a field that an error shows.</summary>
    private const int MostShown = 32;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static float Float(in CsvPlace place, ReadOnlySpan<byte> field)
    {
        if (!float.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            throw NotANumber(place, field);
        return float.IsFinite(value) ? value : throw NotFinite(place, field, float.IsNaN(value), "a float of 32 bits");
    }

    public static double Double(in CsvPlace place, ReadOnlySpan<byte> field)
    {
        if (!double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            throw NotANumber(place, field);
        return double.IsFinite(value) ? value : throw NotFinite(place, field, double.IsNaN(value), "a float of 64 bits");
    }

    public static int Int32(in CsvPlace place, ReadOnlySpan<byte> field) =>
        int.TryParse(field, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw place.Error($"{Quote(field)} is no whole number of 32 bits", "Correct the file, or read the column as floats or text");

    public static int Label(in CsvPlace place, ReadOnlySpan<byte> field, int classes)
    {
        if (!int.TryParse(field, NumberStyles.Integer, CultureInfo.InvariantCulture, out var label))
            throw place.Error($"the label {Quote(field)} is no whole number", "Name the column that holds the labels, or turn their names into numbers from 0");
        return (uint)label < (uint)classes
            ? label
            : throw place.Error($"the label {label} is not one of 0 to {classes - 1}", "Correct the label or the number of classes");
    }

    public static string Text(in CsvPlace place, ReadOnlySpan<byte> field)
    {
        try
        {
            return Strict.GetString(field);
        }
        catch (DecoderFallbackException)
        {
            throw place.Error("the text is no UTF-8", "Save the file as UTF-8");
        }
    }

    private static DataException NotANumber(in CsvPlace place, ReadOnlySpan<byte> field)
    {
        var hint = field.IsEmpty ? $"Give every field a value, or {SayMissing([])}"
            : place.Line == 1 && place.Header is null ? "If this is the header, say HasHeader = true"
            : field.Contains((byte)',') ? "Write decimals with a point"
            : $"Correct the file, leave the column out, or {SayMissing(field)}";
        return place.Error(field.IsEmpty ? "the field is empty, where a number is expected" : $"{Quote(field)} is not a number", hint);
    }

    private static DataException NotFinite(in CsvPlace place, ReadOnlySpan<byte> field, bool isNaN, string type) =>
        place.Error($"{Quote(field)} is no finite number that fits {type}", isNaN ? $"Correct the file, or {SayMissing(field)}" : "Replace infinite values and those that are too large");

    // The call is to be copied: what can't stand in it as it is, is left to whoever knows the file.
    private static string SayMissing(ReadOnlySpan<byte> field)
    {
        var text = Encoding.UTF8.GetString(field);
        var isLiteral = field.Length <= MostShown && !text.Any(letter => char.IsControl(letter) || letter is '"' or '\\' or '\uFFFD');
        return isLiteral
            ? $"read it with CsvFile and say that this is a missing value: Floats(missing: [\"{text}\"])"
            : "read it with CsvFile, whose Floats(missing: …) takes the whole texts of fields that are missing values";
    }

    // Whatever stands there, an error shows its beginning and stays one line.
    private static string Quote(ReadOnlySpan<byte> field) => $"'{Shown(field)}'";

    private static string Shown(ReadOnlySpan<byte> field)
    {
        var length = Math.Min(field.Length, MostShown);
        // No letter is cut in two: the later bytes of one begin with the bits 10.
        while (length < field.Length && length > MostShown - 3 && (field[length] & 0xC0) == 0x80) length--;
        var text = Encoding.UTF8.GetString(field[..length]).Replace('\n', ' ').Replace('\r', ' ');
        return field.Length > length ? text + "…" : text;
    }
}
