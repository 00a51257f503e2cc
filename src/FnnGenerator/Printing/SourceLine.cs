namespace FeedbackNN.Generator.Printing;

/// <summary>A line of a source file: what an origin is turned into when a plan is printed.</summary>
/// <param name="File">As it should stand in <c>#line</c>.</param>
/// <param name="Line">One-based.</param>
/// <param name="Text">The line without indentation and comments.</param>
public sealed record SourceLine(string File, int Line, string Text)
{
    /// <summary><c>digits.fnn(9): h = relu(fc1(x))</c></summary>
    public override string ToString() => $"{File.Substring(File.LastIndexOfAny(['/', '\\']) + 1)}({Line.ToString(System.Globalization.CultureInfo.InvariantCulture)}): {Text}";
}
