namespace FeedbackNN;

/// <summary>Finds columns by place or name and says what there is when they are not there.</summary>
internal static class CsvColumns
{
    public static int Resolve(string path, Index column, int count)
    {
        var place = column.GetOffset(count);
        return (uint)place < (uint)count
            ? place
            : throw new DataException(path, $"it has {count} columns, so there is no column {column}", "Check the column, or the separator");
    }

    public static int[] Resolve(string path, Range columns, int count)
    {
        var begin = columns.Start.GetOffset(count);
        var end = columns.End.GetOffset(count);
        if (begin < 0 || end > count || begin >= end)
            throw new DataException(path, $"it has {count} columns, so there are no columns {columns}", "Check the range, or the separator");
        return Enumerable.Range(begin, end - begin).ToArray();
    }

    public static int Resolve(string path, string name, string[]? header)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (header is null)
            throw new DataException(path, $"a column was asked for by its name, '{name}', but the file was read without a header", "Say HasHeader = true, or use the column's place");

        var place = Array.IndexOf(header, name);
        if (place < 0)
            throw new DataException(path, $"it has no column '{name}'; its columns are {string.Join(", ", header)}", "Check the name");
        if (Array.IndexOf(header, name, place + 1) >= 0)
            throw new DataException(path, $"it has several columns '{name}'", "Use the column's place instead");
        return place;
    }
}
