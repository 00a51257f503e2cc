using System.CommandLine;
using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Tool;

/// <summary><c>fnn explain FNN3004</c>: prints what a code means, with a wrong and a right program; without a code, the list of all.</summary>
internal static class ExplainCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var code = new Argument<string?>("code")
        {
            Description = "A code, such as FNN3004 or 3004. Default: all codes are listed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("explain", "Explains a code of an error, a warning or a hint.") { code };
        command.SetAction(parsed => Run(parsed.GetValue(code), output, errors));
        return command;
    }

    /// <summary>Prints the page of a code, or the list.</summary>
    /// <returns>0, or 2 when there is no such code.</returns>
    public static int Run(string? code, TextWriter output, TextWriter errors)
    {
        if (code is null)
        {
            foreach (var row in DiagnosticTable.All) output.WriteLine($"{row.Code}  {row.Severity.ToString().ToLowerInvariant(),-7}  {row.Title}");
            return ExitCodes.Success;
        }
        if (DiagnosticPages.Find(code) is not { } found)
        {
            var meant = DiagnosticPages.Nearest(code) is { } near ? $" Did you mean {near} ({DiagnosticPages.Find(near)!.Title})?" : "";
            errors.WriteLine($"There is no code '{code}'.{meant} 'fnn explain' lists all codes.");
            return ExitCodes.BadArguments;
        }
        output.Write(PlainPage.Of(DiagnosticPages.Read(found)).ReplaceLineEndings(output.NewLine));
        return ExitCodes.Success;
    }
}
