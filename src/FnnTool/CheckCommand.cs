using System.CommandLine;
using System.Text.Json;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool;

/// <summary><c>fnn check</c>: reads <c>.fnn</c> files as one project would and prints what is wrong with them.</summary>
internal static class CheckCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.Compiled();
        var json = new Option<bool>("--json") { Description = "One JSON object a line for each finding, for programs to read." };
        var command = new Command("check", "Checks .fnn files: names, types, axes, trainings.") { paths, json };
        command.SetAction(parsed => Run(parsed.GetValue(paths) ?? [], parsed.GetValue(json), output, errors));
        return command;
    }

    /// <summary>Checks and prints.</summary>
    /// <returns>0 without errors, 1 with errors, 2 when a path does not exist or can't be read.</returns>
    public static int Run(IReadOnlyList<string> paths, bool asJson, TextWriter output, TextWriter errors)
    {
        if (!FnnFiles.TryFind(paths, errors, out var files)) return ExitCodes.BadArguments;
        if (!FnnFiles.TryParse(files, errors, out var trees)) return ExitCodes.BadArguments;

        var diagnostics = FnnCompiler.Check(trees, FnnFiles.RootNamespace);
        if (asJson) foreach (var diagnostic in diagnostics) output.WriteLine(ToJson(diagnostic));
        else if (diagnostics.Count > 0) output.WriteLine(DiagnosticRenderer.RenderAll(diagnostics));

        var errorCount = diagnostics.Count(diagnostic => diagnostic.Severity == Severity.Error);
        if (!asJson) output.WriteLine($"{FnnFiles.Count(files.Count, "file")} checked: {FnnFiles.Count(errorCount, "error")}, {FnnFiles.Count(diagnostics.Count - errorCount, "other finding")}");
        return errorCount > 0 ? ExitCodes.FoundErrors : ExitCodes.Success;
    }

    /// <summary>Lines and columns count from 1; an end is the position after the last character.</summary>
    private static string ToJson(Diagnostic diagnostic) => JsonSerializer.Serialize(new
    {
        code = diagnostic.Code,
        severity = diagnostic.Severity.ToString().ToLowerInvariant(),
        message = diagnostic.Message,
        fix = diagnostic.Fix,
        place = Place(diagnostic.Location),
        labels = diagnostic.Labels.Select(label => new { text = label.Text, place = Place(label.Location) }).ToArray(),
    });

    private static object Place(Location location)
    {
        var start = location.Source.GetPosition(location.Span.Start);
        var end = location.Source.GetPosition(location.Span.End);
        return new { file = location.Source.Path, line = start.Line + 1, column = start.Column + 1, endLine = end.Line + 1, endColumn = end.Column + 1 };
    }
}
