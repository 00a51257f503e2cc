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
    public float[] Floats(Range columns)
    {
        var selected = CsvColumns.Resolve(_path, columns, Columns.Count);
        return Floats(selected);
    }

    /// <summary>The named columns as floats: row after row, <see cref="RowCount"/> times the number of names.</summary>
    /// <exception cref="DataException">The file has no such columns, or a field is no finite number.</exception>
    public float[] Floats(IReadOnlyList<string> names) => Floats(names.Select(name => CsvColumns.Resolve(_path, name, _header)).ToArray());

    private float[] Floats(int[] selected)
    {
        var values = new float[checked(RowCount * selected.Length)];
        for (var c = 0; c < selected.Length; c++)
        {
            var column = Columns[selected[c]];
            for (var row = 0; row < column.Count; row++)
                values[row * selected.Length + c] = column.Float(row);
        }
        return values;
    }
}
