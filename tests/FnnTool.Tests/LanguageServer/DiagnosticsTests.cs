namespace FeedbackNN.Tool.Tests;

/// <summary>What the server says is wrong, while texts change.</summary>
public sealed class DiagnosticsTests : WithFolder
{
    private const string Right = """
        namespace Live
        model Line(x: f32[batch, 3]) -> f32[batch, 1] {
            fit = linear(1)
            return fit(x)
        }
        """;

    private const string Wrong = """
        namespace Live
        model Line(x: f32[batch, 3]) -> f32[batch, 1] {
            fit = linear(2)
            return fit(x)
        }
        """;

    [Fact]
    public void An_error_is_told_and_taken_back()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("line.fnn");
        editor.Open(path, Wrong);
        var error = Assert.Single(editor.DiagnosticsOf(path));
        Assert.Equal("FNN3017", error.GetProperty("code").GetString());
        Assert.Equal(1, error.GetProperty("severity").GetInt32());
        Assert.Equal("fnn", error.GetProperty("source").GetString());
        Assert.Equal((3, 11, 3, 17), RangeOf(error));
        Assert.EndsWith("docs/diagnostics/FNN3017.md", error.GetProperty("codeDescription").GetProperty("href").GetString());
        var labels = error.GetProperty("relatedInformation").EnumerateArray().ToArray();
        Assert.Contains(labels, label => label.GetProperty("message").GetString() == "2 comes from here" && RangeOf(label.GetProperty("location")) == (2, 17, 2, 18));
        Assert.All(labels, label => Assert.Equal(TestEditor.AddressOf(path), label.GetProperty("location").GetProperty("uri").GetString()));

        editor.Tell("textDocument/didChange", new
        {
            textDocument = new { uri = TestEditor.AddressOf(path), version = 2 },
            contentChanges = new[] { new { range = new { start = new { line = 2, character = 17 }, end = new { line = 2, character = 18 } }, text = "1" } },
        });
        Assert.Empty(editor.DiagnosticsOf(path, version: 2));
    }

    [Fact]
    public void A_correction_stands_in_the_message()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("line.fnn");
        editor.Open(path, Right.Replace("fit(x)", "fitt(x)"));
        var findings = editor.DiagnosticsOf(path);
        Assert.Contains("\nfix: write fit", findings.Single(finding => finding.GetProperty("code").GetString() == "FNN2001").GetProperty("message").GetString());
    }

    [Fact]
    public void Columns_count_UTF_16_units()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("line.fnn");
        editor.Open(path, Right.Replace("fit = linear(1)", "fit named \"\U0001F600é\" = linear(lost)"));
        var error = Assert.Single(editor.DiagnosticsOf(path), finding => finding.GetProperty("code").GetString() == "FNN2001");
        Assert.Equal((2, 29, 2, 33), RangeOf(error));
    }

    [Fact]
    public void Files_on_disk_are_checked_with_open_ones_which_win()
    {
        var model = Write("model.fnn", Right);
        var train = Write("sub/train.fnn", """
            namespace Live
            train Fit for net: Line (x: f32[batch, 3], y: f32[batch, 1]) {
                minimize mse(net(x), y) with sgd(lr: 0.1)
            }
            """);
        Write("obj/broken.fnn", "nonsense");
        using var editor = TestEditor.In(Folder);
        editor.Open(model, Right);
        Assert.Empty(editor.DiagnosticsOf(model));

        // The model has another name in the editor: the train on disk does not find it any more.
        editor.Replace(model, Right.Replace("Line", "Curve"), 2);
        Assert.Equal("FNN2001", Assert.Single(editor.DiagnosticsOf(train)).GetProperty("code").GetString());

        // Closed without saving: the disk holds again.
        editor.Tell("textDocument/didClose", new { textDocument = new { uri = TestEditor.AddressOf(model) } });
        Assert.Empty(editor.DiagnosticsOf(train));
    }

    [Fact]
    public void Changes_on_disk_are_heard_of()
    {
        var path = Write("model.fnn", Right);
        using var editor = TestEditor.In(Folder);
        Write("model.fnn", Wrong);
        Watched(path);
        Assert.Single(editor.DiagnosticsOf(path));
        File.Delete(path);
        Watched(path);
        Assert.Empty(editor.DiagnosticsOf(path));

        void Watched(string file) => editor.Tell("workspace/didChangeWatchedFiles", new { changes = new[] { new { uri = TestEditor.AddressOf(file), type = 2 } } });
    }

    [Fact]
    public void Each_project_is_compiled_by_itself()
    {
        Write("one/one.csproj", "<Project />");
        Write("two/two.csproj", "<Project />");
        Write("one/line.fnn", Right);
        var second = Write("two/line.fnn", Right);
        using var editor = TestEditor.In(Folder);
        editor.Open(second, Right);
        Assert.Empty(editor.DiagnosticsOf(second));
    }

    [Fact]
    public void A_document_without_a_file_is_checked_too()
    {
        using var editor = TestEditor.In(Folder);
        editor.Tell("textDocument/didOpen", new { textDocument = new { uri = "untitled:Untitled-1", languageId = "fnn", version = 1, text = Wrong } });
        var told = editor.WaitFor(message => message.TryGetProperty("params", out var parameters) && parameters.TryGetProperty("uri", out var uri) && uri.GetString() == "untitled:Untitled-1", "diagnostics");
        Assert.Equal(1, told.GetProperty("params").GetProperty("diagnostics").GetArrayLength());
    }

    [Fact]
    public void Many_edits_at_once_end_with_the_last_text()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("line.fnn");
        editor.Open(path, Right);
        for (var version = 2; version < 200; version++) editor.Replace(path, version % 2 == 0 ? Wrong : Right + new string(' ', version), version);
        editor.Replace(path, Wrong, 200);
        Assert.Single(editor.DiagnosticsOf(path, version: 200));
    }

    private static (int, int, int, int) RangeOf(System.Text.Json.JsonElement holder)
    {
        var range = holder.GetProperty("range");
        var (start, end) = (range.GetProperty("start"), range.GetProperty("end"));
        return (start.GetProperty("line").GetInt32(), start.GetProperty("character").GetInt32(), end.GetProperty("line").GetInt32(), end.GetProperty("character").GetInt32());
    }
}
