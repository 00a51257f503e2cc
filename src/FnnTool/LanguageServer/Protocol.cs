using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool.LanguageServer;

// The shapes of the Language Server Protocol that are used here, named as it names them. https://microsoft.github.io/language-server-protocol/

/// <summary>A line and a UTF-16 column, both from 0.</summary>
internal sealed record Position(int Line, int Character);

internal sealed record Range(Position Start, Position End)
{
    public static Range Of(SourceText source, TextSpan span)
    {
        var (start, end) = (source.GetPosition(span.Start), source.GetPosition(span.End));
        return new Range(new Position(start.Line, start.Column), new Position(end.Line, end.Column));
    }
}

internal sealed record TextDocumentItem(string Uri, int? Version, string Text);

internal sealed record TextDocumentIdentifier(string Uri, int? Version);

internal sealed record DidOpenParams(TextDocumentItem TextDocument);

internal sealed record DidChangeParams(TextDocumentIdentifier TextDocument, IReadOnlyList<ContentChange> ContentChanges);

/// <summary>New text for a range; for the whole document where there is no range.</summary>
internal sealed record ContentChange(Range? Range, string Text);

internal sealed record DocumentParams(TextDocumentIdentifier TextDocument);

internal sealed record PositionParams(TextDocumentIdentifier TextDocument, Position Position);

internal sealed record RenameParams(TextDocumentIdentifier TextDocument, Position Position, string NewName);

internal sealed record InitializeParams(string? RootUri, string? RootPath, IReadOnlyList<WorkspaceFolder>? WorkspaceFolders);

internal sealed record WorkspaceFolder(string Uri);

internal sealed record FoldersChangedParams(FoldersChange Event);

internal sealed record FoldersChange(IReadOnlyList<WorkspaceFolder>? Added, IReadOnlyList<WorkspaceFolder>? Removed);

internal sealed record FilesChangedParams(IReadOnlyList<FileChange> Changes);

internal sealed record FileChange(string Uri);

internal sealed record LspLocation(string Uri, Range Range);

internal sealed record LspDiagnostic(
    Range Range, int Severity, string Code, CodeDescription CodeDescription, string Source, string Message, IReadOnlyList<RelatedInformation>? RelatedInformation);

internal sealed record CodeDescription(string Href);

internal sealed record RelatedInformation(LspLocation Location, string Message);

internal sealed record PublishDiagnosticsParams(string Uri, int? Version, IReadOnlyList<LspDiagnostic> Diagnostics);

internal sealed record MarkupContent(string Kind, string Value)
{
    public static MarkupContent Markdown(string text) => new("markdown", text);
}

internal sealed record HoverResult(MarkupContent Contents, Range Range);

internal sealed record CompletionItem(string Label, int Kind, string? Detail, MarkupContent? Documentation, string SortText);

internal sealed record DocumentSymbol(string Name, string? Detail, int Kind, Range Range, Range SelectionRange, IReadOnlyList<DocumentSymbol>? Children);

internal sealed record LspTextEdit(Range Range, string NewText);

internal sealed record WorkspaceEdit(IReadOnlyDictionary<string, IReadOnlyList<LspTextEdit>> Changes);

internal sealed record LogMessageParams(int Type, string Message);
