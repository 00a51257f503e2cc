namespace FeedbackNN;

/// <summary>Reads files of separated values (RFC 4180, UTF-8), packed with gzip or not.</summary>
public static class CsvFile
{
    /// <summary>
    /// Reads a whole file into a table of columns, whose fields become numbers or text when a column is asked for. For features and labels only,
    /// <see cref="CsvSource"/> takes less memory.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is written; null means commas and no header.</param>
    /// <exception cref="DataException">The file is not there, cut short or empty, a line has another number of fields than the first, or quotes don't match.</exception>
    public static CsvTable Read(string path, CsvOptions? options = null)
    {
        using var reader = new CsvReader(path, options ?? CsvOptions.Default);
        CsvColumnBuilder[]? columns = null;
        var lines = new List<long>();
        while (reader.Read())
        {
            if (columns is null)
            {
                columns = new CsvColumnBuilder[reader.FieldCount];
                for (var i = 0; i < columns.Length; i++)
                    columns[i] = new CsvColumnBuilder();
            }
            for (var i = 0; i < columns.Length; i++)
            {
                if (!columns[i].TryAdd(reader.Field(i)))
                    throw DataException.AtLine(path, reader.Line, "a column has more text than fits in memory at once (2 GiB)", "Cut the file into several");
            }
            lines.Add(reader.Line);
        }
        if (columns is null)
            throw new DataException(path, reader.Header is null ? "it is empty" : "it has a header and no data", "Check that it is the right file");

        var lineOfRow = lines.ToArray();
        return new CsvTable(
            path, reader.Header, columns.Select((column, index) => new CsvColumn(path, reader.Header, index, lineOfRow, column.Bytes, column.Ends)).ToArray());
    }
}

/// <summary>Gathers the fields of one column, one after another, in two flat arrays.</summary>
internal sealed class CsvColumnBuilder
{
    private byte[] _bytes = new byte[256];
    private int[] _ends = new int[64];
    private int _rows;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _rows == 0 ? 0 : _ends[_rows - 1]);

    public ReadOnlyMemory<int> Ends => _ends.AsMemory(0, _rows);

    public bool TryAdd(ReadOnlySpan<byte> field)
    {
        var begin = _rows == 0 ? 0 : _ends[_rows - 1];
        if (field.Length > Array.MaxLength - begin || _rows == Array.MaxLength)
            return false;
        if (begin + field.Length > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(2L * _bytes.Length, begin + field.Length)));
        if (_rows == _ends.Length)
            Array.Resize(ref _ends, (int)Math.Min(Array.MaxLength, 2L * _rows));
        field.CopyTo(_bytes.AsSpan(begin));
        _ends[_rows++] = begin + field.Length;
        return true;
    }
}
