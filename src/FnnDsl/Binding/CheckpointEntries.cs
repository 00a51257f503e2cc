using System.Globalization;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The lines of a checkpoint for one model: which rows of which weight stand where in which tensor of a file. When all are there, each tensor's shape is known, and each line becomes a copy between two
/// boxes of numbers.
/// </summary>
internal sealed class CheckpointEntries(Func<Expression, long?> sizeOf, SymbolReports reports, SourceText source, IReadOnlyList<BoundStorage> weights)
{
    /// <summary>Takes the rows of each head that stand as pairs in a file apart: the first of all pairs, then the second.</summary>
    private const string Deinterleave = "deinterleave";

    private const string Forms = "write \"name\", \"name\".T, \"name\"[from:to] or " + Deinterleave + "(\"name\", heads)";

    private readonly List<Piece> _pieces = [];

    /// <param name="First">The first row of the weight.</param>
    /// <param name="From">The first row of the tensor in the file; null where it is the whole tensor.</param>
    /// <param name="Heads">0, or into how many heads <see cref="Deinterleave"/> cuts the rows.</param>
    private sealed record Piece(CheckpointEntry Entry, BoundStorage Weight, long First, long Rows, StringExpression Written, EquatableArray<string> Names, bool IsTransposed, long? From, long Heads, string? Instead);

    public static TextSpan PathSpan(CheckpointEntry entry) => entry.Parts[0].Span.Cover(entry.Parts[entry.Parts.Count - 1].Span);

    /// <summary>Adds what a line says of each weight that it matches, up to the first mistake. False where it matches none.</summary>
    public bool Add(CheckpointEntry entry)
    {
        var matches = weights.Select(weight => (Weight: weight, Holes: Match(entry, weight.Path))).Where(item => item.Holes is not null).ToArray();
        foreach (var (weight, holes) in matches)
        {
            if (Read(entry, weight, holes!) is not { } piece || IsTwice(piece)) break;
            _pieces.Add(piece);
        }
        return matches.Length > 0;
    }

    /// <summary>The weights, or their rows, that no line speaks of.</summary>
    public IReadOnlyList<string> MissingWeights()
    {
        var missing = new List<string>();
        foreach (var weight in weights)
        {
            var next = 0L;
            foreach (var piece in _pieces.Where(piece => piece.Weight == weight).OrderBy(piece => piece.First)) next = piece.First == next ? next + piece.Rows : next;
            if (next < RowsOf(weight)) missing.Add(next == 0 ? weight.Path : $"{weight.Path}[{next}:]");
        }
        return missing;
    }

    /// <summary>The copies between weights and tensors of a file; null after a diagnostic.</summary>
    public EquatableArray<BoundCheckpointPart>? Finish()
    {
        var rowsInFile = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var tensor in _pieces.GroupBy(piece => piece.Names[0]))
        {
            var next = 0L;
            foreach (var piece in tensor.OrderBy(piece => piece.From ?? 0))
            {
                if (next > 0 && piece.From is null)
                {
                    reports.Add(DiagnosticTable.NamedTwice, piece.Written.Span, "two weights can't have one place in a file", (tensor.First().Written.Span, "taken here"), tensor.Key);
                    return null;
                }
                if ((piece.From ?? 0) != next)
                {
                    Unfit(piece.Entry.Theirs.Span, $"no weight has the rows {Math.Min(next, piece.From!.Value)} to {Math.Max(next, piece.From.Value) - 1} of '{tensor.Key}' once");
                    return null;
                }
                next += piece.Rows;
            }
            rowsInFile[tensor.Key] = next;
        }
        return _pieces.Select(piece => Copy(piece, rowsInFile[piece.Names[0]])).ToEquatableArray();
    }

    private Piece? Read(CheckpointEntry entry, BoundStorage weight, IReadOnlyDictionary<string, string> holes)
    {
        var rows = RowsOf(weight);
        if (Range(entry.Rows, rows) is not { } own) return null;
        var theirs = entry.Theirs;
        var heads = 0L;
        if (theirs is CallExpression { Callee: NameExpression { Name: Deinterleave }, Arguments: { Count: 2 } arguments })
        {
            if (sizeOf(arguments[1].Value) is not { } count) return null;
            if (count <= 0 || (own.To - own.From) % (2 * count) != 0) return Unfit(arguments[1].Span, $"{own.To - own.From} rows are not {count} heads with an even number of rows each");
            (theirs, heads) = (arguments[0].Value, count);
        }
        var (isTransposed, from) = (false, (long?)null);
        if (theirs is SubscriptExpression { Subscripts: { Count: 1 } subscripts } sliced && subscripts[0] is RangeSubscript { Step: null } range)
        {
            // Without an end it is as long as what it is for.
            if ((range.From is null ? 0 : sizeOf(range.From)) is not { } first) return null;
            if ((range.To is null ? first + own.To - own.From : sizeOf(range.To)) is not { } end) return null;
            if (end - first != own.To - own.From) return Unfit(range.Span, $"these are {end - first} rows in the file, and {own.To - own.From} of '{weight.Path}'");
            (theirs, from) = (sliced.Target, first);
        }
        if (theirs is MemberExpression { Member.Text: "T" } turned)
        {
            if (weight.Type.Rank != 2) return Unfit(turned.Span, $"'{weight.Path}' is {weight.Type}: only a matrix can be transposed");
            (theirs, isTransposed) = (turned.Target, true);
        }
        if (theirs is not StringExpression written)
        {
            reports.Add(DiagnosticTable.BadCheckpointName, entry.Theirs.Span, Forms, $"'{source.GetText(entry.Theirs.Span)}' is no place in a file");
            return null;
        }
        var names = new List<string>();
        string? instead = null;
        foreach (var name in entry.Others.Select(other => other.Name).OfType<StringExpression>().Prepend(written))
        {
            var filled = holes.Aggregate(name.Value, (text, hole) => text.Replace(hole.Key, hole.Value));
            if (filled.IndexOf('{') >= 0)
            {
                reports.Add(DiagnosticTable.BadCheckpointName, name.Span, null, $"nothing on the left gives a value to {filled.Substring(filled.IndexOf('{')).Split('}')[0]}}}");
                return null;
            }
            names.Add(filled);
        }
        foreach (var path in entry.Others.Select(other => other.Path).OfType<PathPattern>())
        {
            instead = string.Join(".", path.Parts.Select(part => part.Text));
            var other = weights.FirstOrDefault(candidate => candidate.Path == instead);
            if (other is null)
            {
                reports.Add(DiagnosticTable.PatternMatchesNothing, path.Span, Spelling.Fix(source.GetText(path.Span), weights.Select(candidate => candidate.Path)), source.GetText(path.Span));
                return null;
            }
            if (other.Type != weight.Type || entry.Rows is not null) return Unfit(path.Span, $"'{instead}' is {other.Type} and can't stand for '{source.GetText(PathSpan(entry))}', which is {weight.Type}");
        }
        return new Piece(entry, weight, own.From, own.To - own.From, written, names.ToEquatableArray(), isTransposed, from, heads, instead);
    }

    private bool IsTwice(Piece piece)
    {
        if (_pieces.FirstOrDefault(other => other.Weight == piece.Weight && other.First < piece.First + piece.Rows && piece.First < other.First + other.Rows) is { } first)
        {
            reports.Add(DiagnosticTable.NamedTwice, PathSpan(piece.Entry), "leave one of them out", (PathSpan(first.Entry), "the first"), piece.Weight.Path);
            return true;
        }
        if (_pieces.FirstOrDefault(other => other.Names[0] == piece.Names[0] && (other.From is null || piece.From is null)) is { } taken)
        {
            reports.Add(DiagnosticTable.NamedTwice, piece.Written.Span, "two weights can't have one place in a file", (taken.Written.Span, "taken here"), piece.Names[0]);
            return true;
        }
        return false;
    }

    private (long From, long To)? Range(RangeSubscript? range, long rows)
    {
        if (range is null) return (0, rows);
        if ((range.From is null ? 0 : sizeOf(range.From)) is not { } from || (range.To is null ? rows : sizeOf(range.To)) is not { } to) return null;
        if (from >= 0 && from < to && to <= rows) return (from, to);
        Unfit(range.Span, $"there are no rows {from} to {to - 1} among {rows}");
        return null;
    }

    private Piece? Unfit(TextSpan span, string what)
    {
        reports.Add(DiagnosticTable.CheckpointUnfit, span, null, what);
        return null;
    }

    private static long RowsOf(BoundStorage weight) => weight.Type.Rank == 0 ? 1 : weight.Type.Shape[0].Value;

    private static BoundCheckpointPart Copy(Piece piece, long rowsInFile)
    {
        var shape = piece.Weight.Type.Shape.Select(size => size.Value).ToArray();
        var rest = shape.Skip(1).ToArray();
        var columns = rest.Aggregate(1L, (product, size) => product * size);
        var theirShape = shape.Length == 0 ? [] : piece.IsTransposed ? [columns, rowsInFile] : rest.Prepend(rowsInFile).ToArray();
        var (stride, column) = piece.IsTransposed ? (1, rowsInFile) : (columns, 1L);
        var axes = new List<BoundCopyAxis>();
        if (piece.Heads == 0) axes.Add(new(piece.Rows, columns, stride));
        else
        {
            var half = piece.Rows / piece.Heads / 2;
            axes.Add(new(piece.Heads, 2 * half * columns, 2 * half * stride));
            axes.Add(new(2, half * columns, stride));
            axes.Add(new(half, columns, 2 * stride));
        }
        axes.Add(new(columns, 1, column));
        var isWhole = !piece.IsTransposed && piece.Heads == 0 && piece.First == 0 && piece.From is null or 0 && piece.Rows == RowsOf(piece.Weight) && piece.Rows == rowsInFile;
        return isWhole
            ? new BoundCheckpointPart(piece.Weight.Path, piece.Names, null, 0, 0, default, piece.Instead)
            : new BoundCheckpointPart(piece.Weight.Path, piece.Names, theirShape.ToEquatableArray(), piece.First * columns, (piece.From ?? 0) * stride, axes.Where(axis => axis.Size > 1).ToEquatableArray(), piece.Instead);
    }

    /// <summary>What the holes of a line stand for in a name; null where it does not match.</summary>
    private static Dictionary<string, string>? Match(CheckpointEntry entry, string name)
    {
        var parts = name.Split('.');
        if (parts.Length != entry.Parts.Count) return null;
        var holes = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var k = 0; k < parts.Length; k++)
        {
            var wanted = entry.Parts[k].Text;
            if (wanted[0] != '{')
            {
                if (wanted != parts[k]) return null;
                continue;
            }
            var isNumber = int.TryParse(parts[k], NumberStyles.None, CultureInfo.InvariantCulture, out _);
            if (!isNumber || (holes.TryGetValue(wanted, out var known) && known != parts[k])) return null;
            holes[wanted] = parts[k];
        }
        return holes;
    }
}
