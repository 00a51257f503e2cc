using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// Data that can't be used as it is: the message says in which file and where, what is wrong and what to do. Nothing that was read before it is kept.
/// </summary>
public sealed class DataException : Exception
{
    /// <summary>Something is wrong with a file as a whole, or with samples that come from no file (then <paramref name="file"/> is null).</summary>
    public DataException(string? file, string what, string whatToDo, Exception? inner = null)
        : this(file, null, null, what, whatToDo, inner)
    {
    }

    private DataException(string? file, long? line, long? offset, string what, string whatToDo, Exception? inner)
        : base(Describe(file, line, offset, what, whatToDo), inner)
    {
        File = file;
        Line = line;
        Offset = offset;
    }

    /// <summary>The file, as it was named to the reader; null for samples that come from no file.</summary>
    public string? File { get; }

    /// <summary>The line in the file, from 1; null in a binary file, or where no line is to blame.</summary>
    public long? Line { get; }

    /// <summary>The byte in the (unpacked) file, from 0; null in a text file, or where no byte is to blame.</summary>
    public long? Offset { get; }

    internal static DataException AtLine(string file, long line, string what, string whatToDo, Exception? inner = null) =>
        new(file, line, null, what, whatToDo, inner);

    internal static DataException AtOffset(string file, long offset, string what, string whatToDo, Exception? inner = null) =>
        new(file, null, offset, what, whatToDo, inner);

    private static string Describe(string? file, long? line, long? offset, string what, string whatToDo)
    {
        var place = (file, line, offset) switch
        {
            (null, _, _) => "",
            (_, { } atLine, _) => string.Create(CultureInfo.InvariantCulture, $"{file}({atLine}): "),
            (_, _, { } atOffset) => string.Create(CultureInfo.InvariantCulture, $"{file}, byte {atOffset}: "),
            _ => file + ": ",
        };
        return $"{place}{what}. {whatToDo}.";
    }
}
