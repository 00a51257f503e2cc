namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>The library's layers against plain formulas, their derivatives against differences, their names and first values against PyTorch's.</summary>
public sealed class LayerTests
{
    [Fact]
    public void Linear_is_x_times_the_transposed_weight_plus_bias()
    {
        var model = new InterpretedModel("model M(x: f32[n, time, 3]) -> f32[n, time, 2] { fc = linear(2) return fc(x) }".Replace(") return", ")\nreturn"), ("n", 2), ("time", 3));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("fc.weight"), model.Parameter("fc.bias"));
        var expected = Enumerable.Range(0, 6).SelectMany(row => Enumerable.Range(0, 2).Select(o => bias[o] + Enumerable.Range(0, 3).Sum(i => x[3 * row + i] * weight[3 * o + i])));
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Linear_starts_as_in_PyTorch()
    {
        var model = new InterpretedModel("model M(x: f32[n, 16]) -> f32[n, 2] {\n fc = linear(2)\n free = linear(2, bias: false)\n return fc(x) + free(x) }", ("n", 1)).Model;
        Assert.Equal(["fc.weight", "fc.bias", "free.weight"], model.Parameters.Select(parameter => parameter.Path));
        Assert.Equal(["f32[2, 16]", "f32[2]", "f32[2, 16]"], model.Parameters.Select(parameter => parameter.Type.ToString()));
        Assert.All(model.Parameters, parameter =>
        {
            Assert.Equal("uniform", parameter.Initializer.Kind);
            Assert.Equal([-0.25, 0.25], parameter.Initializer.Arguments);
        });
    }

    [Fact]
    public void Linear_becomes_one_matrix_product()
    {
        var model = new InterpretedModel("model M(x: f32[n, 16]) -> f32[n, 2] {\n fc = linear(2)\n return fc(x) }", ("n", 1)).Model;
        var product = Assert.Single(model.Inference.Nodes, node => node.Operation is Dsl.Graphs.Contract);
        Assert.Equal("f32[n, 2]", product.Type.ToString());
    }

    [Fact]
    public void Embedding_gives_rows()
    {
        var model = new InterpretedModel("model M(index: i32[n, 2]) -> f32[n, 2, 3] {\n table = embedding(5, 3)\n return table(index) }", ("n", 2));
        double[] index = [4, 0, 2, 4];
        var weight = model.Parameter("table.weight");
        InterpretedModel.AssertClose(index.SelectMany(row => weight.Skip(3 * (int)row).Take(3)).ToArray(), model.Predict(index)[0]);
        model.CheckGradients(index);
        Assert.Equal(Dsl.Types.Size.Constant(5), model.Model.Inputs[0].IsIndexBelow);
        Assert.Equal("normal", model.Model.Parameters[0].Initializer.Kind);
    }

    [Fact]
    public void Layer_norm()
    {
        var model = new InterpretedModel("model M(x: f32[n, 5]) -> (y: f32[n, 5], plain: f32[n, 5]) {\n norm = layer_norm()\n plain = layer_norm(eps: 0.1, affine: false)\n return (norm(x), plain(x)) }", ("n", 3));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("norm.weight"), model.Parameter("norm.bias"));
        var results = model.Predict(x);
        for (var row = 0; row < 3; row++)
        {
            var values = x.Skip(5 * row).Take(5).ToArray();
            var (mean, variance) = Moments(values);
            InterpretedModel.AssertClose(values.Select((v, k) => (v - mean) / Math.Sqrt(variance + 1e-5) * weight[k] + bias[k]).ToArray(), results[0].Skip(5 * row).Take(5).ToArray());
            InterpretedModel.AssertClose(values.Select(v => (v - mean) / Math.Sqrt(variance + 0.1)).ToArray(), results[1].Skip(5 * row).Take(5).ToArray());
        }
        model.CheckGradients(x);
    }

    [Fact]
    public void Rms_norm()
    {
        var model = new InterpretedModel("model M(x: f32[n, 5]) -> f32[n, 5] {\n norm = rms_norm(eps: 1e-3)\n return norm(x) }", ("n", 2));
        var x = model.Draw(0);
        var weight = model.Parameter("norm.weight");
        var expected = x.Select((v, k) => v / Math.Sqrt(x.Skip(k / 5 * 5).Take(5).Average(one => one * one) + 1e-3) * weight[k % 5]);
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Batch_norm_uses_the_batch_in_training_and_running_values_otherwise()
    {
        var model = new InterpretedModel("model M(x: f32[n, 3]) -> f32[n, 3] {\n norm = batch_norm(momentum: 0.2)\n return norm(x) }", ("n", 4));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("norm.weight"), model.Parameter("norm.bias"));
        var (runningMean, runningVariance) = (model.Buffer("norm.running_mean"), model.Buffer("norm.running_var"));
        var columns = Enumerable.Range(0, 3).Select(c => Moments(Enumerable.Range(0, 4).Select(row => x[3 * row + c]).ToArray())).ToArray();

        var (results, buffers) = model.Train(x);
        InterpretedModel.AssertClose(x.Select((v, k) => (v - columns[k % 3].Mean) / Math.Sqrt(columns[k % 3].Variance + 1e-5) * weight[k % 3] + bias[k % 3]).ToArray(), results[0]);
        InterpretedModel.AssertClose(columns.Select((column, c) => 0.8 * runningMean[c] + 0.2 * column.Mean).ToArray(), buffers["norm.running_mean"]);
        InterpretedModel.AssertClose(columns.Select((column, c) => 0.8 * runningVariance[c] + 0.2 * column.Variance * 4 / 3).ToArray(), buffers["norm.running_var"]);

        InterpretedModel.AssertClose(x.Select((v, k) => (v - runningMean[k % 3]) / Math.Sqrt(runningVariance[k % 3] + 1e-5) * weight[k % 3] + bias[k % 3]).ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Batch_norm_of_one_sample_stays_finite()
    {
        var model = new InterpretedModel("model M(x: f32[n, 2]) -> f32[n, 2] {\n norm = batch_norm()\n return norm(x) }", ("n", 1));
        var (results, buffers) = model.Train([3, -4]);
        InterpretedModel.AssertClose(model.Parameter("norm.bias"), results[0]);
        Assert.All(buffers.Values, values => Assert.All(values, value => Assert.True(double.IsFinite(value))));
    }

    [Fact]
    public void Dropout_drops_in_training_only_and_keeps_the_mean()
    {
        var draws = new Random(3);
        var uniform = Enumerable.Range(0, 200).Select(_ => draws.NextDouble()).ToArray();
        var model = new InterpretedModel("model M(x: f32[n, 10]) -> f32[n, 10] {\n drop = dropout(0.25)\n return drop(x) }", ("n", 20)) { Random = (_, element) => uniform[element] };
        var x = model.Draw(0);
        Assert.Equal(x, model.Predict(x)[0]);
        InterpretedModel.AssertClose(x.Select((v, k) => uniform[k] >= 0.25 ? v / 0.75 : 0).ToArray(), model.Train(x).Results[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Dropout_of_rate_zero_draws_nothing()
    {
        var model = new InterpretedModel("model M(x: f32[n]) -> f32[n] {\n drop = dropout(0)\n return drop(x) }", ("n", 3));
        Assert.DoesNotContain(model.Model.Training.Nodes, node => node.Operation is Dsl.Graphs.RandomUniform);
    }

    private static (double Mean, double Variance) Moments(double[] x)
    {
        var mean = x.Average();
        return (mean, x.Average(one => (one - mean) * (one - mean)));
    }
}
