namespace FeedbackNN;

/// <summary>A file of separated values in memory: columns of one length.</summary>
public sealed class CsvTable
{
    private readonly string _path;
    private readonly string[]? _header;

    internal CsvTable(string path, string[]? header, IReadOnlyList<CsvColumn> columns)
    {
        _path = path;
        _header = header;
        Columns = columns;
    }

    /// <summary>All columns, in the order of the file.</summary>
    public IReadOnlyList<CsvColumn> Columns { get; }

    /// <summary>How many rows there are, without the header.</summary>
    public int RowCount => Columns[0].Count;

    /// <summary>The column at a place, such as <c>0</c> or <c>^1</c> for the last.</summary>
    /// <exception cref="DataException">The file has no such column.</exception>
    public CsvColumn this[Index column] => Columns[CsvColumns.Resolve(_path, column, Columns.Count)];

    /// <summary>The column with that name in the header.</summary>
    /// <exception cref="DataException">The file has no header, or no column of that name, or several.</exception>
    public CsvColumn this[string name] => Columns[CsvColumns.Resolve(_path, name, _header)];

    /// <summary>Several neighbouring columns as floats: row after row, <see cref="RowCount"/> times the range's length.</summary>
    /// <exception cref="DataException">The file has no such columns, or a field is no finite number.</exception>
    public float[] Floats(Range columns) => SideBySide(Select(columns), column => column.Floats());

    /// <summary>Several neighbouring columns as floats, some of which may be missing: row after row, <see cref="RowCount"/> times the range's length.</summary>
    /// <param name="columns">The columns' places.</param>
    /// <param name="missing">The texts that say that there is no value, such as <c>""</c> and <c>"NA"</c>; white space around a field does not count.</param>
    /// <param name="replacement">What stands in the place of a missing value; NaN unless given, which an <see cref="Imputer"/> fills.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">The file has no such columns, or a field is none of these texts and no finite number.</exception>
    public float[] Floats(Range columns, IReadOnlyList<string> missing, float replacement = float.NaN) => SideBySide(Select(columns), column => column.Floats(missing, replacement));

    /// <summary>The named columns as floats: row after row, <see cref="RowCount"/> times the number of names.</summary>
    /// <exception cref="DataException">The file has no such columns, or a field is no finite number.</exception>
    public float[] Floats(IReadOnlyList<string> names) => SideBySide(Select(names), column => column.Floats());

    /// <summary>The named columns as floats, some of which may be missing: row after row, <see cref="RowCount"/> times the number of names.</summary>
    /// <param name="names">The columns' names.</param>
    /// <param name="missing">The texts that say that there is no value, such as <c>""</c> and <c>"NA"</c>; white space around a field does not count.</param>
    /// <param name="replacement">What stands in the place of a missing value; NaN unless given, which an <see cref="Imputer"/> fills.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">The file has no such columns, or a field is none of these texts and no finite number.</exception>
    public float[] Floats(IReadOnlyList<string> names, IReadOnlyList<string> missing, float replacement = float.NaN) => SideBySide(Select(names), column => column.Floats(missing, replacement));

    /// <summary>Which fields of several neighbouring columns are missing: a mask in the order of <see cref="Floats(Range)"/>.</summary>
    /// <param name="columns">The columns' places.</param>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">The file has no such columns.</exception>
    public bool[] IsMissing(Range columns, IReadOnlyList<string> missing) => SideBySide(Select(columns), column => column.IsMissing(missing));

    /// <summary>Which fields of the named columns are missing: a mask in the order of <see cref="Floats(IReadOnlyList{string})"/>.</summary>
    /// <param name="names">The columns' names.</param>
    /// <param name="missing">The texts that say that there is no value; white space around a field does not count.</param>
    /// <exception cref="ArgumentException">There is no such text.</exception>
    /// <exception cref="DataException">The file has no such columns.</exception>
    public bool[] IsMissing(IReadOnlyList<string> names, IReadOnlyList<string> missing) => SideBySide(Select(names), column => column.IsMissing(missing));

    private CsvColumn[] Select(Range columns) => [.. CsvColumns.Resolve(_path, columns, Columns.Count).Select(place => Columns[place])];

    private CsvColumn[] Select(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        return [.. names.Select(name => this[name])];
    }

    private T[] SideBySide<T>(CsvColumn[] columns, Func<CsvColumn, T[]> read)
    {
        var values = new T[checked(RowCount * columns.Length)];
        for (var c = 0; c < columns.Length; c++)
        {
            var column = read(columns[c]);
            for (var row = 0; row < column.Length; row++)
                values[row * columns.Length + c] = column[row];
        }
        return values;
    }
}
