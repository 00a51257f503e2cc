using System.Text.Json;
using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>Tells the editor what is wrong in each file, and that nothing is any more. A file of which there is nothing new to tell is left alone.</summary>
internal sealed class DiagnosticsPublisher(MessageStream stream, Workspace workspace)
{
    // By path: the address under which something was told, and what.
    private readonly Dictionary<string, (string Address, string Told)> _told = new(FileAddress.Comparer);

    public void Publish(Project project)
    {
        var byFile = project.Compilation.Diagnostics.ToLookup(diagnostic => diagnostic.Location.Source);
        foreach (var file in project.Files)
        {
            var path = file.Source.Path;
            Tell(path, byFile[file.Source].Select(Convert).ToArray(), isWanted: workspace.IsOpen(path));
        }
        // Files that are gone.
        foreach (var path in _told.Keys.Where(path => !workspace.Projects.Any(any => any.Find(path) is not null)).ToArray()) Tell(path, [], isWanted: false);
    }

    private void Tell(string path, IReadOnlyList<LspDiagnostic> diagnostics, bool isWanted)
    {
        var address = workspace.AddressOf(path);
        var version = workspace.VersionOf(path);
        var text = JsonSerializer.Serialize(new { version, diagnostics });
        var isKnown = _told.TryGetValue(path, out var before);
        if (isKnown ? before == (address, text) : diagnostics.Count == 0 && !isWanted) return;
        // The editor knew the file by another name.
        if (isKnown && before.Address != address) stream.Notify("textDocument/publishDiagnostics", new PublishDiagnosticsParams(before.Address, null, []));
        stream.Notify("textDocument/publishDiagnostics", new PublishDiagnosticsParams(address, version, diagnostics));
        if (diagnostics.Count == 0 && !isWanted) _told.Remove(path);
        else _told[path] = (address, text);
    }

    private LspDiagnostic Convert(Diagnostic diagnostic)
    {
        var related = diagnostic.Labels
            .Select(label => workspace.AddressOf(label.Location.Source) is { } address
                ? new RelatedInformation(new LspLocation(address, Range.Of(label.Location.Source, label.Location.Span)), label.Text)
                : null)
            .OfType<RelatedInformation>().ToArray();
        return new LspDiagnostic(
            Range.Of(diagnostic.Location.Source, diagnostic.Location.Span),
            diagnostic.Severity switch { Severity.Error => 1, Severity.Warning => 2, _ => 3 },
            diagnostic.Code,
            new CodeDescription(diagnostic.Row.HelpLink),
            "fnn",
            diagnostic.Fix is { } fix ? $"{diagnostic.Message}\nfix: {fix}" : diagnostic.Message,
            related.Length > 0 ? related : null);
    }
}
