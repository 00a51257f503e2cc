namespace FeedbackNN;

/// <summary>
/// Reads samples for classification out of a file of separated values, packed with gzip or not: some columns are the features, one is the label.
/// The file streams through; only the numbers stay in memory.
/// </summary>
public static class CsvSource
{
    /// <summary>Columns by place: <c>CsvSource.Read("digits.csv.gz", features: ..64, label: 64, classes: 10)</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="features">The columns that hold the features, such as <c>..64</c> or <c>1..</c>.</param>
    /// <param name="label">The column that holds the label: a whole number from 0 to classes - 1; <c>^1</c> is the last.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="options">How the file is written; null means commas and no header.</param>
    /// <exception cref="DataException">The file is not there, damaged or empty, a line has another shape, or a field is not what it should be.</exception>
    /// <exception cref="ArgumentException">The label is one of the features.</exception>
    public static LabelledData Read(string path, Range features, Index label, int classes, CsvOptions? options = null) =>
        Read(
            path,
            reader => (CsvColumns.Resolve(path, features, reader.FieldCount), CsvColumns.Resolve(path, label, reader.FieldCount)),
            classes,
            options ?? CsvOptions.Default);

    /// <summary>Columns by name, for a file with a header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="features">The names of the columns that hold the features, in the order that the samples shall have.</param>
    /// <param name="label">The name of the column that holds the label: a whole number from 0 to classes - 1.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="options">How the file is written; null means commas and a header.</param>
    /// <exception cref="DataException">The file is not there, damaged or empty, a line has another shape, or a field is not what it should be.</exception>
    /// <exception cref="ArgumentException">The label is one of the features, or there are none.</exception>
    public static LabelledData Read(string path, IReadOnlyList<string> features, string label, int classes, CsvOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Count == 0)
            throw new ArgumentException("A sample needs at least one feature.", nameof(features));
        return Read(
            path,
            reader => (features.Select(name => CsvColumns.Resolve(path, name, reader.Header)).ToArray(), CsvColumns.Resolve(path, label, reader.Header)),
            classes,
            options ?? new CsvOptions { HasHeader = true });
    }

    private static LabelledData Read(string path, Func<CsvReader, (int[] Features, int Label)> resolve, int classes, CsvOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        using var reader = new CsvReader(path, options);
        if (!reader.Read())
            throw new DataException(path, reader.Header is null ? "it is empty" : "it has a header and no data", "Check that it is the right file");

        var (features, label) = resolve(reader);
        if (features.Contains(label))
            throw new ArgumentException($"Column {label} is the label and one of the features: a network would only have to copy it.", nameof(label));

        var values = new List<float>();
        var labels = new List<int>();
        do
        {
            if (values.Count > Array.MaxLength - features.Length)
                throw DataException.AtLine(path, reader.Line, "there are more numbers than fit an array", "Cut the file into several");
            foreach (var column in features)
                values.Add(CsvFields.Float(new CsvPlace(path, reader.Line, column, reader.Header), reader.Field(column)));
            labels.Add(CsvFields.Label(new CsvPlace(path, reader.Line, label, reader.Header), reader.Field(label), classes));
        }
        while (reader.Read());
        return new LabelledData(values.ToArray(), features.Length, labels.ToArray(), classes);
    }
}
