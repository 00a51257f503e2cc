using System.CommandLine;
using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Tool;

/// <summary><c>fnn graph</c>: models as pictures: Mermaid text, or a page of HTML.</summary>
internal static class GraphCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.Compiled();
        var model = new Option<string?>("--model") { Description = "The model to draw. Default: all." };
        var html = new Option<string?>("--html") { Description = "A file to write a page to that shows the pictures by itself, instead of Mermaid text." };
        var command = new Command("graph", "Draws models: layers, loops, and the tensors between them.") { paths, model, html };
        command.SetAction(parsed => Run(parsed.GetValue(paths) ?? [], parsed.GetValue(model), parsed.GetValue(html), output, errors));
        return command;
    }

    public static int Run(IReadOnlyList<string> paths, string? name, string? html, TextWriter output, TextWriter errors)
    {
        if (!FnnSources.TryRead(paths, errors, out var sources, out var exitCode)) return exitCode;
        if (!sources.TryFindModels(name, errors, out var models)) return ExitCodes.BadArguments;
        var outlines = models.Select(model => Binder.OutlineModel(sources.Scope, model.Namespace, model.Name)!).ToList();
        if (html is null)
        {
            for (var k = 0; k < outlines.Count; k++)
            {
                if (k > 0) output.WriteLine();
                // Mermaid shows one chart a text: where there are several, a comment says which is which.
                output.Write($"%% {outlines[k].Model.Title}\n{MermaidWriter.Write(outlines[k])}");
            }
            return ExitCodes.Success;
        }
        try
        {
            AtomicFile.WriteText(html, GraphPage.Write(outlines));
        }
        catch (CheckpointException failure)
        {
            errors.WriteLine(failure.Message);
            return ExitCodes.BadArguments;
        }
        output.WriteLine($"{html}: {FnnFiles.Count(outlines.Count, "model")}");
        return ExitCodes.Success;
    }
}
