using Microsoft.ML.OnnxRuntime;

namespace FeedbackNN.Onnx.Tests;

/// <summary>What an exported file says beside its nodes, how its nodes are chosen, and what is not exported.</summary>
public sealed class ExportTests
{
    private const string Source = """
        /// Reads a sequence.
        model Reader(x: f32[batch, time, 4]) -> (last: f32[batch, 8], all: f32[batch, time, 8]) where time >= 2 {
            w = linear(8); u = linear(8, bias: false)
            feedback (h: f32[batch, 8] = 0) over x_t in x along time { h <- tanh(w(x_t) + u(h)); emit hs = h }
            return (h, hs)
        }

        model Same(x: f32[batch, 3]) -> (x2: f32[batch, 3], x3: f32[batch, 3]) {
            return (x, x)
        }

        model Dice(x: f32[batch, 3]) -> f32[batch, 3] {
            y = x * 2
            return y + uniform(like: y)
        }

        model Huge(x: i32[batch]) -> f32[batch, 32768] {
            e = embedding(32768, 32768)
            return e(x)
        }

        model Restless(x: f32[batch, 2]) -> f32[batch, 2] {
            feedback (z: f32[batch, 2] = 0) to fixed_point(tol: 1e-6, at_most: 4, solver: picard(1), gradient: (1e-5, 5)) else fail { z <- x - 1.5 * z }
            return z
        }
        """;

    [Fact]
    public void The_file_says_what_it_is()
    {
        using var exported = ExportedModel.Of(Source, "Reader");
        var proto = exported.Proto;
        Assert.Equal("FeedbackNN", proto.ProducerName);
        Assert.Matches(@"^\d+\.\d+\.\d+", proto.ProducerVersion);
        Assert.Equal("Reader", proto.Graph.Name);
        Assert.Equal("Reads a sequence.", proto.DocString);
        Assert.Equal(18, proto.OpsetImport.Single().Version);
        Assert.Equal(["feedbacknn.model: Tests.Reader", "feedbacknn.demands: time >= 2"], proto.MetadataProps.Select(entry => $"{entry.Key}: {entry.Value}"));
        Assert.Equal(["w.weight", "w.bias", "u.weight"], proto.Graph.Initializer.Select(weight => weight.Name).Where(name => name.Contains('.')).Order(Comparer<string>.Create((a, b) => Array.IndexOf(["w.weight", "w.bias", "u.weight"], a) - Array.IndexOf(["w.weight", "w.bias", "u.weight"], b))));
    }

    [Fact]
    public void Run_time_axes_keep_their_names()
    {
        using var exported = ExportedModel.Of(Source, "Reader");
        Assert.Equal("batch,time,", string.Join(",", exported.Session.Inputs["x"].SymbolicDimensions));
        Assert.Equal([-1, -1, 4], exported.Session.Inputs["x"].Dimensions);
        Assert.Equal("batch,", string.Join(",", exported.Session.Outputs["last"].SymbolicDimensions));
        Assert.Equal("batch,time,", string.Join(",", exported.Session.Outputs["all"].SymbolicDimensions));
    }

    [Fact]
    public void A_product_that_no_state_goes_into_stands_before_the_loop()
    {
        using var exported = ExportedModel.Of(Source, "Reader");
        Assert.Contains(exported.Proto.Graph.Node, node => node.OpType is "MatMul" or "Gemm");
        var body = exported.Proto.Graph.Node.Single(node => node.OpType == "Loop").Attribute.Single().G;
        Assert.Equal(["Add", "Add", "Gather", "Gemm", "Identity", "Identity", "Identity", "Tanh"], body.Node.Select(node => node.OpType).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_bias_is_added_without_a_copy_for_each_sample()
    {
        using var exported = ExportedModel.Of("model Line(x: f32[batch, 3]) -> f32[batch, 2] { fc = linear(2); return relu(fc(x)) }", "Line");
        Assert.Equal(["Gemm", "Add", "Relu", "Identity"], exported.Operators);
    }

    [Theory]
    [InlineData("conv2d(4, 3, stride: 2, padding: 1)(x)", true)]
    [InlineData("conv2d(4, 1)(x)", true)]
    [InlineData("conv2d(4, 3, dilation: 2, groups: 2)(x)", true)]
    [InlineData("conv2d(2, 3, padding: 1, groups: 2)(x)", true)]
    [InlineData("conv2d(4, 9)(x)", true)]
    [InlineData("conv1d(4, 3, stride: 3)(x as [batch, 2, 90])", true)]
    [InlineData("conv2d(4, 3)(x[:, :1])", false)]
    [InlineData("conv1d(4, 3, stride: 3)(x[:, :, 0])", false)]
    [InlineData("conv2d(4, 3)(x[..., 1:])", false)]
    public void Convolutions_of_whole_images_are_found(string y, bool isOne)
    {
        using var exported = ExportedModel.Of($"model Net(x: f32[batch, 2, 9, 10]) -> f32[batch] {{ y = {y}; return sum(y as [batch, y.shape[1] * y.shape[2]{(y.Contains("1d") ? "" : " * y.shape[3]")}], -1) }}", "Net");
        foreach (var batch in new[] { 1, 3 }) exported.Check(new Dictionary<string, long> { ["batch"] = batch }, seed: batch);
        Assert.Equal(isOne, exported.Operators.Contains("Conv"));
        if (isOne) Assert.DoesNotContain(exported.Operators, op => op is "Einsum" or "Gather");
    }

    [Fact]
    public void A_model_that_hands_on_its_input()
    {
        using var exported = ExportedModel.Of(Source, "Same");
        exported.Check(new Dictionary<string, long> { ["batch"] = 2 });
    }

    [Fact]
    public void A_name_is_given_once()
    {
        using var exported = ExportedModel.Of("model Add(weight: f32[batch, 3]) -> (Gemm: f32[batch, 3], number: f32[]) { param w: f32[3, 3] named \"weight\"; return (weight @ w + 1, mean(weight)) }", "Add");
        exported.Check(new Dictionary<string, long> { ["batch"] = 2 });
    }

    [Fact]
    public void Draws_are_refused_with_their_place()
    {
        var refused = Assert.Throws<OnnxExportException>(() => ExportedModel.Of(Source, "Dice"));
        Assert.Contains("it draws random numbers", refused.Message);
        Assert.Equal("Tests.Dice", refused.Origin!.Value.Declaration);
    }

    [Fact]
    public void Weights_beyond_the_format_are_refused()
    {
        var refused = Assert.Throws<OnnxExportException>(() => OnnxExport.ToOnnx(ExportedModel.Bind(Source, "Huge"), _ => throw new InvalidOperationException("No weight is read.")));
        Assert.Equal("its weights take 4294967296 bytes, and an ONNX file holds 2147483647 at most.", refused.Message);
    }

    [Fact]
    public void An_equilibrium_that_must_be_reached_stops_the_run_when_it_is_not()
    {
        using var exported = ExportedModel.Of(Source, "Restless");
        var sizes = new Dictionary<string, long> { ["batch"] = 1 };
        Assert.Throws<OnnxRuntimeException>(() => exported.Run(sizes, [[1, 1]]));
        Assert.Equal([0, 0], exported.Run(sizes, [[0, 0]])[0].Values);
    }
}
