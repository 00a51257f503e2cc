using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Printing;

namespace FeedbackNN.Generator.Compilation;

/// <summary>The line an origin lies on.</summary>
internal sealed record OriginLine(Origin Origin, SourceLine Line);

/// <summary>
/// The lines that one declaration's plans refer to. It stands beside the plans instead of in them: an edit that only moves lines changes
/// this table and reruns the printer, and nothing else.
/// </summary>
internal sealed record LineTable(EquatableArray<OriginLine> Lines)
{
    private readonly Dictionary<Origin, SourceLine> _byOrigin = Lines.ToDictionary(line => line.Origin, line => line.Line);

    public SourceLine? Find(Origin origin) => _byOrigin.TryGetValue(origin, out var line) ? line : null;

    public bool Equals(LineTable? other) => other is not null && Lines == other.Lines;

    public override int GetHashCode() => Lines.GetHashCode();

    /// <summary>The code of a line: a comment at its end changes nothing, so it must not lead to other output.</summary>
    public static string CodeOf(string line)
    {
        var isInString = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\' && isInString) i++;
            else if (line[i] == '"') isInString = !isInString;
            else if (!isInString && line[i] == '/' && i + 1 < line.Length && line[i + 1] == '/') return line.Substring(0, i).Trim();
        }
        return line.Trim();
    }
}
