using System.Text.Json;

namespace FeedbackNN.Tool.Tests;

/// <summary>Renaming in all files, and what is refused.</summary>
public sealed class RenameTests : WithFolder
{
    private const string Layers = """
        namespace Deep
        dim classes = 10

        layer dense(out: dim, bias: bool = true)(x: real[..., in]) -> real[..., out] {
            param weight: real[out, in]
            y[..., o] = sum[i] x[..., i] * weight[o, i]
            if bias {
                param bias: real[out] = 0
                y = y + bias
            }
            return y
        }
        """;

    private const string Nets = """
        namespace Deep
        model Net(x: f32[batch, 784]) -> f32[batch, classes] {
            fc1 = dense(out: 128, bias: false)
            fc2 = dense(classes)
            return fc2(relu(fc1(x)))
        }
        train Fit for net: Net (x: f32[batch, 784], label: i32[batch]) {
            logits = net(x)
            minimize cross_entropy(logits, label) with sgd(lr: 0.1)
            freeze net.fc2.bias, net.fc1.weight
        }
        """;

    [Fact]
    public void A_layer_is_renamed_in_all_files()
    {
        var changed = Rename("nets.fnn", Nets, "dense(classes)", "affine");
        Assert.Equal(Layers.Replace("dense", "affine"), changed["layers.fnn"]);
        Assert.Equal(Nets.Replace("dense", "affine"), changed["nets.fnn"]);
    }

    [Fact]
    public void A_dim_is_renamed_in_all_files()
    {
        var changed = Rename("layers.fnn", Layers, "classes", "kinds");
        Assert.Equal(Layers.Replace("classes", "kinds"), changed["layers.fnn"]);
        Assert.Equal(Nets.Replace("classes", "kinds"), changed["nets.fnn"]);
    }

    [Fact]
    public void A_setting_is_renamed_with_the_arguments_that_name_it()
    {
        var changed = Rename("nets.fnn", Nets, "out: 128", "width");
        Assert.Equal(Layers.Replace("out: dim", "width: dim").Replace("[..., out]", "[..., width]").Replace("[out", "[width"), changed["layers.fnn"]);
        Assert.Equal(Nets.Replace("out: 128", "width: 128"), changed["nets.fnn"]);
    }

    [Fact]
    public void A_weight_is_renamed_with_its_paths_and_without_the_setting_of_its_name()
    {
        var changed = Rename("nets.fnn", Nets, "bias, net", "offset");
        Assert.Equal(Layers.Replace("param bias", "param offset").Replace("y + bias", "y + offset"), changed["layers.fnn"]);
        Assert.Equal(Nets.Replace("fc2.bias", "fc2.offset"), changed["nets.fnn"]);
    }

    [Fact]
    public void A_binding_is_renamed_with_all_its_bindings()
    {
        var changed = Rename("layers.fnn", Layers, "y[..., o]", "sum_of_products");
        Assert.Equal(Layers.Replace("y[..., o]", "sum_of_products[..., o]").Replace("y = y +", "sum_of_products = sum_of_products +").Replace("return y", "return sum_of_products"), Assert.Single(changed).Value);
    }

    [Fact]
    public void An_instance_an_axis_an_index_and_a_network_are_renamed()
    {
        Assert.Equal(Nets.Replace("fc1", "first"), Rename("nets.fnn", Nets, "fc1 =", "first")["nets.fnn"]);
        Assert.Equal(Layers.Replace(" in]", " features]"), Rename("layers.fnn", Layers, "in])", "features")["layers.fnn"]);
        Assert.Equal(Layers.Replace("[i]", "[k]").Replace(", i]", ", k]"), Rename("layers.fnn", Layers, "i] x", "k")["layers.fnn"]);
        Assert.Equal(Nets.Replace("net", "student"), Rename("nets.fnn", Nets, "net: Net", "student")["nets.fnn"]);
        Assert.Equal(Nets.Replace("Net", "Student"), Rename("nets.fnn", Nets, "Net (x", "Student")["nets.fnn"]);
    }

    [Theory]
    [InlineData("relu", "bend", "the library's")]
    [InlineData("cross_entropy", "loss", "the library's")]
    [InlineData("minimize", "x", "'minimize' is a word of the language")]
    [InlineData("128", "x", "no name here")]
    [InlineData("fc1", "2nd", "is no name")]
    [InlineData("fc1", "a b", "is no name")]
    [InlineData("fc1", "größe", "is no name")]
    [InlineData("fc1", "", "is no name")]
    [InlineData("fc1", "return", "is a word of the language")]
    [InlineData("fc1", "training", "is a value of the language")]
    [InlineData("fc1", "fc2", "There is an instance 'fc2' already, in line 4 of nets.fnn")]
    [InlineData("fc1", "batch", "There is an axis 'batch' already")]
    [InlineData("fc1", "classes", "There is a dim 'classes' already")]
    [InlineData("fc1", "dense", "There is a layer 'dense' already, in line 4 of layers.fnn")]
    [InlineData("fc1", "relu", "already")]
    [InlineData("Net(x", "Fit", "There is a train 'Fit' already")]
    [InlineData("dense(classes)", "linear", "of the library")]
    [InlineData("dense(classes)", "fc1", "There is an instance 'fc1' already")]
    [InlineData("Net(x", "Trainer", "there would be an error")]
    public void What_would_not_do_is_refused_with_the_reason(string at, string newName, string expected)
    {
        using var editor = Open();
        var place = JsonSerializer.SerializeToElement(TestEditor.At(PathOf("nets.fnn"), Nets, at));
        var (_, message) = editor.AskInVain("textDocument/rename", new { textDocument = place.GetProperty("textDocument"), position = place.GetProperty("position"), newName });
        Assert.Contains(expected, message);
    }

    [Fact]
    public void The_place_of_a_name_is_told_before()
    {
        using var editor = Open();
        var range = editor.Ask("textDocument/prepareRename", TestEditor.At(PathOf("nets.fnn"), Nets, "fc1", 1));
        Assert.Equal((2, 4, 7), (range.GetProperty("start").GetProperty("line").GetInt32(), range.GetProperty("start").GetProperty("character").GetInt32(), range.GetProperty("end").GetProperty("character").GetInt32()));
        Assert.Contains("library", editor.AskInVain("textDocument/prepareRename", TestEditor.At(PathOf("nets.fnn"), Nets, "relu")).Message);
    }

    private TestEditor Open()
    {
        Write("layers.fnn", Layers);
        Write("nets.fnn", Nets);
        return TestEditor.In(Folder);
    }

    // The files that a rename changes, with their new texts.
    private Dictionary<string, string> Rename(string file, string text, string at, string newName)
    {
        using var editor = Open();
        var place = JsonSerializer.SerializeToElement(TestEditor.At(PathOf(file), text, at));
        var edit = editor.Ask("textDocument/rename", new { textDocument = place.GetProperty("textDocument"), position = place.GetProperty("position"), newName });
        return edit.GetProperty("changes").EnumerateObject().ToDictionary(change => Path.GetFileName(new Uri(change.Name).LocalPath), change =>
        {
            var lines = File.ReadAllText(new Uri(change.Name).LocalPath).Split('\n');
            foreach (var one in change.Value.EnumerateArray().OrderByDescending(one => Start(one).Line).ThenByDescending(one => Start(one).Character))
            {
                var (line, character) = Start(one);
                var end = one.GetProperty("range").GetProperty("end").GetProperty("character").GetInt32();
                lines[line] = lines[line][..character] + one.GetProperty("newText").GetString() + lines[line][end..];
            }
            return string.Join("\n", lines);
        });
    }

    private static (int Line, int Character) Start(JsonElement edit)
    {
        var start = edit.GetProperty("range").GetProperty("start");
        return (start.GetProperty("line").GetInt32(), start.GetProperty("character").GetInt32());
    }
}
