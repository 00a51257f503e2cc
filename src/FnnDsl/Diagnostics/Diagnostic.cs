using System.Reflection;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Diagnostics;

public enum Severity { Hint, Warning, Error }

/// <summary>A place in a file.</summary>
public readonly record struct Location(SourceText Source, TextSpan Span);

/// <summary>A secondary place with a word to say: "128 comes from here".</summary>
public sealed record Label(Location Location, string Text);

/// <summary>
/// One row of the table of codes.
/// </summary>
/// <param name="Code">FNN1xxx syntax, 2xxx names, 3xxx types and axes, 4xxx feedback, 5xxx training, 6xxx hints, 9xxx failures of the compiler.</param>
/// <param name="Title">The mistake in a few words, without particulars.</param>
/// <param name="Message">The format of the message: {0}, {1} … are filled in.</param>
public sealed record DiagnosticRow(string Code, Severity Severity, string Title, string Message)
{
    // The property DocumentationUrl of Directory.Build.props.
    private static readonly string DocumentationUrl = typeof(DiagnosticRow).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == nameof(DocumentationUrl)).Value;

    /// <summary>The page that explains it, from the root of the repository.</summary>
    public string HelpPage => $"docs/diagnostics/{Code}.md";

    /// <summary>Where that page is read online.</summary>
    public string HelpLink => DocumentationUrl + HelpPage;
}

/// <summary>One thing that is wrong, where, and what to do about it.</summary>
/// <param name="Labels">Secondary places, such as where an axis got its size.</param>
/// <param name="Fix">What to write instead, when one correction is likely; else null.</param>
public sealed record Diagnostic(DiagnosticRow Row, Location Location, string Message, EquatableArray<Label> Labels, string? Fix)
{
    public string Code => Row.Code;

    public Severity Severity => Row.Severity;

    /// <summary>The one-line form that MSBuild and editors pick up: <c>file(line,col): error FNN1001: message</c>.</summary>
    public override string ToString()
    {
        var position = Location.Source.GetPosition(Location.Span.Start);
        var severity = Severity switch { Severity.Error => "error", Severity.Warning => "warning", _ => "hint" };
        return $"{Location.Source.Path}({position}): {severity} {Code}: {Message}";
    }
}
