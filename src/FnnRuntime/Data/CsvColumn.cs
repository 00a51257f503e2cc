namespace FeedbackNN;

/// <summary>One column of a <see cref="CsvTable"/>. What its fields are is said by the reader: each method reads all of them one way or fails.</summary>
public sealed class CsvColumn
{
    private readonly string _path;
    private readonly string[]? _header;
    private readonly long[] _lines;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly ReadOnlyMemory<int> _ends;

    internal CsvColumn(string path, string[]? header, int index, long[] lines, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<int> ends)
    {
        _path = path;
        _header = header;
        _lines = lines;
        _bytes = bytes;
        _ends = ends;
        Index = index;
    }

    /// <summary>The column's place in the file, from 0.</summary>
    public int Index { get; }

    /// <summary>The name in the header; null when the file has none.</summary>
    public string? Name => _header?[Index];

    /// <summary>How many rows there are.</summary>
    public int Count => _ends.Length;

    /// <summary>All fields as floats.</summary>
    /// <exception cref="DataException">A field is no finite number.</exception>
    public float[] Floats() => Convert((in CsvPlace place, ReadOnlySpan<byte> field) => CsvFields.Float(place, field));

    /// <summary>All fields as floats, some of which may be missing: <c>Floats(missing: ["", "NA"])</c>.</summary>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <param name="replacement">What stands in the place of a missing value; NaN unless given, which an <see cref="Imputer"/> fills.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">A field is none of these texts and no finite number.</exception>
    public float[] Floats(IReadOnlyList<string> missing, float replacement = float.NaN)
    {
        var texts = new MissingTexts(missing);
        return Convert((in CsvPlace place, ReadOnlySpan<byte> field) => texts.Contain(field) ? replacement : CsvFields.Float(place, field));
    }

    /// <summary>All fields as floats of 64 bits.</summary>
    /// <exception cref="DataException">A field is no finite number.</exception>
    public double[] Doubles() => Convert((in CsvPlace place, ReadOnlySpan<byte> field) => CsvFields.Double(place, field));

    /// <summary>All fields as floats of 64 bits, some of which may be missing.</summary>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <param name="replacement">What stands in the place of a missing value; NaN unless given.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">A field is none of these texts and no finite number.</exception>
    public double[] Doubles(IReadOnlyList<string> missing, double replacement = double.NaN)
    {
        var texts = new MissingTexts(missing);
        return Convert((in CsvPlace place, ReadOnlySpan<byte> field) => texts.Contain(field) ? replacement : CsvFields.Double(place, field));
    }

    /// <summary>All fields as whole numbers.</summary>
    /// <exception cref="DataException">A field is no whole number of 32 bits.</exception>
    public int[] Integers() => Convert((in CsvPlace place, ReadOnlySpan<byte> field) => CsvFields.Int32(place, field));

    /// <summary>All fields as whole numbers, some of which may be missing.</summary>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <param name="replacement">What stands in the place of a missing value.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">A field is none of these texts and no whole number of 32 bits.</exception>
    public int[] Integers(IReadOnlyList<string> missing, int replacement)
    {
        var texts = new MissingTexts(missing);
        return Convert((in CsvPlace place, ReadOnlySpan<byte> field) => texts.Contain(field) ? replacement : CsvFields.Int32(place, field));
    }

    /// <summary>Which fields are missing: a mask of the column.</summary>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    public bool[] IsMissing(IReadOnlyList<string> missing)
    {
        var texts = new MissingTexts(missing);
        return Convert((in CsvPlace _, ReadOnlySpan<byte> field) => texts.Contain(field));
    }

    /// <summary>All fields as text.</summary>
    /// <exception cref="DataException">A field is no UTF-8.</exception>
    public string[] Texts() => Convert((in CsvPlace place, ReadOnlySpan<byte> field) => CsvFields.Text(place, field));

    /// <summary>All fields as labels from 0 to classes - 1.</summary>
    /// <exception cref="DataException">A field is another number or no whole number.</exception>
    public int[] Labels(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        return Convert((in CsvPlace place, ReadOnlySpan<byte> field) => CsvFields.Label(place, field, classes));
    }

    /// <summary>All fields as labels: the place of each one's text among the classes' names.</summary>
    /// <exception cref="DataException">A field is none of the names.</exception>
    public int[] Labels(IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        var label = classes.Select((name, index) => (name, index)).ToDictionary(pair => pair.name, pair => pair.index, StringComparer.Ordinal);
        return Convert((in CsvPlace place, ReadOnlySpan<byte> field) =>
        {
            var text = CsvFields.Text(place, field);
            return label.TryGetValue(text, out var index)
                ? index
                : throw place.Error($"'{text}' is none of the classes {string.Join(", ", classes)}", "Correct the file or the list of classes");
        });
    }

    private delegate T Conversion<T>(in CsvPlace place, ReadOnlySpan<byte> field);

    private T[] Convert<T>(Conversion<T> conversion)
    {
        var values = new T[Count];
        for (var row = 0; row < values.Length; row++)
            values[row] = conversion(Place(row), Field(row));
        return values;
    }

    private CsvPlace Place(int row) => new(_path, _lines[row], Index, _header);

    private ReadOnlySpan<byte> Field(int row)
    {
        var ends = _ends.Span;
        var begin = row == 0 ? 0 : ends[row - 1];
        return _bytes.Span[begin..ends[row]];
    }
}
