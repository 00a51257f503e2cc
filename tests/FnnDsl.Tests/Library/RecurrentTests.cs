using System.Globalization;

namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>
/// The library's recurrent layers against plain loops in C#, against their rounds written out and run in segments, their derivatives against differences, their names
/// and first values against PyTorch's.
/// </summary>
public sealed class RecurrentTests
{
    private static readonly Dictionary<string, int> Gates = new() { ["elman"] = 1, ["gru"] = 3, ["lstm"] = 4 };

    public static TheoryData<string, int, bool> Layers
    {
        get
        {
            var rows = new TheoryData<string, int, bool>();
            foreach (var name in Gates.Keys)
            {
                foreach (var layers in new[] { 1, 2 })
                {
                    rows.Add(name, layers, false);
                    rows.Add(name, layers, true);
                }
            }
            return rows;
        }
    }

    public static TheoryData<string> Names => new(Gates.Keys);

    // ---- PyTorch's three ----------------------------------------------------------------------------------------

    [Theory, MemberData(nameof(Layers))]
    public void A_recurrent_layer_is_its_formula_step_by_step(string name, int layers, bool bidirectional)
    {
        const int batch = 2, time = 3;
        var model = new InterpretedModel(Text(name, layers, bidirectional), ("batch", batch), ("time", time));
        var x = model.Draw(0);
        var y = Enumerable.Range(0, batch).SelectMany(sample => Enumerable.Range(0, time).Select(t => x.Skip((sample * time + t) * 3).Take(3).ToArray())).ToArray();
        for (var k = 0; k < layers; k++)
        {
            var states = y.Select(_ => new List<double>()).ToArray();
            foreach (var direction in bidirectional ? new[] { "", "_reverse" } : [""])
            {
                double[] Weight(string part) => model.Parameter(FormattableString.Invariant($"rnn.{part}{direction}.{k}"));
                for (var sample = 0; sample < batch; sample++)
                {
                    var (h, c) = (new double[2], new double[2]);
                    for (var step = 0; step < time; step++)
                    {
                        var place = sample * time + (direction == "" ? step : time - 1 - step);
                        (h, c) = Cell(name, Affine(Weight("weight_ih"), Weight("bias_ih"), y[place]), Affine(Weight("weight_hh"), Weight("bias_hh"), h), h, c);
                        states[place].AddRange(h);
                    }
                }
            }
            y = states.Select(state => state.ToArray()).ToArray();
        }
        InterpretedModel.AssertClose(y.SelectMany(state => state).ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Theory, MemberData(nameof(Layers))]
    public void A_recurrent_layer_has_PyTorchs_parameters(string name, int layers, bool bidirectional)
    {
        var model = new InterpretedModel(Text(name, layers, bidirectional), ("batch", 1), ("time", 1)).Model;
        var rows = 2 * Gates[name];
        var expected = from k in Enumerable.Range(0, layers)
                       from direction in bidirectional ? new[] { "", "_reverse" } : [""]
                       let width = k == 0 ? 3 : bidirectional ? 4 : 2
                       from part in new[] { ("weight_ih", $"f32[{rows}, {width}]"), ("weight_hh", $"f32[{rows}, 2]"), ("bias_ih", $"f32[{rows}]"), ("bias_hh", $"f32[{rows}]") }
                       select string.Create(CultureInfo.InvariantCulture, $"rnn.{part.Item1}_l{k}{direction} {part.Item2}");
        Assert.Equal(expected, model.Parameters.Select(parameter => $"{parameter.CheckpointName} {parameter.Type}"));
        Assert.All(model.Parameters, parameter =>
        {
            Assert.Equal("uniform", parameter.Initializer.Kind);
            Assert.Equal([-1 / Math.Sqrt(2), 1 / Math.Sqrt(2)], parameter.Initializer.Arguments);
        });
    }

    [Theory, MemberData(nameof(Names))]
    public void A_loop_is_its_rounds_written_out_and_its_segments(string name)
    {
        var loop = new InterpretedModel(Text(name, 1, false, "5"), ("batch", 2));
        var x = loop.Draw(0);
        var expected = loop.Predict(x)[0];
        var gradients = loop.Gradients(x);
        var others = new[] { WrittenOut(name) }.Concat(new[] { 1, 2, 5, 8 }.Select(length => InSegments(name, length)));
        foreach (var other in others.Select(text => new InterpretedModel(text, ("batch", 2))))
        {
            InterpretedModel.AssertClose(expected, other.Predict(x)[0], 1e-10);
            var own = other.Gradients(x);
            Assert.Equal(gradients.Length, own.Length);
            for (var k = 0; k < own.Length; k++) InterpretedModel.AssertClose(gradients[k], own[k], 1e-10);
        }
    }

    private static string Text(string name, int layers, bool bidirectional, string time = "time") => string.Create(CultureInfo.InvariantCulture, $$"""
        model M(x: f32[batch, {{time}}, 3]) -> f32[batch, {{time}}, {{(bidirectional ? 4 : 2)}}] {
            rnn = {{name}}(2, layers: {{layers}}, bidirectional: {{(bidirectional ? "true" : "false")}})
            return rnn(x)
        }
        """);

    private static string WrittenOut(string name) => Parameters(name) + $$"""
            h = zeros([batch, 2]); c = zeros([batch, 2])
            repeat 5 as t {
                {{CallOf(name)}}
                if t == 0 { hs = h as [batch, 1, 2] } else { hs = concat((hs, h as [batch, 1, 2]), 1) }
            }
            return hs
        }
        """.Replace("x_t", "x[:, t]").Replace("next_", "");

    private static string InSegments(string name, int length) => Parameters(name) + $$"""
            feedback (h: f32[batch, 2] = 0{{(name == "lstm" ? ", c: f32[batch, 2] = 0" : "")}}) over x_t in x along 1 checkpoint every {{length.ToString(CultureInfo.InvariantCulture)}} {
                {{CallOf(name)}}
                h <- next_h
                {{(name == "lstm" ? "c <- next_c" : "")}}
                emit hs = h
            }
            return hs
        }
        """;

    private static string CallOf(string name) => name == "lstm" ? "(next_h, next_c) = lstm_cell(x_t, h, c, w, u, b, d)" : $"next_h = {name}_cell(x_t, h, w, u, b, d)";

    private static string Parameters(string name)
    {
        var rows = (2 * Gates[name]).ToString(CultureInfo.InvariantCulture);
        return $"model M(x: f32[batch, 5, 3]) -> f32[batch, 5, 2] {{\n param w: f32[{rows}, 3]; param u: f32[{rows}, 2]; param b: f32[{rows}]; param d: f32[{rows}]\n";
    }

    /// <summary>The next state and cell from the input's and the state's products.</summary>
    private static (double[] H, double[] C) Cell(string name, double[] a, double[] b, double[] h, double[] c)
    {
        var units = Enumerable.Range(0, h.Length).ToArray();
        double Sum(int gate, int unit) => a[gate * h.Length + unit] + b[gate * h.Length + unit];
        switch (name)
        {
            case "elman":
                return (units.Select(u => Math.Tanh(Sum(0, u))).ToArray(), c);
            case "gru":
                return (units.Select(u =>
                {
                    var (r, z) = (Sigmoid(Sum(0, u)), Sigmoid(Sum(1, u)));
                    return (1 - z) * Math.Tanh(a[2 * h.Length + u] + r * b[2 * h.Length + u]) + z * h[u];
                }).ToArray(), c);
            default:
                var next = units.Select(u => Sigmoid(Sum(1, u)) * c[u] + Sigmoid(Sum(0, u)) * Math.Tanh(Sum(2, u))).ToArray();
                return (units.Select(u => Sigmoid(Sum(3, u)) * Math.Tanh(next[u])).ToArray(), next);
        }
    }

    // ---- The others along time ----------------------------------------------------------------------------------

    [Fact]
    public void Jordans_answer_comes_back()
    {
        var model = new InterpretedModel("model M(x: f32[batch, time, 3]) -> f32[batch, time, 2] {\n rnn = jordan(4, 2)\n return rnn(x) }", ("batch", 2), ("time", 3));
        var x = model.Draw(0);
        var expected = new List<double>();
        for (var sample = 0; sample < 2; sample++)
        {
            var y = new double[2];
            for (var t = 0; t < 3; t++)
            {
                var input = Affine(model.Parameter("rnn.input.weight"), model.Parameter("rnn.input.bias"), x.Skip((3 * sample + t) * 3).Take(3).ToArray());
                var back = Affine(model.Parameter("rnn.back.weight"), new double[4], y);
                y = Affine(model.Parameter("rnn.output.weight"), model.Parameter("rnn.output.bias"), input.Zip(back, (a, b) => Math.Tanh(a + b)).ToArray());
                expected.AddRange(y);
            }
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void An_echo_state_is_its_formula_and_has_no_parameters()
    {
        var model = new InterpretedModel("model M(x: f32[batch, time, 3]) -> f32[batch, time, 4] {\n echo = echo_state(4, radius: 0.5, leak: 0.3)\n return echo(x) }", ("batch", 2), ("time", 3));
        var x = model.Draw(0);
        var expected = new List<double>();
        for (var sample = 0; sample < 2; sample++)
        {
            var h = new double[4];
            for (var t = 0; t < 3; t++)
            {
                var input = Affine(model.Buffer("echo.input"), new double[4], x.Skip((3 * sample + t) * 3).Take(3).ToArray());
                h = input.Zip(Affine(model.Buffer("echo.reservoir"), new double[4], h), (a, b) => Math.Tanh(a + b)).Zip(h, (next, old) => 0.7 * old + 0.3 * next).ToArray();
                expected.AddRange(h);
            }
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
        Assert.Empty(model.Model.Parameters);
        Assert.Equal([-1, 1], model.Model.Buffers[0].Initializer.Arguments);
    }

    [Fact]
    public void The_reservoir_has_its_spectral_radius()
    {
        const int units = 200;
        var model = new InterpretedModel("model M(x: f32[batch, time, 1]) -> f32[batch, time, 200] {\n echo = echo_state(200, radius: 0.9)\n return echo(x) }", ("batch", 1), ("time", 1)).Model;
        var initializer = model.Buffers.Single(buffer => buffer.Path == "echo.reservoir").Initializer;
        var random = new Random(5);
        var w = Enumerable.Range(0, units * units).Select(_ => initializer.Arguments[0] + (initializer.Arguments[1] - initializer.Arguments[0]) * random.NextDouble()).ToArray();
        // A product many times over grows by the radius each time, on average: the largest eigenvalues are pairs, so its length goes up and down.
        var v = Enumerable.Range(0, units).Select(_ => random.NextDouble() - 0.5).ToArray();
        double growth = 0;
        const int warm = 100, counted = 400;
        for (var k = 0; k < warm + counted; k++)
        {
            v = Affine(w, new double[units], v);
            var norm = Math.Sqrt(v.Sum(one => one * one));
            v = v.Select(one => one / norm).ToArray();
            if (k >= warm) growth += Math.Log(norm);
        }
        Assert.InRange(Math.Exp(growth / counted), 0.9 * 0.9, 1.1 * 0.9);
    }

    // ---- Memories -----------------------------------------------------------------------------------------------

    [Fact]
    public void Hebbs_weights_are_the_products_of_patterns_without_the_diagonal()
    {
        var model = new InterpretedModel("model M(p: f32[count, n]) -> f32[n, n] { return hopfield_weights(p) }", ("count", 3), ("n", 4));
        var p = model.Draw(0);
        var expected = from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 4) select i == j ? 0 : Enumerable.Range(0, 3).Sum(c => p[4 * c + i] * p[4 * c + j]) / 4;
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(p)[0]);
        model.CheckGradients(p);
    }

    [Fact]
    public void A_memory_settles_on_what_it_remembers()
    {
        const int n = 32;
        var model = new InterpretedModel("""
            model M(p: f32[count, n], s: f32[batch, n]) -> (once: f32[batch, n], settled: f32[batch, n], one: f32[batch, n]) {
                w = hopfield_weights(p)
                return (hopfield_step(w, s), hopfield(w, s), hopfield(w, s, at_most: 1))
            }
            """, ("count", 2), ("n", n), ("batch", 4));
        var random = new Random(3);
        var patterns = Enumerable.Range(0, 2 * n).Select(_ => random.Next(2) * 2.0 - 1).ToArray();
        var probes = patterns.Concat(patterns).ToArray();
        foreach (var wrong in new[] { 2 * n + 1, 2 * n + 7, 2 * n + 20, 3 * n + 4, 3 * n + 30 }) probes[wrong] *= -1;
        var results = model.Predict(patterns, probes);
        Assert.Equal(patterns.Concat(patterns), results[1]);
        Assert.Equal(results[0], results[2]);
        var expected = from b in Enumerable.Range(0, 4)
                       from i in Enumerable.Range(0, n)
                       let field = Enumerable.Range(0, n).Where(j => j != i).Sum(j => Enumerable.Range(0, 2).Sum(c => patterns[n * c + i] * patterns[n * c + j]) * probes[n * b + j])
                       select field == 0 ? probes[n * b + i] : Math.Sign(field);
        Assert.Equal(expected, results[0]);
    }

    // ---- Rounds -------------------------------------------------------------------------------------------------

    [Fact]
    public void Every_round_of_a_feedback_net_sees_the_answer_before()
    {
        var model = new InterpretedModel("model M(x: f32[batch, 3]) -> f32[batch, 4, 2] {\n net = feedback_net(3, 2, rounds: 4)\n return net(x) }", ("batch", 2));
        var x = model.Draw(0);
        double[] Layer(string name, double[] input, bool bias = true) =>
            Affine(model.Parameter($"net.{name}.weight"), bias ? model.Parameter($"net.{name}.bias") : new double[3], input);
        var expected = new List<double>();
        for (var sample = 0; sample < 2; sample++)
        {
            var (y, h) = (new double[2], new double[3]);
            for (var round = 0; round < 4; round++)
            {
                var (a, b, c) = (Layer("encode", x.Skip(3 * sample).Take(3).ToArray()), Layer("mix", h), Layer("back", Softmax(y), bias: false));
                h = Enumerable.Range(0, 3).Select(k => Math.Tanh(a[k] + b[k] + c[k])).ToArray();
                y = Layer("answer", h);
                expected.AddRange(y);
            }
        }
        InterpretedModel.AssertClose(expected, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void An_equilibrium_layer_is_one()
    {
        var model = new InterpretedModel("model M(x: f32[batch, 3]) -> f32[batch, 4] {\n layer = deq(4, tol: 1e-11, at_most: 300)\n return layer(x) }", ("batch", 3));
        Assert.Equal(["layer.inject.weight", "layer.inject.bias", "layer.mix.weight", "layer.norm.weight", "layer.norm.bias"], model.Model.Parameters.Select(parameter => parameter.Path));
        var mix = model.Parameter("layer.mix.weight");
        for (var k = 0; k < mix.Length; k++) mix[k] *= 0.4;
        var x = model.Draw(0);
        var z = model.Predict(x)[0];
        for (var sample = 0; sample < 3; sample++)
        {
            var own = z.Skip(4 * sample).Take(4).ToArray();
            var u = Affine(model.Parameter("layer.inject.weight"), model.Parameter("layer.inject.bias"), x.Skip(3 * sample).Take(3).ToArray());
            var next = Affine(mix, u, own).Select(Math.Tanh).ToArray();
            InterpretedModel.AssertClose(LayerNorm(next, model.Parameter("layer.norm.weight"), model.Parameter("layer.norm.bias")), own, 1e-8);
        }
        model.CheckGradients(x);
    }

    [Fact]
    public void A_universal_transformer_goes_on_until_each_position_has_halted()
    {
        const int batch = 2, seq = 3, d = 4, heads = 2, most = 3;
        var model = new InterpretedModel("model M(x: f32[batch, seq, 4]) -> (y: f32[batch, seq, 4], cost: f32[batch, seq]) {\n u = universal_transformer(2, at_most: 3)\n return u(x) }", ("batch", batch), ("seq", seq));
        // So that some halt at once and others never.
        model.Parameter("u.halting.bias")[0] = 0.2;
        var x = model.Draw(0);
        double[] Layer(string name, double[] input) => Affine(model.Parameter($"u.{name}.weight"), name == "key" ? new double[d] : model.Parameter($"u.{name}.bias"), input);
        double[] Norm(string name, double[] input) => LayerNorm(input, model.Parameter($"u.{name}.weight"), model.Parameter($"u.{name}.bias"));
        var (expected, costs) = (new List<double>(), new List<double>());
        for (var sample = 0; sample < batch; sample++)
        {
            var y = Enumerable.Range(0, seq).Select(s => x.Skip((sample * seq + s) * d).Take(d).ToArray()).ToArray();
            var (mean, sum, cost, active) = (y.Select(_ => new double[d]).ToArray(), new double[seq], new double[seq], Enumerable.Repeat(true, seq).ToArray());
            for (var round = 0; round < most; round++)
            {
                double Wave(int place, int e) => Math.Sin(place / Math.Pow(10000, (e - e % 2) / (double)d) + (e % 2 * Math.PI / 2));
                var h = y.Select((own, s) => own.Select((v, e) => v + Wave(s, e) + Wave(round, e)).ToArray()).ToArray();
                var z = h.Select(own => Norm("ln_1", own)).ToArray();
                var (q, k, v) = (z.Select(own => Layer("query", own)).ToArray(), z.Select(own => Layer("key", own)).ToArray(), z.Select(own => Layer("value", own)).ToArray());
                for (var s = 0; s < seq; s++)
                {
                    if (!active[s]) continue;
                    var mixed = new double[d];
                    for (var head = 0; head < heads; head++)
                    {
                        var places = Enumerable.Range(head * d / heads, d / heads).ToArray();
                        var weights = Softmax(k.Select(other => places.Sum(e => q[s][e] * other[e]) / Math.Sqrt(d / heads)).ToArray());
                        foreach (var e in places) mixed[e] = weights.Zip(v, (weight, other) => weight * other[e]).Sum();
                    }
                    var attended = Layer("project", mixed).Zip(h[s], (a, b) => a + b).ToArray();
                    y[s] = Layer("out", Layer("fc", Norm("ln_2", attended)).Select(one => Math.Max(one, 0)).ToArray()).Zip(attended, (a, b) => a + b).ToArray();
                    var p = Sigmoid(Layer("halting", y[s])[0]);
                    var isLast = sum[s] + p >= 0.99 || round == most - 1;
                    var weight = isLast ? 1 - sum[s] : p;
                    mean[s] = mean[s].Zip(y[s], (a, b) => a + weight * b).ToArray();
                    cost[s] += 1 + (isLast ? 1 - sum[s] : 0);
                    sum[s] += p;
                    active[s] = !isLast;
                }
            }
            expected.AddRange(mean.SelectMany(one => one));
            costs.AddRange(cost);
        }
        var results = model.Predict(x);
        InterpretedModel.AssertClose(expected, results[0]);
        InterpretedModel.AssertClose(costs, results[1]);
        Assert.NotEqual(costs.Min(), costs.Max(), 0.5);
        model.CheckGradients(x);
    }

    // ---- Formulas -----------------------------------------------------------------------------------------------

    private static double[] Affine(double[] weight, double[] bias, double[] x) =>
        Enumerable.Range(0, bias.Length).Select(o => bias[o] + Enumerable.Range(0, x.Length).Sum(i => weight[o * x.Length + i] * x[i])).ToArray();

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Softmax(double[] x)
    {
        var sum = x.Sum(Math.Exp);
        return x.Select(one => Math.Exp(one) / sum).ToArray();
    }

    private static double[] LayerNorm(double[] x, double[] weight, double[] bias)
    {
        var mean = x.Average();
        var variance = x.Average(one => (one - mean) * (one - mean));
        return x.Select((one, k) => (one - mean) / Math.Sqrt(variance + 1e-5) * weight[k] + bias[k]).ToArray();
    }
}
