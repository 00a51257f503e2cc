using System.CommandLine;
using System.Text;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Formatting;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool;

/// <summary><c>fnn format</c>: gives <c>.fnn</c> files their canonical form, or says which do not have it.</summary>
internal static class FormatCommand
{
    /// <summary>Bytes that are no UTF-8 would be lost when they are written again: they are refused. A byte order mark stays in the text.</summary>
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.OneByOne();
        var check = new Option<bool>("--check") { Description = "Changes nothing; names the files that are not formatted, and exits with 1 if there are any." };
        var command = new Command("format", "Formats .fnn files: white space and line breaks, nothing else.") { paths, check };
        command.SetAction(parsed => Run(parsed.GetValue(paths) ?? [], parsed.GetValue(check), output, errors));
        return command;
    }

    /// <summary>Formats, or with <paramref name="onlyChecks"/> compares, and prints what was found.</summary>
    /// <returns>0 when all is well, 1 when a file can't be formatted or, while checking, is not formatted, 2 when a path does not exist.</returns>
    public static int Run(IReadOnlyList<string> paths, bool onlyChecks, TextWriter output, TextWriter errors)
    {
        if (!FnnFiles.TryFind(paths, errors, out var files)) return ExitCodes.BadArguments;

        var (changed, failed) = (0, 0);
        foreach (var path in files)
        {
            try
            {
                var result = FnnFormatter.Format(new SourceText(path, Utf8.GetString(File.ReadAllBytes(path))));
                if (!result.IsUnderstood)
                {
                    failed++;
                    output.WriteLine(DiagnosticRenderer.RenderAll(result.Diagnostics));
                }
                else if (result.IsChanged)
                {
                    if (!onlyChecks) AtomicFile.Write(path, stream => stream.Write(Utf8.GetBytes(result.Text)), (what, inner) => new IOException($"{what}.", inner));
                    changed++;
                    output.WriteLine((onlyChecks ? "not formatted: " : "formatted: ") + path);
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or DecoderFallbackException)
            {
                failed++;
                errors.WriteLine(exception is DecoderFallbackException
                    ? $"'{path}' is not UTF-8, so it was left as it is. Save it as UTF-8."
                    : $"'{path}' was left as it is: {exception.Message}");
            }
        }

        var same = files.Count - changed - failed;
        output.WriteLine($"{FnnFiles.Count(files.Count, "file")}: " + (onlyChecks
            ? $"{same} formatted, {changed} not formatted, {failed} with errors"
            : $"{changed} changed, {same} unchanged, {failed} with errors"));
        return failed > 0 || (onlyChecks && changed > 0) ? ExitCodes.FoundErrors : ExitCodes.Success;
    }
}
