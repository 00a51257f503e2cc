using System.Collections.Concurrent;
using System.Text.Json;

namespace FeedbackNN.Tool.LanguageServer;

/// <summary>
/// The server's loop. One thread reads, this one answers in order; when nothing is waiting, what has changed is checked. So a check is never made for a text that a key has already
/// replaced, and a request sees the text as it was when it was made.
/// </summary>
internal sealed class Server
{
    private const int ParseError = -32700;
    private const int InvalidRequest = -32600;
    private const int MethodNotFound = -32601;
    private const int InvalidParameters = -32602;
    private const int InternalError = -32603;
    private const int NotInitialized = -32002;
    private const int RequestCancelled = -32800;

    private readonly MessageStream _stream;
    private readonly BlockingCollection<Message> _waiting = [];
    private readonly ConcurrentDictionary<string, bool> _cancelled = new(StringComparer.Ordinal);
    private readonly LibraryFolder _library = new();
    private readonly Workspace _workspace;
    private readonly DiagnosticsPublisher _publisher;
    private readonly Dictionary<string, Func<JsonElement, object?>> _requests;
    private readonly Dictionary<string, Action<JsonElement>> _notifications;
    private bool _isInitialized;
    private bool _isShutDown;

    /// <param name="Problem">Why a message could not be read; else null.</param>
    private sealed record Message(JsonElement Content, string? Problem);

    public Server(MessageStream stream)
    {
        _stream = stream;
        _workspace = new Workspace(_library);
        _publisher = new DiagnosticsPublisher(stream, _workspace);
        _requests = new(StringComparer.Ordinal)
        {
            ["initialize"] = Ask<InitializeParams>(Initialize),
            ["shutdown"] = _ => Shutdown(),
            ["textDocument/hover"] = Ask<PositionParams>(at => Locate(at.TextDocument, at.Position) is { } cursor ? Hover.Of(cursor) : null),
            ["textDocument/definition"] = Ask<PositionParams>(at => Locate(at.TextDocument, at.Position) is { } cursor ? Definition.Of(cursor, _workspace) : null),
            ["textDocument/completion"] = Ask<PositionParams>(at => Locate(at.TextDocument, at.Position) is { } cursor ? Completion.Of(cursor) : []),
            ["textDocument/documentSymbol"] = Ask<DocumentParams>(document => _workspace.Find(document.TextDocument.Uri) is { } cursor ? Outline.Of(cursor) : []),
            ["textDocument/formatting"] = Ask<DocumentParams>(document => _workspace.Find(document.TextDocument.Uri) is { } cursor ? Formatting.Of(cursor) : []),
            ["textDocument/prepareRename"] = Ask<PositionParams>(at => Locate(at.TextDocument, at.Position) is { } cursor ? Rename.Prepare(cursor) : null),
            ["textDocument/rename"] = Ask<RenameParams>(at => Locate(at.TextDocument, at.Position) is { } cursor ? Rename.Of(cursor, at.NewName, _workspace) : null),
        };
        _notifications = new(StringComparer.Ordinal)
        {
            ["initialized"] = _ => { },
            ["textDocument/didOpen"] = Tell<DidOpenParams>(opened => _workspace.Open(opened.TextDocument.Uri, opened.TextDocument.Version, opened.TextDocument.Text)),
            ["textDocument/didChange"] = Tell<DidChangeParams>(changed => _workspace.Change(changed.TextDocument.Uri, changed.TextDocument.Version, changed.ContentChanges)),
            ["textDocument/didClose"] = Tell<DocumentParams>(closed => _workspace.Close(closed.TextDocument.Uri)),
            ["textDocument/didSave"] = _ => { },
            ["workspace/didChangeWatchedFiles"] = Tell<FilesChangedParams>(files =>
            {
                foreach (var change in files.Changes) _workspace.Reload(FileAddress.PathOf(change.Uri));
            }),
            ["workspace/didChangeWorkspaceFolders"] = Tell<FoldersChangedParams>(folders =>
            {
                foreach (var folder in folders.Event.Removed ?? []) _workspace.RemoveRoot(FileAddress.PathOf(folder.Uri));
                foreach (var folder in folders.Event.Added ?? []) _workspace.AddRoot(FileAddress.PathOf(folder.Uri));
            }),
        };
    }

    /// <summary>Serves until 'exit' or the end of the input.</summary>
    /// <returns>0 when 'shutdown' came before, else 1.</returns>
    public int Run()
    {
        // In the background: a read that never ends does not keep the process alive.
        new Thread(ReadAll) { IsBackground = true }.Start();
        try
        {
            while (true)
            {
                if (!_waiting.TryTake(out var message))
                {
                    CheckWhatChanged();
                    if (!_waiting.TryTake(out message, Timeout.Infinite)) return 1;
                }
                if (message.Problem is { } problem) _stream.RespondError(null, ParseError, problem);
                else if (Answer(message.Content) is { } exitCode) return exitCode;
            }
        }
        catch (IOException)
        {
            // The editor is gone.
            return 1;
        }
    }

    private void ReadAll()
    {
        try
        {
            while (true)
            {
                try
                {
                    if (_stream.Read() is not { } document) break;
                    if (CancelledBy(document.RootElement) is { } id) _cancelled[id] = true;
                    else _waiting.Add(new Message(document.RootElement, null));
                }
                catch (JsonException problem)
                {
                    _waiting.Add(new Message(default, $"The message is not JSON: {problem.Message}"));
                }
            }
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // The end of the input, said otherwise.
        }
        _waiting.CompleteAdding();
    }

    // A cancellation overtakes the request that is waiting.
    private static string? CancelledBy(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("method", out var method) && method.ValueKind == JsonValueKind.String && method.ValueEquals("$/cancelRequest")
        && message.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object && parameters.TryGetProperty("id", out var id)
            ? id.GetRawText()
            : null;

    private void CheckWhatChanged()
    {
        if (!_isInitialized || _isShutDown) return;
        foreach (var project in _workspace.Projects.Where(project => project.IsDirty).ToArray())
        {
            Guarded("check", () =>
            {
                _ = project.Compilation;
                // A key has been pressed meanwhile: what was found is kept, and told when that is done.
                if (_waiting.Count > 0) return;
                project.IsDirty = false;
                _publisher.Publish(project);
            }, () => project.IsDirty = false);
            if (_waiting.Count > 0) return;
        }
    }

    /// <summary>Answers a message; the exit code when it was the last one.</summary>
    private int? Answer(JsonElement message)
    {
        JsonElement? id = message.ValueKind == JsonValueKind.Object && message.TryGetProperty("id", out var given) && given.ValueKind is JsonValueKind.Number or JsonValueKind.String ? given : null;
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
        {
            // An answer to a question that was never asked, or no message of the protocol at all.
            var isResponse = message.ValueKind == JsonValueKind.Object && (message.TryGetProperty("result", out _) || message.TryGetProperty("error", out _));
            if (!isResponse) _stream.RespondError(id, InvalidRequest, "A message has a 'method'.");
            return null;
        }
        var name = method.GetString()!;
        if (name == "exit") return _isShutDown ? 0 : 1;
        var parameters = message.TryGetProperty("params", out var written) ? written : default;
        if (id is { } request) AnswerRequest(request, name, parameters);
        else if ((_isInitialized && !_isShutDown) && _notifications.TryGetValue(name, out var notification))
        {
            Guarded(name, () => notification(parameters), () => { });
        }
        return null;
    }

    private void AnswerRequest(JsonElement id, string name, JsonElement parameters)
    {
        if (_cancelled.TryRemove(id.GetRawText(), out _)) _stream.RespondError(id, RequestCancelled, "The request was cancelled.");
        else if (_isShutDown) _stream.RespondError(id, InvalidRequest, "The server has been shut down.");
        else if (!_isInitialized && name != "initialize") _stream.RespondError(id, NotInitialized, "'initialize' comes first.");
        else if (!_requests.TryGetValue(name, out var request)) _stream.RespondError(id, MethodNotFound, $"There is no method '{name}'.");
        else
        {
            try
            {
                _stream.Respond(id, request(parameters));
            }
            catch (JsonException problem)
            {
                _stream.RespondError(id, InvalidParameters, problem.Message);
            }
            catch (RenameRefusedException refusal)
            {
                _stream.RespondError(id, InvalidParameters, refusal.Message);
            }
            catch (Exception problem) when (problem is not IOException)
            {
                _stream.RespondError(id, InternalError, $"{name}: {problem.Message}");
            }
        }
    }

    // A mistake of ours in one answer does not take the others away.
    private void Guarded(string what, Action action, Action otherwise)
    {
        try
        {
            action();
        }
        catch (Exception problem) when (problem is not IOException)
        {
            otherwise();
            _stream.Notify("window/logMessage", new LogMessageParams(1, $"fnn: {what} failed: {problem}"));
        }
    }

    // ---- The life of a server -----------------------------------------------------------------------------------

    private object Initialize(InitializeParams parameters)
    {
        var roots = parameters.WorkspaceFolders?.Select(folder => FileAddress.PathOf(folder.Uri)).ToArray()
            ?? (parameters.RootUri is { } address ? [FileAddress.PathOf(address)] : parameters.RootPath is { } path ? [path] : []);
        foreach (var root in roots.Where(Directory.Exists)) _workspace.AddRoot(root);
        _isInitialized = true;
        return new
        {
            serverInfo = new { name = "fnn", version = typeof(Server).Assembly.GetName().Version?.ToString(3) },
            capabilities = new
            {
                positionEncoding = "utf-16",
                textDocumentSync = new { openClose = true, change = 2, save = false },
                hoverProvider = true,
                definitionProvider = true,
                documentSymbolProvider = true,
                documentFormattingProvider = true,
                completionProvider = new { triggerCharacters = new[] { "." } },
                renameProvider = new { prepareProvider = true },
                workspace = new { workspaceFolders = new { supported = true, changeNotifications = true } },
            },
        };
    }

    private object? Shutdown()
    {
        _isShutDown = true;
        return null;
    }

    private Cursor? Locate(TextDocumentIdentifier document, Position position) => _workspace.Find(document.Uri, position);

    private static Func<JsonElement, object?> Ask<T>(Func<T, object?> answer) where T : class => parameters => answer(Read<T>(parameters));

    private static Action<JsonElement> Tell<T>(Action<T> hear) where T : class => parameters => hear(Read<T>(parameters));

    private static T Read<T>(JsonElement parameters) where T : class =>
        parameters.ValueKind == JsonValueKind.Object ? MessageStream.Parameters<T>(parameters) : throw new JsonException("The parameters are missing.");
}
