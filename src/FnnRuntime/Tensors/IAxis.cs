namespace FeedbackNN;

/// <summary>
/// An axis as a C# type: <c>Batch</c>, <c>Pixels</c>, <c>N10</c>. Generated from the names in <c>.fnn</c> files, one type for each name and
/// namespace, so that a tensor over one axis does not fit where another is meant.
/// </summary>
public interface IAxis
{
    /// <summary>The name as the <c>.fnn</c> file writes it: <c>batch</c>, <c>pixels</c>, <c>10</c>.</summary>
    static abstract string Name { get; }

    /// <summary>The size when it is known at build, else null.</summary>
    static abstract int? FixedSize { get; }
}
