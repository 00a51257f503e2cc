using System.Collections.Immutable;
using System.Globalization;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Text;
using Microsoft.CodeAnalysis;
using DslDiagnostic = FeedbackNN.Dsl.Diagnostics.Diagnostic;
using DslLocation = FeedbackNN.Dsl.Diagnostics.Location;
using RoslynDiagnostic = Microsoft.CodeAnalysis.Diagnostic;
using RoslynLocation = Microsoft.CodeAnalysis.Location;

namespace FeedbackNN.Generator;

/// <summary>Turns the language's diagnostics into Roslyn's: each row of the table is a descriptor, each span a location in the <c>.fnn</c> file.</summary>
internal static class DiagnosticDescriptors
{
    private static readonly Dictionary<string, DiagnosticDescriptor> ByCode =
        DiagnosticTable.All.ToDictionary(row => row.Code, Describe, StringComparer.Ordinal);

    public static ImmutableArray<DiagnosticDescriptor> All { get; } =
        ByCode.Values.OrderBy(descriptor => descriptor.Id, StringComparer.Ordinal).ToImmutableArray();

    public static RoslynDiagnostic Convert(DslDiagnostic diagnostic) => RoslynDiagnostic.Create(
        ByCode[diagnostic.Code],
        Convert(diagnostic.Location),
        diagnostic.Labels.Select(label => Convert(label.Location)),
        Compose(diagnostic));

    /// <summary>The message on one line, as build output wants it: what is wrong, where the parts come from, what to write.</summary>
    private static string Compose(DslDiagnostic diagnostic)
    {
        var message = diagnostic.Message;
        if (diagnostic.Labels.Count > 0) message += $" ({string.Join("; ", diagnostic.Labels.Select(label => Compose(label, diagnostic.Location.Source)))})";
        if (diagnostic.Fix is { } fix) message += $"; fix: {fix}";
        return message;
    }

    private static string Compose(Label label, SourceText mentioned)
    {
        var source = label.Location.Source;
        var line = source.GetPosition(label.Location.Span.Start).Line + 1;
        var place = string.Format(CultureInfo.InvariantCulture, source == mentioned ? "line {0}" : "{1}, line {0}", line, source.Path);
        return $"{place}: {label.Text}";
    }

    private static RoslynLocation Convert(DslLocation location)
    {
        var start = location.Source.GetPosition(location.Span.Start);
        var end = location.Source.GetPosition(location.Span.End);
        return RoslynLocation.Create(
            location.Source.Path,
            new Microsoft.CodeAnalysis.Text.TextSpan(location.Span.Start, location.Span.Length),
            new Microsoft.CodeAnalysis.Text.LinePositionSpan(new(start.Line, start.Column), new(end.Line, end.Column)));
    }

    private static DiagnosticDescriptor Describe(DiagnosticRow row) => new(
        row.Code,
        row.Title,
        "{0}",
        Category(row.Code),
        row.Severity switch
        {
            Severity.Error => DiagnosticSeverity.Error,
            Severity.Warning => DiagnosticSeverity.Warning,
            _ => DiagnosticSeverity.Info,
        },
        isEnabledByDefault: true,
        helpLinkUri: row.HelpLink);

    /// <summary>By the thousands of the code: FNN1xxx syntax, 2xxx names, …</summary>
    private static string Category(string code) => code["FNN".Length] switch
    {
        '1' => "FeedbackNN.Syntax",
        '2' => "FeedbackNN.Names",
        '3' => "FeedbackNN.Types",
        '4' => "FeedbackNN.Feedback",
        '5' => "FeedbackNN.Training",
        '6' => "FeedbackNN.Hints",
        _ => "FeedbackNN.Compiler",
    };
}
