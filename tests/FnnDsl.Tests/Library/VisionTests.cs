namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>The library's layers over images and series against plain loops in C#, their derivatives against differences, their names and first values against PyTorch's.</summary>
public sealed class VisionTests
{
    [Theory]
    [InlineData(4, 7, 6, 6, 3, 1, 0, 1, 1)]
    [InlineData(3, 8, 7, 2, 3, 2, 1, 1, 1)]
    [InlineData(4, 7, 5, 6, 3, 2, 1, 1, 2)]
    [InlineData(2, 9, 8, 3, 2, 3, 2, 2, 1)]
    [InlineData(3, 6, 6, 6, 3, 1, 2, 2, 3)]
    [InlineData(1, 3, 3, 1, 1, 1, 0, 1, 1)]
    [InlineData(2, 4, 4, 2, 4, 1, 0, 1, 1)]
    public void Conv2d(int channels, int h, int w, int results, int kernel, int stride, int padding, int dilation, int groups)
    {
        int rows = Length(h, kernel, stride, padding, dilation), columns = Length(w, kernel, stride, padding, dilation);
        var model = new InterpretedModel($$"""
            model M(x: f32[n, {{channels}}, {{h}}, {{w}}]) -> f32[n, {{results}}, {{rows}}, {{columns}}] {
                conv = conv2d({{results}}, {{kernel}}, stride: {{stride}}, padding: {{padding}}, dilation: {{dilation}}, groups: {{groups}})
                return conv(x)
            }
            """, ("n", 2));
        var x = model.Draw(0);
        InterpretedModel.AssertClose(Convolved(x, [2, channels, h, w], model.Parameter("conv.weight"), model.Parameter("conv.bias"), kernel, stride, padding, dilation, groups), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Theory]
    [InlineData(4, 9, 6, 3, 2, 1, 1, 2)]
    [InlineData(3, 8, 2, 2, 1, 2, 3, 1)]
    public void Conv1d_is_conv2d_of_one_row(int channels, int length, int results, int kernel, int stride, int padding, int dilation, int groups)
    {
        var steps = Length(length, kernel, stride, padding, dilation);
        var model = new InterpretedModel($$"""
            model M(x: f32[n, {{channels}}, {{length}}]) -> f32[n, {{results}}, {{steps}}] {
                conv = conv1d({{results}}, {{kernel}}, stride: {{stride}}, padding: {{padding}}, dilation: {{dilation}}, groups: {{groups}})
                return conv(x)
            }
            """, ("n", 2));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("conv.weight"), model.Parameter("conv.bias"));
        var each = channels / groups;
        var expected = from b in Range(2) from o in Range(results) from t in Range(steps)
                       select bias[o] + (from c in Range(each) from u in Range(kernel)
                                         let place = (stride * t) + (dilation * u) - padding
                                         where place >= 0 && place < length
                                         select x[(((b * channels) + (o / (results / groups) * each) + c) * length) + place] * weight[(((o * each) + c) * kernel) + u]).Sum();
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Convolutions_start_as_in_PyTorch()
    {
        var model = new InterpretedModel("""
            model M(x: f32[n, 4, 8, 8], s: f32[n, 4, 8]) -> (a: f32[n, 6, 6, 6], b: f32[n, 2, 10, 10], c: f32[n, 6, 6]) {
                grouped = conv2d(6, 3, groups: 2); larger = conv_transpose2d(2, 3, bias: false); series = conv1d(6, 3)
                return (grouped(x), larger(x), series(s))
            }
            """, ("n", 1)).Model;
        Assert.Equal(["grouped.weight", "grouped.bias", "larger.weight", "series.weight", "series.bias"], model.Parameters.Select(parameter => parameter.Path));
        Assert.Equal(["f32[6, 2, 3, 3]", "f32[6]", "f32[4, 2, 3, 3]", "f32[6, 4, 3]", "f32[6]"], model.Parameters.Select(parameter => parameter.Type.ToString()));
        Assert.All(model.Parameters.Zip((double[])[18, 18, 18, 12, 12]), pair =>
        {
            Assert.Equal("uniform", pair.First.Initializer.Kind);
            Assert.Equal(-1 / Math.Sqrt(pair.Second), pair.First.Initializer.Arguments[0], 1e-12);
            Assert.Equal(1 / Math.Sqrt(pair.Second), pair.First.Initializer.Arguments[1], 1e-12);
        });
    }

    [Theory]
    [InlineData(3, 4, 5, 2, 3, 1, 0)]
    [InlineData(2, 3, 4, 3, 3, 2, 1)]
    [InlineData(2, 4, 3, 2, 4, 2, 1)]
    [InlineData(1, 3, 3, 2, 2, 3, 0)]
    [InlineData(2, 3, 2, 1, 5, 2, 2)]
    public void Conv_transpose2d(int channels, int h, int w, int results, int kernel, int stride, int padding)
    {
        int rows = (stride * (h - 1)) + kernel - (2 * padding), columns = (stride * (w - 1)) + kernel - (2 * padding);
        var model = new InterpretedModel($$"""
            model M(x: f32[n, {{channels}}, {{h}}, {{w}}]) -> f32[n, {{results}}, {{rows}}, {{columns}}] {
                conv = conv_transpose2d({{results}}, {{kernel}}, stride: {{stride}}, padding: {{padding}})
                return conv(x)
            }
            """, ("n", 2));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("conv.weight"), model.Parameter("conv.bias"));
        var expected = new double[2 * results * rows * columns];
        foreach (var place in Range(expected.Length)) expected[place] = bias[place / (rows * columns) % results];
        foreach (var (b, c, i, j) in from b in Range(2) from c in Range(channels) from i in Range(h) from j in Range(w) select (b, c, i, j))
        {
            foreach (var (o, u, v) in from o in Range(results) from u in Range(kernel) from v in Range(kernel) select (o, u, v))
            {
                int row = (stride * i) + u - padding, column = (stride * j) + v - padding;
                if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
                expected[(((((b * results) + o) * rows) + row) * columns) + column] += x[(((((b * channels) + c) * h) + i) * w) + j] * weight[(((((c * results) + o) * kernel) + u) * kernel) + v];
            }
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Theory]
    [InlineData(6, 6, 2, 2, 0)]
    [InlineData(7, 5, 2, 2, 0)]
    [InlineData(7, 8, 3, 2, 1)]
    [InlineData(5, 5, 3, 1, 1)]
    [InlineData(4, 9, 2, 3, 1)]
    public void Pools(int h, int w, int window, int stride, int padding)
    {
        int rows = Length(h, window, stride, padding), columns = Length(w, window, stride, padding);
        var settings = $"{window}, stride: {stride}, padding: {padding}";
        var type = $"f32[n, 3, {rows}, {columns}]";
        var model = new InterpretedModel($"model M(x: f32[n, 3, {h}, {w}]) -> (largest: {type}, mean: {type}) {{ return (max_pool(x, {settings}), avg_pool(x, {settings})) }}", ("n", 2));
        var x = model.Draw(0);
        var windows = (from image in Range(6) from i in Range(rows) from j in Range(columns)
                       select (from u in Range(window) from v in Range(window)
                               let row = (stride * i) + u - padding
                               let column = (stride * j) + v - padding
                               where row >= 0 && row < h && column >= 0 && column < w
                               select x[(((image * h) + row) * w) + column]).ToArray()).ToArray();
        var results = model.Predict(x);
        InterpretedModel.AssertClose(windows.Select(one => one.Max()).ToArray(), results[0]);
        InterpretedModel.AssertClose(windows.Select(one => one.Sum() / (window * window)).ToArray(), results[1]);
        model.CheckGradients(x);
    }

    [Fact]
    public void The_windows_of_a_pool_lie_side_by_side_unless_a_stride_is_given()
    {
        var model = new InterpretedModel("model M(x: f32[n, 4, 4]) -> f32[n, 2, 2] { return max_pool(x, 2) }", ("n", 1));
        InterpretedModel.AssertClose([5, 7, 13, 15], model.Predict(Range(16).Select(value => (double)value).ToArray())[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Upsample(int factor)
    {
        const int H = 3, W = 4;
        var type = $"f32[n, 2, {H * factor}, {W * factor}]";
        var model = new InterpretedModel($"model M(x: f32[n, 2, {H}, {W}]) -> (nearest: {type}, bilinear: {type}) {{ return (upsample(x, {factor}), upsample(x, {factor}, bilinear: true)) }}", ("n", 2));
        var x = model.Draw(0);
        double Pixel(int image, int row, int column) => x[(((image * H) + Math.Clamp(row, 0, H - 1)) * W) + Math.Clamp(column, 0, W - 1)];
        // Where the middle of a new pixel lies among the middles of the old ones.
        (int Before, double Share) Place(int position) => ((int)Math.Floor(((position + 0.5) / factor) - 0.5), ((position + 0.5) / factor) - 0.5 - Math.Floor(((position + 0.5) / factor) - 0.5));
        var places = (from image in Range(4) from i in Range(H * factor) from j in Range(W * factor) select (image, i, j)).ToArray();
        var results = model.Predict(x);
        InterpretedModel.AssertClose(places.Select(at => Pixel(at.image, at.i / factor, at.j / factor)).ToArray(), results[0]);
        InterpretedModel.AssertClose(places.Select(at =>
        {
            var ((row, down), (column, right)) = (Place(at.i), Place(at.j));
            return ((1 - down) * (((1 - right) * Pixel(at.image, row, column)) + (right * Pixel(at.image, row, column + 1))))
                + (down * (((1 - right) * Pixel(at.image, row + 1, column)) + (right * Pixel(at.image, row + 1, column + 1))));
        }).ToArray(), results[1]);
        model.CheckGradients(x);
    }

    [Theory]
    [InlineData("3, 2", 6, 1)]
    [InlineData("3, 2", 6, 3)]
    [InlineData("5", 4, 2)]
    [InlineData("", 4, 2)]
    public void Group_norm(string rest, int channels, int groups)
    {
        var axes = rest.Length > 0 ? $"n, {channels}, {rest}" : $"n, {channels}";
        var elements = rest.Split(", ", StringSplitOptions.RemoveEmptyEntries).Aggregate(1, (product, size) => product * int.Parse(size, System.Globalization.CultureInfo.InvariantCulture));
        var model = new InterpretedModel($"model M(x: f32[{axes}]) -> f32[{axes}] {{\n norm = group_norm({groups}, eps: 1e-3)\n return norm(x) }}", ("n", 2));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("norm.weight"), model.Parameter("norm.bias"));
        var group = channels / groups * elements;
        var expected = x.Chunk(group).SelectMany(part => part.Select(value => (value - part.Average()) / Math.Sqrt(part.Average(one => Math.Pow(one - part.Average(), 2)) + 1e-3)))
            .Select((value, place) => (value * weight[place / elements % channels]) + bias[place / elements % channels]);
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Batch_norm_takes_a_channel_of_all_images_together()
    {
        const int Images = 3, Channels = 2, Pixels = 6;
        var model = new InterpretedModel("model M(x: f32[n, 2, 3, 2]) -> f32[n, 2, 3, 2] {\n norm = batch_norm(momentum: 0.2)\n return norm(x) }", ("n", Images));
        var x = model.Draw(0);
        var (weight, bias) = (model.Parameter("norm.weight"), model.Parameter("norm.bias"));
        var (runningMean, runningVariance) = (model.Buffer("norm.running_mean"), model.Buffer("norm.running_var"));
        var channels = Range(Channels).Select(c => Range(Images).SelectMany(image => x.Skip(((image * Channels) + c) * Pixels).Take(Pixels)).ToArray()).ToArray();
        var means = channels.Select(values => values.Average()).ToArray();
        var variances = channels.Select(values => values.Average(value => Math.Pow(value - values.Average(), 2))).ToArray();
        double[] Normalized(double[] mean, double[] variance) =>
            x.Select((value, place) => (value, c: place / Pixels % Channels)).Select(at => ((at.value - mean[at.c]) / Math.Sqrt(variance[at.c] + 1e-5) * weight[at.c]) + bias[at.c]).ToArray();

        var (results, buffers) = model.Train(x);
        InterpretedModel.AssertClose(Normalized(means, variances), results[0]);
        InterpretedModel.AssertClose(Range(Channels).Select(c => (0.8 * runningMean[c]) + (0.2 * means[c])).ToArray(), buffers["norm.running_mean"]);
        InterpretedModel.AssertClose(Range(Channels).Select(c => (0.8 * runningVariance[c]) + (0.2 * variances[c] * 18 / 17)).ToArray(), buffers["norm.running_var"]);
        InterpretedModel.AssertClose(Normalized(runningMean, runningVariance), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Conv_lstm()
    {
        const int Time = 3, Hidden = 2, H = 3, W = 4;
        var model = new InterpretedModel("model M(x: f32[n, time, 2, 3, 4]) -> f32[n, time, 2, 3, 4] {\n rnn = conv_lstm(2, 3)\n return rnn(x) }", ("n", 1), ("time", Time));
        Assert.Equal(["rnn.input.weight", "rnn.input.bias", "rnn.state.weight"], model.Model.Parameters.Select(parameter => parameter.Path));
        var x = model.Draw(0);
        const int Pixels = Hidden * H * W;
        var (state, cell, expected) = (new double[Pixels], new double[Pixels], new List<double>());
        foreach (var step in Range(Time))
        {
            var input = Convolved(x.Skip(step * Pixels).Take(Pixels).ToArray(), [1, 2, H, W], model.Parameter("rnn.input.weight"), model.Parameter("rnn.input.bias"), 3, 1, 1, 1, 1);
            var back = Convolved(state, [1, Hidden, H, W], model.Parameter("rnn.state.weight"), new double[4 * Hidden], 3, 1, 1, 1, 1);
            var gates = input.Zip(back, (a, b) => a + b).Chunk(Pixels).ToArray();
            cell = Range(Pixels).Select(k => (Sigmoid(gates[1][k]) * cell[k]) + (Sigmoid(gates[0][k]) * Math.Tanh(gates[2][k]))).ToArray();
            state = Range(Pixels).Select(k => Sigmoid(gates[3][k]) * Math.Tanh(cell[k])).ToArray();
            expected.AddRange(state);
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void Flatten_keeps_the_order()
    {
        var model = new InterpretedModel("model M(x: f32[n, 2, 3, 4]) -> f32[n, 24] { return flatten(x) }", ("n", 2));
        var x = model.Draw(0);
        Assert.Equal(x, model.Predict(x)[0]);
    }

    /// <summary>Sizes known at run time only go through all layers, whose results have sizes made of them.</summary>
    [Fact]
    public void Images_of_any_size()
    {
        var model = new InterpretedModel("""
            model M(x: f32[n, 2, h, w]) -> f32[n, 3] {
                down = conv2d(4, 3, stride: 2, padding: 1); bn = batch_norm(); gn = group_norm(2); up = conv_transpose2d(3, 4, stride: 2, padding: 1)
                y = x |> down |> bn |> tanh |> max_pool(2) |> gn |> up |> upsample(2, bilinear: true) |> avg_pool(3, stride: 1)
                return mean(y, (-2, -1))
            }
            """, ("n", 2), ("h", 7), ("w", 6));
        model.CheckGradients(model.Draw(0));
    }

    private static double[] Convolved(double[] x, int[] shape, double[] weight, double[] bias, int kernel, int stride, int padding, int dilation, int groups)
    {
        var (channels, h, w, results) = (shape[1], shape[2], shape[3], bias.Length);
        int rows = Length(h, kernel, stride, padding, dilation), columns = Length(w, kernel, stride, padding, dilation), each = channels / groups;
        var y = from b in Range(shape[0]) from o in Range(results) from i in Range(rows) from j in Range(columns)
                select bias[o] + (from c in Range(each) from u in Range(kernel) from v in Range(kernel)
                                  let row = (stride * i) + (dilation * u) - padding
                                  let column = (stride * j) + (dilation * v) - padding
                                  where row >= 0 && row < h && column >= 0 && column < w
                                  let channel = (o / (results / groups) * each) + c
                                  select x[(((((b * channels) + channel) * h) + row) * w) + column] * weight[(((((o * each) + c) * kernel) + u) * kernel) + v]).Sum();
        return y.ToArray();
    }

    private static int Length(int length, int kernel, int stride, int padding, int dilation = 1) => ((length + (2 * padding) - (dilation * (kernel - 1)) - 1) / stride) + 1;

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static IEnumerable<int> Range(int count) => Enumerable.Range(0, count);
}
