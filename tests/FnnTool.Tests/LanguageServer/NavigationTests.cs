using System.Text.Json;

namespace FeedbackNN.Tool.Tests;

/// <summary>Hover, definition and outline over the protocol.</summary>
public sealed class NavigationTests : WithFolder
{
    private const string Layers = """
        namespace Deep
        dim classes = 10

        /// A product and a bend.
        /// Twice as nice.
        layer dense(out: dim, act: fn = relu)(x: real[..., in]) -> real[..., out] {
            param weight: real[out, in] = kaiming_uniform()
            y[..., o] = sum[i] x[..., i] * weight[o, i]
            return act(y)
        }
        """;

    private const string Nets = """
        namespace Deep

        /// Two layers.
        model Net(x: f32[batch, 784]) -> f32[batch, classes] {
            fc1 = dense(128)
            fc2 = linear(classes, bias: false)
            h = x |> fc1
            return fc2(h)
        }

        train Fit for net: Net (x: f32[batch, 784], label: i32[batch]) {
            logits = net(x)
            minimize cross_entropy(logits, label) with adamw(lr: cosine(1e-3, total: 100))
            metric accuracy = mean(argmax(logits) == label)
            freeze net.fc1.weight
        }
        """;

    private TestEditor OpenBoth(out string layers, out string nets)
    {
        layers = Write("layers.fnn", Layers);
        nets = PathOf("nets.fnn");
        var editor = TestEditor.In(Folder);
        editor.Open(nets, Nets);
        Assert.Empty(editor.DiagnosticsOf(nets));
        return editor;
    }

    [Theory]
    // A binding, where it is bound and where it is used.
    [InlineData("h = x", 0, "h: f32[batch, 128]")]
    [InlineData("fc2(h)", 4, "h: f32[batch, 128]")]
    // The axes of its type that have a name.
    [InlineData("logits, label", 0, "logits: f32[batch, 10]")]
    // A parameter, an axis, a dim.
    [InlineData("x |> fc1", 0, "x: f32[batch, 784]")]
    [InlineData("batch, 784", 0, "axis batch")]
    [InlineData("batch, 784", 0, "known when the program runs")]
    [InlineData("classes] {", 0, "dim classes = 10")]
    // An instance with its weights, and a network.
    [InlineData("fc1 = dense", 0, "fc1 = dense(out: 128, act: relu)")]
    [InlineData("fc1 = dense", 0, "weight: f32[128, 784]")]
    [InlineData("net(x)", 0, "fc2.weight: f32[10, 128]")]
    [InlineData("fc1.weight", 4, "param weight: f32[128, 784]")]
    // Declarations with their signature and documentation, the library's too.
    [InlineData("dense(128)", 0, "layer dense(out: dim, act: fn = relu)(x: real[..., in]) -> real[..., out]")]
    [InlineData("dense(128)", 0, "Twice as nice.")]
    [InlineData("linear(classes", 0, "layer linear(out: dim, bias: bool = true)")]
    [InlineData("bias: false", 0, "bias: bool = true")]
    [InlineData("cross_entropy", 3, "fn cross_entropy")]
    [InlineData("argmax", 0, "argmax(x, axis: -1)")]
    [InlineData("adamw", 0, "adamw(lr: 0.001")]
    [InlineData("cosine", 0, "cosine(start, total, end: 0)")]
    [InlineData("Net (x", 0, "Two layers.")]
    // Words of the language.
    [InlineData("minimize", 2, "A loss, and the optimizer that makes it small.")]
    public void Hover_tells_what_a_name_is(string at, int further, string expected)
    {
        using var editor = OpenBoth(out _, out var nets);
        Assert.Contains(expected, Hover(editor, TestEditor.At(nets, Nets, at, further)));
    }

    [Theory]
    [InlineData("y[..., o]", "y: f32[batch, 128]")]
    [InlineData("y[..., o]", "in the first use of `dense`")]
    [InlineData("weight: real", "axes: `out = 128`, `in = 784`")]
    [InlineData("i] x", "index i from 0 to 784 - 1")]
    [InlineData("in]) ->", "axis in = 784")]
    [InlineData("out: dim", "out: dim is 128")]
    public void Hover_inside_a_layer_speaks_of_its_first_use(string at, string expected)
    {
        using var editor = OpenBoth(out var layers, out _);
        editor.Open(layers, Layers);
        Assert.Contains(expected, Hover(editor, TestEditor.At(layers, Layers, at)));
    }

    [Fact]
    public void Hover_works_beside_errors_and_is_silent_where_there_is_nothing()
    {
        using var editor = OpenBoth(out _, out var nets);
        var broken = Nets.Replace("return fc2(h)", "return fc2(h) +").Replace("accuracy = mean(", "accuracy = lost(");
        editor.Replace(nets, broken, 2);
        Assert.NotEmpty(editor.DiagnosticsOf(nets, version: 2));
        Assert.Contains("h: f32[batch, 128]", Hover(editor, TestEditor.At(nets, broken, "h = x")));
        Assert.Equal(JsonValueKind.Null, editor.Ask("textDocument/hover", TestEditor.At(nets, broken, "{")).ValueKind);
        Assert.Equal(JsonValueKind.Null, editor.Ask("textDocument/hover", TestEditor.At(nets, broken, "lost", 1)).ValueKind);
    }

    [Theory]
    [InlineData("fc2(h)", 4, "nets.fnn", "h = x")]
    [InlineData("x |> fc1", 0, "nets.fnn", "x: f32[batch, 784]) ->")]
    [InlineData("dense(128)", 1, "layers.fnn", "dense(out")]
    [InlineData("classes, bias", 0, "layers.fnn", "classes = 10")]
    [InlineData("Net (x", 0, "nets.fnn", "Net(x")]
    [InlineData("fc1.weight", 0, "nets.fnn", "fc1 = dense")]
    [InlineData("weight\n", 0, "layers.fnn", "weight: real")]
    public void Definition_goes_to_where_a_name_was_bound(string at, int further, string file, string expected)
    {
        using var editor = OpenBoth(out var layers, out var nets);
        var place = editor.Ask("textDocument/definition", TestEditor.At(nets, Nets, at, further));
        Assert.Equal(TestEditor.AddressOf(PathOf(file)), place.GetProperty("uri").GetString());
        Assert.Equal(Start(file == "nets.fnn" ? nets : layers, file == "nets.fnn" ? Nets : Layers, expected), place.GetProperty("range").GetProperty("start").ToString());
    }

    private const string Family = """
        namespace Deep

        model Net(width: dim)(x: f32[batch, 784]) -> f32[batch, 10] {
            fc1 = linear(width)
            fc2 = linear(10)
            return x |> fc1 |> relu |> fc2
        }
        model Wide = Net(width: 64)

        /// Of any width.
        train Fit(rate: real = 1e-3) for net: Net (x: f32[batch, 784], label: i32[batch]) {
            logits = net(x)
            minimize cross_entropy(logits, label) with adamw(rate)
            metric width = net.width
            freeze net.fc1.weight
        }

        /// The wide one.
        train FitWide = Fit(net: Wide, rate: 1e-2)

        pipeline Run with wide: Wide {
            fit: FitWide(wide) on digits for 1 epochs
        }
        """;

    [Theory]
    [InlineData("rate: 1e-2", 0, "rate: real = 1e-3 is 0.01", "rate: real")]
    [InlineData("net: Wide,", 0, "net: ", "net: Net (")]
    [InlineData("net: Wide,", 5, "model Wide = Net(width: 64)", "Wide = Net")]
    [InlineData("Fit(net", 0, "Of any width.", "Fit(rate")]
    [InlineData("FitWide(wide)", 0, "train FitWide = Fit(net: Wide, rate: 1e-2)", "FitWide = ")]
    [InlineData("adamw(rate)", 6, "rate: real = 1e-3 is 0.01", "rate: real")]
    [InlineData("logits, label", 0, "in the first use of `Fit`", "logits = ")]
    [InlineData("net.width", 4, "width: dim", "width: dim")]
    [InlineData("net.fc1.weight", 4, "fc1", "fc1 = linear")]
    public void Names_of_families_of_trains_and_of_their_members_are_known(string at, int further, string hover, string definition)
    {
        var path = PathOf("family.fnn");
        using var editor = TestEditor.In(Folder);
        editor.Open(path, Family);
        Assert.Empty(editor.DiagnosticsOf(path));
        Assert.Contains(hover, Hover(editor, TestEditor.At(path, Family, at, further)));
        Assert.Equal(Start(path, Family, definition), editor.Ask("textDocument/definition", TestEditor.At(path, Family, at, further)).GetProperty("range").GetProperty("start").ToString());
    }

    [Fact]
    public void Definition_goes_into_the_library_which_can_be_read_there()
    {
        using var editor = OpenBoth(out _, out var nets);
        var place = editor.Ask("textDocument/definition", TestEditor.At(nets, Nets, "linear(classes"));
        var library = new Uri(place.GetProperty("uri").GetString()!).LocalPath;
        var text = File.ReadAllText(library);
        Assert.Equal("layers.fnn", Path.GetFileName(library));
        Assert.Equal(Start(library, text, "linear(out: dim"), place.GetProperty("range").GetProperty("start").ToString());
        Assert.True(File.GetAttributes(library).HasFlag(FileAttributes.ReadOnly));

        // Opened, it is served as what it is: it has no findings, and its names lead on.
        editor.Open(library, text);
        Assert.Contains("layer linear", Hover(editor, TestEditor.At(library, text, "linear(out")));
        var inside = editor.Ask("textDocument/definition", TestEditor.At(library, text, "* weight[", 2));
        Assert.Equal(TestEditor.AddressOf(library), inside.GetProperty("uri").GetString());
        Assert.Contains("library", editor.AskInVain("textDocument/rename", With(TestEditor.At(library, text, "linear(out"), "mine")).Message);
    }

    [Fact]
    public void The_outline_has_declarations_and_what_they_own()
    {
        using var editor = OpenBoth(out _, out var nets);
        var symbols = editor.Ask("textDocument/documentSymbol", new { textDocument = new { uri = TestEditor.AddressOf(nets) } }).EnumerateArray().ToArray();
        Assert.Equal(["Net", "Fit"], symbols.Select(symbol => symbol.GetProperty("name").GetString()));
        Assert.Equal(["x", "fc1", "fc2"], symbols[0].GetProperty("children").EnumerateArray().Select(child => child.GetProperty("name").GetString()));
        Assert.Equal(["net", "x", "label", "accuracy"], symbols[1].GetProperty("children").EnumerateArray().Select(child => child.GetProperty("name").GetString()));
        Assert.Equal("model", symbols[0].GetProperty("detail").GetString());
    }

    [Fact]
    public void A_document_is_formatted_as_the_command_does()
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("untidy.fnn");
        const string Untidy = "model   Net(x:f32[batch,3])->f32[batch,1]{\n  fit=linear(1)\n      return fit(x)\n}";
        editor.Open(path, Untidy);
        var document = new { textDocument = new { uri = TestEditor.AddressOf(path) }, options = new { tabSize = 4, insertSpaces = true } };
        var edit = Assert.Single(editor.Ask("textDocument/formatting", document).EnumerateArray());
        var tidy = edit.GetProperty("newText").GetString()!;
        Assert.Equal("model Net(x: f32[batch, 3]) -> f32[batch, 1] {\n    fit = linear(1)\n    return fit(x)\n}\n", tidy);
        Assert.Equal((0, 0, 3, 1), (edit.GetProperty("range").GetProperty("start").GetProperty("line").GetInt32(), edit.GetProperty("range").GetProperty("start").GetProperty("character").GetInt32(), edit.GetProperty("range").GetProperty("end").GetProperty("line").GetInt32(), edit.GetProperty("range").GetProperty("end").GetProperty("character").GetInt32()));

        editor.Replace(path, tidy, 2);
        Assert.Equal(0, editor.Ask("textDocument/formatting", document).GetArrayLength());
        editor.Replace(path, "model Net(", 3);
        Assert.Equal(0, editor.Ask("textDocument/formatting", document).GetArrayLength());
    }

    private static string Start(string path, string text, string wanted) =>
        JsonSerializer.SerializeToElement(TestEditor.At(path, text, wanted)).GetProperty("position").ToString();

    private static string Hover(TestEditor editor, object at) => editor.Ask("textDocument/hover", at).GetProperty("contents").GetProperty("value").GetString()!;

    private static object With(object at, string newName)
    {
        var place = JsonSerializer.SerializeToElement(at);
        return new { textDocument = place.GetProperty("textDocument"), position = place.GetProperty("position"), newName };
    }
}
