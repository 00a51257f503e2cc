using System.Globalization;
using System.Text;

namespace FeedbackNN;

/// <summary>A tensor that a model and the source of a transfer both have, with different shapes.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Here">Such as <c>F32[3, 16]</c>.</param>
/// <param name="There">Such as <c>F32[4, 16]</c>.</param>
public sealed record ShapeDifference(string Name, string Here, string There)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({There} there, {Here} here)";
}

/// <summary>What a transfer has taken over, and what not. Names are the model's names in checkpoints, those of <see cref="Extra"/> the source's.</summary>
/// <param name="Source">Where the weights come from: the file, or the other model.</param>
/// <param name="Matched">Taken over.</param>
/// <param name="Missing">The source doesn't have them.</param>
/// <param name="Extra">The model doesn't have them.</param>
/// <param name="Different">Both have them, with different shapes.</param>
public sealed record TransferReport(
    string Source, IReadOnlyList<string> Matched, IReadOnlyList<string> Missing, IReadOnlyList<string> Extra, IReadOnlyList<ShapeDifference> Different)
{
    /// <summary>What differs, in any of the ways.</summary>
    public Mismatches Mismatches =>
        (Missing.Count > 0 ? Mismatches.Missing : 0) | (Extra.Count > 0 ? Mismatches.Extra : 0) | (Different.Count > 0 ? Mismatches.Shape : 0);

    /// <summary>A line for what matched and one for each kind of difference there is, with all names.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Matched.Count} of {Matched.Count + Missing.Count + Different.Count} tensors from {Source}");
        text.Append(Describe(Mismatches));
        return text.ToString();
    }

    /// <summary>A line for each of these kinds of difference.</summary>
    internal string Describe(Mismatches kinds)
    {
        var text = new StringBuilder();
        if (kinds.HasFlag(Mismatches.Missing)) AddLine("missing, not in the source", Missing);
        if (kinds.HasFlag(Mismatches.Extra)) AddLine("extra, not in this model", Extra);
        if (kinds.HasFlag(Mismatches.Shape)) AddLine("shape differs", Different);
        return text.ToString();

        void AddLine(string what, IReadOnlyList<object> names) =>
            text.Append('\n').Append(CultureInfo.InvariantCulture, $"  {what} ({names.Count}): ").AppendJoin(", ", names);
    }
}
