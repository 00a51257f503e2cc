using System.Diagnostics;
using FeedbackNN.Tool.LanguageServer;

namespace FeedbackNN.Tool.Tests;

/// <summary>The server's life, and what it does with messages that are none.</summary>
public sealed class ProtocolTests : WithFolder
{
    [Fact]
    public void It_says_what_it_can_do()
    {
        using var editor = new TestEditor();
        var capabilities = editor.Ask("initialize", new { rootUri = TestEditor.AddressOf(Folder), capabilities = new { } }).GetProperty("capabilities");
        foreach (var name in new[] { "hoverProvider", "definitionProvider", "documentSymbolProvider" }) Assert.True(capabilities.GetProperty(name).GetBoolean());
        Assert.True(capabilities.GetProperty("renameProvider").GetProperty("prepareProvider").GetBoolean());
        Assert.Equal(2, capabilities.GetProperty("textDocumentSync").GetProperty("change").GetInt32());
        Assert.Equal("utf-16", capabilities.GetProperty("positionEncoding").GetString());
    }

    [Fact]
    public void Shutdown_and_exit_end_it_with_0()
    {
        using var editor = TestEditor.In(Folder);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, editor.Ask("shutdown", null).ValueKind);
        Assert.Equal(-32600, editor.AskInVain("textDocument/hover", new { }).Code);
        editor.Tell("exit", new { });
        Assert.Equal(0, editor.ExitCode());
    }

    [Fact]
    public void Exit_alone_and_the_end_of_the_input_end_it_with_1()
    {
        using (var rude = TestEditor.In(Folder))
        {
            rude.Tell("exit", new { });
            Assert.Equal(1, rude.ExitCode());
        }
        using var gone = TestEditor.In(Folder);
        gone.CloseInput();
        Assert.Equal(1, gone.ExitCode());
    }

    [Fact]
    public void Before_initialize_nothing_is_answered()
    {
        using var editor = new TestEditor();
        Assert.Equal(-32002, editor.AskInVain("textDocument/hover", new { }).Code);
    }

    [Theory]
    [InlineData("Content-Length: 9\r\n\r\nnot json!")]
    [InlineData("Content-Length: 2\r\n\r\n{}")]
    [InlineData("Content-Length: 4\r\n\r\nnull")]
    [InlineData("Content-Length: 2\r\n\r\n[]")]
    [InlineData("Content-Length: 15\r\n\r\n{\"method\": 123}")]
    [InlineData("Content-Length: many\r\n\r\n")]
    [InlineData("Content-Length: -5\r\n\r\n")]
    [InlineData("Content-Length: 99999999999\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: here\r\n\r\n")]
    [InlineData("\r\n\r\n\r\n")]
    [InlineData("content-length: 17\r\nContent-Type: x\r\n\r\n{\"method\": \"odd\"}")]
    [InlineData("Content-Length: 44\r\n\r\n{\"method\": \"textDocument/didOpen\", \"params\":5}")]
    public void After_what_is_no_message_it_goes_on(string raw)
    {
        using var editor = TestEditor.In(Folder);
        editor.SendRaw(raw);
        // What is left of it, if anything, is passed over.
        editor.SendRaw("\r\n\r\n");
        var path = PathOf("a.fnn");
        editor.Open(path, "dim a = 1");
        editor.DiagnosticsOf(path);
        editor.Ask("shutdown", null);
        editor.Tell("exit", new { });
        Assert.Equal(0, editor.ExitCode());
    }

    [Fact]
    public void Odd_parameters_are_refused_and_odd_documents_are_nothing()
    {
        using var editor = TestEditor.In(Folder);
        Assert.Equal(-32602, editor.AskInVain("textDocument/hover", new[] { 1 }).Code);
        Assert.Equal(-32602, editor.AskInVain("textDocument/hover", new { textDocument = 5, position = "here" }).Code);
        Assert.Equal(-32601, editor.AskInVain("textDocument/magic", new { }).Code);
        var nowhere = new { textDocument = new { uri = "file:///no/where.fnn" }, position = new { line = 3, character = 4 } };
        Assert.Equal(System.Text.Json.JsonValueKind.Null, editor.Ask("textDocument/hover", nowhere).ValueKind);
        Assert.Equal(0, editor.Ask("textDocument/completion", nowhere).GetArrayLength());
        editor.Tell("textDocument/didChange", new { textDocument = new { uri = "file:///no/where.fnn", version = 1 }, contentChanges = new[] { new { text = "x" } } });

        var path = PathOf("a.fnn");
        editor.Open(path, "dim a = 1");
        foreach (var (line, character) in new[] { (-1, 0), (0, -7), (0, 1000), (1000, 0), (int.MaxValue, int.MaxValue) })
        {
            var odd = new { textDocument = new { uri = TestEditor.AddressOf(path) }, position = new { line, character } };
            editor.Ask("textDocument/hover", odd);
            editor.Ask("textDocument/completion", odd);
        }
        editor.Tell("textDocument/didChange", new
        {
            textDocument = new { uri = TestEditor.AddressOf(path), version = 2 },
            contentChanges = new[] { new { range = new { start = new { line = 7, character = 3 }, end = new { line = 0, character = 2 } }, text = "\ndim b = a" } },
        });
        editor.DiagnosticsOf(path, version: 2);
    }

    [Fact]
    public void Any_text_is_served()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("odd.fnn");
        editor.Open(path, "");
        string[] texts =
        [
            "\0\uFFFF\uD800", "model", "model (", "model A(", "model A(x", new string('(', 5000), new string('{', 5000), "layer a(n: dim)(x: real[..., n]) -> real[..., n] {\n y = a(n)(x)\n return y }",
            string.Concat(Enumerable.Repeat("1 + ", 20000)), "dim a = " + string.Concat(Enumerable.Repeat("1 + ", 20000)) + "1", "dim a = b, b = a", "\r\r\n\n\r", "model A(x: f32[n]) -> f32[n] { return x |> }",
        ];
        for (var k = 0; k < texts.Length; k++)
        {
            editor.Replace(path, texts[k], k + 2);
            editor.DiagnosticsOf(path, version: k + 2);
            foreach (var character in new[] { 0, 5, 12, 40 })
            {
                var at = new { textDocument = new { uri = TestEditor.AddressOf(path) }, position = new { line = 0, character } };
                foreach (var method in new[] { "textDocument/hover", "textDocument/definition", "textDocument/completion" }) editor.Ask(method, at);
            }
            editor.Ask("textDocument/documentSymbol", new { textDocument = new { uri = TestEditor.AddressOf(path) } });
        }
    }

    [Fact]
    public void A_cancelled_request_is_answered_as_such_or_in_full()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("a.fnn");
        editor.Open(path, "dim a = 1");
        editor.Tell("$/cancelRequest", new { id = 777 });
        editor.Send(System.Text.Json.JsonSerializer.Serialize(new { jsonrpc = "2.0", id = 777, method = "textDocument/documentSymbol", @params = new { textDocument = new { uri = TestEditor.AddressOf(path) } } }));
        var answer = editor.WaitFor(message => message.TryGetProperty("id", out var id) && id.GetInt32() == 777, "an answer");
        Assert.Equal(-32800, answer.GetProperty("error").GetProperty("code").GetInt32());
    }

    [Fact]
    public void The_command_itself_serves_and_exits()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(LanguageServerCommand).Assembly.Location, "lsp", "--stdio"]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        foreach (var json in new[]
        {
            """{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": null, "rootUri": null, "capabilities": {}}}""",
            """{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}""",
            """{"jsonrpc": "2.0", "method": "exit"}""",
        })
        {
            process.StandardInput.Write($"Content-Length: {json.Length}\r\n\r\n{json}");
        }
        process.StandardInput.Flush();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(60_000));
        Assert.Equal(0, process.ExitCode);
        Assert.StartsWith("Content-Length: ", output);
        Assert.Contains("\"hoverProvider\":true", output);
    }
}
