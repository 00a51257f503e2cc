namespace FeedbackNN;

/// <summary>How a file of separated values is written. What the options say must be so; a reader guesses nothing and skips nothing.</summary>
public sealed record CsvOptions
{
    private readonly char _separator = ',';

    /// <summary>A comma between fields, and no header.</summary>
    public static CsvOptions Default { get; } = new();

    /// <summary>What stands between two fields: one ASCII character, a comma unless said otherwise.</summary>
    /// <exception cref="ArgumentException">It is a quote, a line end or no ASCII character.</exception>
    public char Separator
    {
        get => _separator;
        init => _separator = value is '"' or '\r' or '\n' || value > 127
            ? throw new ArgumentException("A separator is one ASCII character other than a quote or a line end.", nameof(value))
            : value;
    }

    /// <summary>A tab between fields, no header, and quotes that mean nothing: how TSV files are written.</summary>
    public static CsvOptions TabSeparated { get; } = new() { Separator = '\t', HasQuotes = false };

    /// <summary>Whether a field may stand in quotes, which then don't belong to it. True unless said otherwise; without, a quote is a character like others.</summary>
    public bool HasQuotes { get; init; } = true;

    /// <summary>
    /// Whether the first line holds the columns' names. False unless said otherwise: a header taken for data is an error that is seen, data taken for
    /// a header is a sample lost.
    /// </summary>
    public bool HasHeader { get; init; }
}
