using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FeedbackNN.Text;

/// <summary>
/// Reads documents from files, packed with gzip or not, in UTF-8. They stream: one is in memory at a time, and reading them again opens the files again.
/// </summary>
/// <remarks>What is wrong with a file is found when its document is reached: a <see cref="DataException"/> that says where.</remarks>
public static class Documents
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A file as one document.</summary>
    public static IEnumerable<Document> FromFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read();

        IEnumerable<Document> Read()
        {
            yield return new Document(ReadAll(path), Source: path);
        }
    }

    /// <summary>The files of a folder and of those inside it, each a document, by name: the same order everywhere.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pattern">Of the files' names, such as <c>*.md</c>.</param>
    /// <param name="labelByFolder">The label is the name of the folder that a file lies in.</param>
    /// <exception cref="DataException">There is no such folder, or no such file in it.</exception>
    public static IEnumerable<Document> FromFolder(string folder, string pattern = "*.txt", bool labelByFolder = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        if (!Directory.Exists(folder)) throw new DataException(folder, "there is no such folder", $"Check the path; relative ones begin in {Environment.CurrentDirectory}");
        var files = Directory.GetFiles(folder, pattern, SearchOption.AllDirectories);
        if (files.Length == 0) throw new DataException(folder, $"no file in it is called {pattern}", "Check the pattern, or give another one");
        Array.Sort(files, StringComparer.Ordinal);
        return files.Select(file => new Document(ReadAll(file), labelByFolder ? Path.GetFileName(Path.GetDirectoryName(file)) : null, file));
    }

    /// <summary>Each line of a file that isn't blank, as a document.</summary>
    public static IEnumerable<Document> FromLines(string path) =>
        Lines(path).Where(line => !string.IsNullOrWhiteSpace(line.Text)).Select(line => new Document(line.Text, Source: Place(path, line.Number)));

    /// <summary>Each row of a file of separated values as a document, its columns by name.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The column with the text.</param>
    /// <param name="label">The column with the label; null for none.</param>
    /// <param name="options">How the file is written; null means commas and a header.</param>
    public static IEnumerable<Document> FromCsv(string path, string text, string? label = null, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(text);
        return FromCsv(
            path, options ?? new CsvOptions { HasHeader = true },
            reader => (CsvColumns.Resolve(path, text, reader.Header), label is null ? null : CsvColumns.Resolve(path, label, reader.Header)));
    }

    /// <summary>The same by place: <c>Documents.FromCsv("sms.tsv", text: 1, label: 0, CsvOptions.TabSeparated)</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The column with the text; <c>^1</c> is the last.</param>
    /// <param name="label">The column with the label; null for none.</param>
    /// <param name="options">How the file is written; null means commas and no header.</param>
    public static IEnumerable<Document> FromCsv(string path, Index text, Index? label = null, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return FromCsv(
            path, options ?? CsvOptions.Default,
            reader => (CsvColumns.Resolve(path, text, reader.FieldCount), label is { } column ? CsvColumns.Resolve(path, column, reader.FieldCount) : null));
    }

    private static IEnumerable<Document> FromCsv(string path, CsvOptions options, Func<CsvReader, (int Text, int? Label)> resolve)
    {
        using var reader = new CsvReader(path, options);
        if (!reader.Read()) throw new DataException(path, reader.Header is null ? "it is empty" : "it has a header and no data", "Check that it is the right file");
        var (text, label) = resolve(reader);
        do
        {
            yield return new Document(reader.Text(text), label is { } column ? reader.Text(column) : null, Place(path, reader.Line));
        }
        while (reader.Read());
    }

    /// <summary>Each line of a file, a JSON object, as a document (JSON lines).</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The property with the text.</param>
    /// <param name="label">The property with the label, a string, number or boolean; null for none.</param>
    public static IEnumerable<Document> FromJsonLines(string path, string text = "text", string? label = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return Lines(path).Where(line => !string.IsNullOrWhiteSpace(line.Text)).Select(line => Parse(line.Text, line.Number));

        Document Parse(string line, long number)
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                var (what, said) = (Property(json, text, number), label is null ? null : Property(json, label, number).ToString());
                if (what.ValueKind != JsonValueKind.String) throw DataException.AtLine(path, number, $"its \"{text}\" is not a string", "Name the property that has the text");
                return new Document(what.GetString()!, said, Place(path, number));
            }
            catch (JsonException error)
            {
                throw DataException.AtLine(path, number, $"it is not JSON ({error.Message.TrimEnd('.')})", "Each line is one JSON object", error);
            }
        }

        JsonElement Property(JsonDocument json, string name, long number)
        {
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw DataException.AtLine(path, number, "it is not a JSON object", "Each line is one, such as {\"text\": \"…\"}");
            if (json.RootElement.TryGetProperty(name, out var value)) return value;
            var names = string.Join(", ", json.RootElement.EnumerateObject().Select(property => $"\"{property.Name}\""));
            throw DataException.AtLine(path, number, $"it has no \"{name}\", only {(names.Length == 0 ? "nothing" : names)}", "Name the property that has it");
        }
    }

    private static string Place(string path, long line) => string.Create(CultureInfo.InvariantCulture, $"{path}({line})");

    internal static IEnumerable<(string Text, long Number)> Lines(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read();

        IEnumerable<(string, long)> Read()
        {
            using var reader = new StreamReader(DataFile.Open(path), Strict);
            for (long number = 1; ; number++)
            {
                string? line;
                try
                {
                    line = reader.ReadLine();
                }
                catch (DecoderFallbackException error)
                {
                    throw DataException.AtLine(path, number, "it is not UTF-8, here or shortly behind", "Convert the file to UTF-8", error);
                }
                if (line is null) yield break;
                yield return (line, number);
            }
        }
    }

    private static string ReadAll(string path)
    {
        using var reader = new StreamReader(DataFile.Open(path), Strict);
        try
        {
            return reader.ReadToEnd();
        }
        catch (DecoderFallbackException error)
        {
            throw new DataException(path, "it is not UTF-8", "Convert it to UTF-8, or leave it out by the pattern", error);
        }
    }
}
