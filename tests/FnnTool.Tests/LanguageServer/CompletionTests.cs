using System.Text.Json;

namespace FeedbackNN.Tool.Tests;

/// <summary>What is suggested where; <c>|</c> in a text is the cursor.</summary>
public sealed class CompletionTests : WithFolder
{
    private const string Head = """
        namespace Deep
        dim classes = 10

        /// A product.
        layer dense(out: dim, act: fn = relu)(x: real[..., in]) -> real[..., out] {
            param weight: real[out, in]
            y[..., o] = sum[i] x[..., i] * weight[o, i]
            return act(y)
        }

        """;

    private const string Model = """
        model Net(x: f32[batch, 784]) -> f32[batch, classes] {
            fc1 = dense(128)
            repeat 2 : blocks { x = relu(x) }
            h = fc1(x)
            fc2 = dense(classes)
            return fc2(h)
        }

        """;

    private const string Train = """
        train Fit for net: Net (input: f32[batch, 784], label: i32[batch]) {
            logits = net(input)
            minimize cross_entropy(logits, label) with adamw(lr: 1e-3)
        }
        """;

    [Fact]
    public void Names_in_scope_come_with_their_types()
    {
        var items = Complete(Head + Model.Replace("fc2(h)", "fc2(|)") + Train);
        Assert.Equal("h: f32[batch, 128]", Detail(items["h"]));
        Assert.Equal("x: f32[batch, 784]", Detail(items["x"]));
        Assert.Equal("axis batch", Detail(items["batch"]));
        Assert.Equal("dim classes = 10", Detail(items["classes"]));
        Assert.StartsWith("layer dense(out: dim, act: fn = relu)", Detail(items["dense"]));
        Assert.Equal("A product.", items["dense"].GetProperty("documentation").GetProperty("value").GetString());
        Assert.StartsWith("layer linear(out: dim", Detail(items["linear"]));
        Assert.StartsWith("fn argmax(", Detail(items["argmax"]));
        // Another declaration's names, and trains, are not in scope.
        Assert.DoesNotContain("weight", items.Keys);
        Assert.DoesNotContain("Fit", items.Keys);
        // What is nearest comes first.
        Assert.True(string.CompareOrdinal(SortText(items["h"]), SortText(items["dense"])) < 0);
        Assert.True(string.CompareOrdinal(SortText(items["dense"]), SortText(items["linear"])) < 0);
    }

    [Fact]
    public void Names_that_are_bound_further_down_are_not_in_scope_yet() =>
        Assert.DoesNotContain("fc2", Complete(Head + Model.Replace("h = fc1(x)", "h = fc1(|)") + Train).Keys);

    [Theory]
    [InlineData("model Net(x: f32[batch, 784]) -> f32[batch, classes] {\n    h = x\n    |", "param,repeat,feedback,return,h,x", "minimize,namespace")]
    [InlineData("model Net(x: f32[batch, 784]) -> f32[batch, classes] {\n    h = x\n    re|\n    return h\n}", "repeat,return,relu,h", "minimize")]
    [InlineData("train Fit for net: Net (x: f32[batch, 784]) {\n    |\n}", "minimize,metric,clip,freeze,net,x", "param,return")]
    [InlineData("train Fit for net: Net (x: f32[batch, 784]) {\n    pr|\n}", "precision", "bf16")]
    [InlineData("train Fit for net: Net (x: f32[batch, 784]) {\n    precision |\n}", "f32,tf32,bf16,f16", "minimize,net,relu")]
    [InlineData("|", "model,layer,train,fn,dim,const,namespace", "param,relu")]
    [InlineData("model Net(x: f|", "f32,i32,bool", "relu,minimize")]
    [InlineData("model Net(x: f32[ba|", "classes", "minimize")]
    [InlineData("layer l(x: real[..., n]) -> real[..., n] {\n    param w: |", "f32,real", "relu")]
    [InlineData("layer l(x: real[batch, time, n]) -> real[batch, time, n] {\n    feedback (h: real[batch, n] = 0) o|", "over,times,until,to", "minimize")]
    [InlineData("fn f(x: real[..., n]) -> real[..., n] {\n    // re|", "", "relu,return")]
    [InlineData("model N|", "", "relu,model")]
    public void Words_stand_where_they_mean_something(string text, string expected, string unexpected)
    {
        var items = Complete(Head + text);
        foreach (var word in expected.Split(',', StringSplitOptions.RemoveEmptyEntries)) Assert.Contains(word, items.Keys);
        foreach (var word in unexpected.Split(',')) Assert.DoesNotContain(word, items.Keys);
    }

    [Theory]
    [InlineData("with adamw(lr: 1e-3)", "with |", "adamw,sgd,adam")]
    [InlineData("with adamw(lr: 1e-3)", "with ad|", "adamw")]
    [InlineData("with adamw(lr: 1e-3)", "with adamw(lr: |)", "cosine,warmup_cosine")]
    [InlineData("with adamw(lr: 1e-3)", "over net.| with adamw(lr: 1e-3)", "fc1,fc2,blocks")]
    [InlineData("with adamw(lr: 1e-3)", "over net.fc1.| with adamw(lr: 1e-3)", "weight")]
    [InlineData("with adamw(lr: 1e-3)", "over net.blocks.0.| with adamw(lr: 1e-3)", "fc1")]
    public void Optimizers_and_members_are_suggested_behind_their_words(string old, string typed, string expected)
    {
        var items = Complete(Head + Model + Train.Replace(old, typed));
        foreach (var word in expected.Split(',')) Assert.Contains(word, items.Keys);
        Assert.DoesNotContain("relu", items.Keys);
    }

    [Theory]
    [InlineData("train FitWide = |", "Fit", "rate")]
    [InlineData("train FitWide = Fit(|)", "rate,chosen,Wide", "plain")]
    [InlineData("train FitWide = Fit(Wide, ra|)", "rate", "plain")]
    [InlineData("model Wide2 = Deep(|)", "width", "rate,Fit")]
    public void In_a_member_of_a_family_there_is_what_it_gives(string member, string expected, string unexpected)
    {
        var items = Complete(Head + Model + """
            model Deep(width: dim)(x: f32[batch, 784]) -> f32[batch, classes] {
                fc1 = dense(width)
                fc2 = dense(classes)
                return fc2(fc1(x))
            }
            model Wide = Deep(width: 128)

            train Fit(rate: real = 1e-3) for chosen: Deep, plain: Net (x: f32[batch, 784], y: f32[batch, classes]) {
                minimize mse(chosen(x), y) over chosen with adam(rate)
                minimize mse(plain(x), y) over plain with adam(rate)
            }


            """ + member);
        foreach (var word in expected.Split(',')) Assert.Contains(word, items.Keys);
        foreach (var word in unexpected.Split(',')) Assert.DoesNotContain(word, items.Keys);
    }

    private Dictionary<string, JsonElement> Complete(string text)
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("net.fnn");
        var clean = text.Remove(text.IndexOf('|'), 1);
        editor.Open(path, clean);
        var before = text[..text.IndexOf('|')];
        var position = new { line = before.Count(c => c == '\n'), character = before.Length - (before.LastIndexOf('\n') + 1) };
        return editor.Ask("textDocument/completion", new { textDocument = new { uri = TestEditor.AddressOf(path) }, position }).EnumerateArray().ToDictionary(item => item.GetProperty("label").GetString()!);
    }

    private static string Detail(JsonElement item) => item.GetProperty("detail").GetString()!;

    private static string SortText(JsonElement item) => item.GetProperty("sortText").GetString()!;
}
