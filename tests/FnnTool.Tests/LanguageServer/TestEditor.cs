using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using FeedbackNN.Tool.LanguageServer;

namespace FeedbackNN.Tool.Tests;

/// <summary>An editor that speaks with a server in this process over pipes, byte for byte as a real one does.</summary>
internal sealed class TestEditor : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly AnonymousPipeServerStream _toServer = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _fromServer = new(PipeDirection.In);
    private readonly Thread _server;
    private readonly Thread _reader;
    private readonly List<JsonElement> _received = [];
    private int _lastId;
    private int _exitCode = -1;

    public TestEditor()
    {
        var input = new AnonymousPipeClientStream(PipeDirection.In, _toServer.ClientSafePipeHandle);
        var output = new AnonymousPipeClientStream(PipeDirection.Out, _fromServer.ClientSafePipeHandle);
        _server = new Thread(() =>
        {
            _exitCode = LanguageServerCommand.Run(input, output);
            output.Dispose();
        });
        _server.Start();
        _reader = new Thread(ReadAll) { IsBackground = true };
        _reader.Start();
    }

    /// <summary>An editor that has opened a folder.</summary>
    public static TestEditor In(string folder)
    {
        var editor = new TestEditor();
        editor.Ask("initialize", new { processId = (int?)null, rootUri = AddressOf(folder), capabilities = new { } });
        editor.Tell("initialized", new { });
        return editor;
    }

    public static string AddressOf(string path) => new Uri(path).AbsoluteUri;

    public void Dispose()
    {
        _toServer.Dispose();
        _server.Join(Patience);
        _reader.Join(Patience);
        _fromServer.Dispose();
    }

    /// <summary>Ends the input and gives the server's exit code.</summary>
    public int ExitCode()
    {
        Assert.True(_server.Join(Patience), "The server did not exit.");
        return _exitCode;
    }

    public void Send(string json) => SendRaw($"Content-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}");

    public void SendRaw(string text)
    {
        _toServer.Write(Encoding.UTF8.GetBytes(text));
        _toServer.Flush();
    }

    public void CloseInput() => _toServer.Dispose();

    public void Tell(string method, object parameters) => Send(JsonSerializer.Serialize(new { jsonrpc = "2.0", method, @params = parameters }));

    /// <summary>A request and its result; fails on an error.</summary>
    public JsonElement Ask(string method, object? parameters)
    {
        var answer = AskForAnswer(method, parameters);
        Assert.False(answer.TryGetProperty("error", out var error), $"{method}: {error}");
        return answer.GetProperty("result");
    }

    /// <summary>A request that is refused: the code and the message.</summary>
    public (int Code, string Message) AskInVain(string method, object? parameters)
    {
        var answer = AskForAnswer(method, parameters);
        Assert.True(answer.TryGetProperty("error", out var error), $"{method} was answered: {answer}");
        return (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()!);
    }

    private JsonElement AskForAnswer(string method, object? parameters)
    {
        var id = ++_lastId;
        Send(JsonSerializer.Serialize(new { jsonrpc = "2.0", id, method, @params = parameters }));
        return WaitFor(message => message.TryGetProperty("id", out var given) && given.ValueKind == JsonValueKind.Number && given.GetInt32() == id && !message.TryGetProperty("method", out _), $"an answer to {method}");
    }

    /// <summary>The first message of a kind, which is taken away.</summary>
    public JsonElement WaitFor(Func<JsonElement, bool> isWanted, string what)
    {
        var end = DateTime.UtcNow + Patience;
        lock (_received)
        {
            while (true)
            {
                if (_received.FindIndex(message => isWanted(message)) is var index and >= 0)
                {
                    var found = _received[index];
                    _received.RemoveAt(index);
                    return found;
                }
                var rest = end - DateTime.UtcNow;
                Assert.True(rest > TimeSpan.Zero && Monitor.Wait(_received, rest), $"There was not {what} among: {string.Join("\n", _received)}");
            }
        }
    }

    // ---- Documents ----------------------------------------------------------------------------------------------

    public void Open(string path, string text, int version = 1) =>
        Tell("textDocument/didOpen", new { textDocument = new { uri = AddressOf(path), languageId = "fnn", version, text } });

    public void Replace(string path, string text, int version) =>
        Tell("textDocument/didChange", new { textDocument = new { uri = AddressOf(path), version }, contentChanges = new[] { new { text } } });

    /// <summary>The next diagnostics of a file; of a version, where it is given.</summary>
    public JsonElement[] DiagnosticsOf(string path, int? version = null) => WaitFor(message =>
        message.TryGetProperty("method", out var method) && method.GetString() == "textDocument/publishDiagnostics"
        && message.GetProperty("params") is var parameters && parameters.GetProperty("uri").GetString() == AddressOf(path)
        && (version is null || (parameters.TryGetProperty("version", out var given) && given.GetInt32() == version)), $"diagnostics of {path}")
        .GetProperty("params").GetProperty("diagnostics").EnumerateArray().ToArray();

    /// <summary>A place: that of a text's first occurrence, and so many characters further.</summary>
    public static object At(string path, string text, string wanted, int further = 0)
    {
        var offset = text.IndexOf(wanted, StringComparison.Ordinal);
        Assert.True(offset >= 0, $"There is no '{wanted}'.");
        offset += further;
        var line = text[..offset].Count(c => c == '\n');
        var character = offset - (text.LastIndexOf('\n', Math.Max(0, offset - 1)) + 1);
        return new { textDocument = new { uri = AddressOf(path) }, position = new { line, character } };
    }

    private void ReadAll()
    {
        var stream = new MessageStream(_fromServer, Stream.Null);
        while (stream.Read() is { } message)
        {
            lock (_received)
            {
                _received.Add(message.RootElement);
                Monitor.PulseAll(_received);
            }
        }
    }
}
