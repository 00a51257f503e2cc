using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Tests.Library;

namespace FeedbackNN.Dsl.Tests.Feedback;

/// <summary>What feedback blocks mean: against plain loops in C#, against themselves unrolled, and their gradients against central differences.</summary>
public sealed class FeedbackTests
{
    private const string Cell = """
        layer cell(hidden: dim)(x: real[batch, time, in]) -> (last: real[batch, hidden], hs: real[batch, time, hidden]) {
            w = linear(hidden); u = linear(hidden, bias: false)
            feedback (h: real[batch, hidden] = 0) over x_t in x along time OPTIONS {
                h <- tanh(w(x_t) + u(h))
                emit hs = h
            }
            return (h, hs)
        }
        model M(x: f32[batch, TIME, 3]) -> (last: f32[batch, 2], hs: f32[batch, TIME, 2]) { c = cell(2); return c(x) }
        """;

    private static InterpretedModel Make(string options, int time = 5, bool isRunTime = true) => new(
        Cell.Replace("OPTIONS", options).Replace("TIME", isRunTime ? "time" : time.ToString(System.Globalization.CultureInfo.InvariantCulture)), isRunTime ? [("batch", 2), ("time", time)] : [("batch", 2)]);

    [Theory]
    [InlineData("")]
    [InlineData("reverse")]
    public void A_loop_over_an_axis_is_that_loop(string options)
    {
        var model = Make(options);
        var x = model.Draw(0);
        var (w, b, u) = (model.Parameter("c.w.weight"), model.Parameter("c.w.bias"), model.Parameter("c.u.weight"));
        var hs = new double[2 * 5 * 2];
        var last = new double[2 * 2];
        for (var sample = 0; sample < 2; sample++)
        {
            var h = new double[2];
            for (var k = 0; k < 5; k++)
            {
                var t = options == "" ? k : 4 - k;
                h = Enumerable.Range(0, 2).Select(o => Math.Tanh(b[o] + Enumerable.Range(0, 3).Sum(i => w[3 * o + i] * x[(5 * sample + t) * 3 + i]) + Enumerable.Range(0, 2).Sum(i => u[2 * o + i] * h[i]))).ToArray();
                h.CopyTo(hs, (5 * sample + t) * 2);
            }
            h.CopyTo(last, 2 * sample);
        }
        var results = model.Predict(x);
        InterpretedModel.AssertClose(last, results[0]);
        InterpretedModel.AssertClose(hs, results[1]);
        model.CheckGradients(x);
    }

    [Theory]
    [InlineData("checkpoint every 1", 5)]
    [InlineData("checkpoint every 2", 5)]
    [InlineData("checkpoint every 5", 5)]
    [InlineData("checkpoint every 7", 5)]
    [InlineData("checkpoint every 2", 6)]
    [InlineData("reverse checkpoint every 2", 5)]
    [InlineData("reverse checkpoint every 3", 6)]
    public void A_loop_in_segments_is_the_loop(string options, int time)
    {
        foreach (var isRunTime in new[] { true, false })
        {
            var plain = Make(options.StartsWith("reverse", StringComparison.Ordinal) ? "reverse" : "", time, isRunTime);
            var segmented = Make(options, time, isRunTime);
            var x = plain.Draw(0);
            InterpretedModel.AssertClose(plain.Predict(x)[0], segmented.Predict(x)[0], 1e-12);
            InterpretedModel.AssertClose(plain.Predict(x)[1], segmented.Predict(x)[1], 1e-12);
            segmented.CheckGradients(x);
        }
    }

    [Fact]
    public void A_loop_is_its_rounds_written_out()
    {
        var loop = new InterpretedModel("""
            model M(x: f32[batch, 3]) -> f32[batch, 3] {
                w = linear(3)
                feedback (h: f32[batch, 3] = x) times 4 { h <- tanh(w(h)) }
                return h
            }
            """, ("batch", 2));
        var unrolled = new InterpretedModel("""
            model M(x: f32[batch, 3]) -> f32[batch, 3] {
                w = linear(3)
                h = x
                repeat 4 { h = tanh(w(h)) }
                return h
            }
            """, ("batch", 2));
        var x = loop.Draw(0);
        InterpretedModel.AssertClose(unrolled.Predict(x)[0], loop.Predict(x)[0], 1e-12);
        loop.CheckGradients(x);
    }

    [Fact]
    public void Past_a_samples_length_its_state_holds_and_nothing_is_collected()
    {
        const string text = """
            model M(x: f32[batch, time, 2], length: i32[batch]) -> (last: f32[batch, 2], hs: f32[batch, time, 2]) {
                w = linear(2); u = linear(2, bias: false)
                feedback (h: f32[batch, 2] = 0) over x_t in x along time OPTIONS lengths length {
                    h <- tanh(w(x_t) + u(h))
                    emit hs = h
                }
                return (h, hs)
            }
            """;
        foreach (var options in new[] { "", "reverse" })
        {
            var model = new InterpretedModel(text.Replace("OPTIONS", options), ("batch", 3), ("time", 4));
            var x = model.Draw(0);
            double[] length = [2, 4, 0];
            var results = model.Predict(x, length);
            var alone = new InterpretedModel(text.Replace("OPTIONS", options), ("batch", 1), ("time", 2));
            var first = alone.Predict(x.Take(4).ToArray(), [2]);
            InterpretedModel.AssertClose(first[0], results[0].Take(2).ToArray());
            InterpretedModel.AssertClose(first[1].Concat([0, 0, 0, 0]).ToArray(), results[1].Take(8).ToArray());
            Assert.Equal([0, 0], results[0].Skip(4));
            model.CheckGradients(x, length);
        }
    }

    [Fact]
    public void A_truncated_loop_has_the_values_of_the_whole_and_the_gradient_of_its_stretches()
    {
        const string text = """
            model M(x: f32[batch, 4, 2], first: f32[batch, 2]) -> f32[batch, 2] {
                w = linear(2); u = linear(2, bias: false)
                feedback (h: f32[batch, 2] = first) over x_t in x along 1 OPTIONS { h <- tanh(w(x_t) + u(h)) }
                return h
            }
            """;
        var whole = new InterpretedModel(text.Replace("OPTIONS", ""), ("batch", 2));
        var truncated = new InterpretedModel(text.Replace("OPTIONS", "truncate 2"), ("batch", 2));
        var x = whole.Draw(0);
        var first = whole.Draw(1);
        InterpretedModel.AssertClose(whole.Predict(x, first)[0], truncated.Predict(x, first)[0], 0);
        var gradients = truncated.Gradients(x, first);
        // The last two steps have a gradient, and those before and the first state have none.
        var ofX = gradients[0];
        Assert.All(Enumerable.Range(0, 2), sample => Assert.Equal([0, 0, 0, 0], ofX.Skip(8 * sample).Take(4)));
        Assert.All(Enumerable.Range(0, 2), sample => Assert.All(ofX.Skip((8 * sample) + 4).Take(4), value => Assert.NotEqual(0, value)));
        Assert.All(gradients[1], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Each_sample_ends_by_its_own_condition()
    {
        var model = new InterpretedModel("""
            model M(x: f32[batch]) -> (y: f32[batch], n: i32[batch], path: f32[batch, 5]) {
                feedback (y: f32[batch] = x) until y < 1, at_most 5 as n {
                    y <- y / 2
                    emit path = y
                }
                return (y, n, path)
            }
            """, ("batch", 3));
        var results = model.Predict([3, 0.5, 1000]);
        Assert.Equal([0.75, 0.25, 31.25], results[0]);
        Assert.Equal([2, 1, 5], results[1]);
        Assert.Equal([1.5, 0.75, 0, 0, 0, 0.25, 0, 0, 0, 0, 500, 250, 125, 62.5, 31.25], results[2]);
        model.CheckGradients([3, 0.5, 1000]);
    }

    [Fact]
    public void Halting_weighs_the_rounds_with_their_probabilities()
    {
        var model = new InterpretedModel("""
            model M(x: f32[batch], p: f32[batch]) -> (y: f32[batch], cost: f32[batch]) {
                feedback (y: f32[batch] = x) until halt(p), at_most 4 as n { y <- y * 2 }
                return (y, n)
            }
            """.Replace("halt(p)", "halt(q)").Replace("{ y <- y * 2 }", "{\n y <- y * 2\n q = p + 0 * y\n }"), ("batch", 3));
        var results = model.Predict([1, 1, 1], [0.4, 0.995, 0.1]);
        // 0.4 twice and what is left once; at once; 0.1 three times and the rest in the last round there is.
        InterpretedModel.AssertClose([(0.4 * 2) + (0.4 * 4) + (0.2 * 8), 2, (0.1 * (2 + 4 + 8)) + (0.7 * 16)], results[0]);
        InterpretedModel.AssertClose([3 + 0.2, 1 + 1, 4 + 0.7], results[1]);
        model.CheckGradients([1, 1.5, 2], [0.4, 0.995, 0.1]);
    }

    [Theory]
    [InlineData("anderson(3)")]
    [InlineData("anderson(5)")]
    [InlineData("picard")]
    [InlineData("picard(0.7)")]
    public void An_equilibrium_is_one_and_its_gradient_is_that_of_many_rounds(string solver)
    {
        const string text = """
            model M(x: f32[batch, 4]) -> (z: f32[batch, 3], n: i32[batch], r: f32[batch]) {
                inject = linear(3); mix = linear(3, bias: false)
                feedback (z: f32[batch, 3] = 0) HOW { z <- tanh(0.3 * mix(z) + inject(x)) }
                return (z, n, r)
            }
            """;
        var point = new InterpretedModel(text.Replace("HOW", $"to fixed_point(tol: 1e-10, at_most: 300, solver: {solver}) as n").Replace("(z, n, r)", "(z, n, n.residual)"), ("batch", 3));
        var rounds = new InterpretedModel(text.Replace("HOW", "times 200").Replace(", n: i32[batch], r: f32[batch]", "").Replace("(z: f32[batch, 3]) {", "f32[batch, 3] {").Replace("(z, n, r)", "z"), ("batch", 3));
        var x = point.Draw(0);
        InterpretedModel.AssertClose(rounds.Predict(x)[0], point.Predict(x)[0], 1e-8);
        Assert.All(point.Predict(x)[1], n => Assert.InRange(n, 2, 300));
        Assert.All(point.Predict(x)[2], r => Assert.InRange(r, 0, 1e-10));
        var expected = rounds.Gradients(x);
        var actual = point.Gradients(x);
        for (var k = 0; k < expected.Length; k++) InterpretedModel.AssertClose(expected[k], actual[k], 1e-7);
    }

    [Fact]
    public void Anderson_needs_fewer_rounds_than_Picard()
    {
        const string text = """
            model M(x: f32[batch, 8]) -> (z: f32[batch, 8], n: i32[batch]) {
                mix = linear(8, bias: false)
                feedback (z: f32[batch, 8] = 0) to fixed_point(tol: 1e-8, at_most: 500, solver: SOLVER) as n { z <- tanh(0.35 * mix(z) + x) }
                return (z, n)
            }
            """;
        double Rounds(string solver)
        {
            var model = new InterpretedModel(text.Replace("SOLVER", solver), ("batch", 4));
            return model.Predict(model.Draw(0))[1].Average();
        }
        Assert.True(Rounds("anderson(5)") < 0.7 * Rounds("picard"), $"Anderson {Rounds("anderson(5)")}, Picard {Rounds("picard")}");
    }

    [Fact]
    public void An_equilibrium_that_is_not_reached_keeps_the_best_iterate_and_else_fail_says_so()
    {
        const string text = """
            model M(x: f32[batch, 2]) -> (z: f32[batch, 2], ok: bool[batch]) {
                feedback (z: f32[batch, 2] = x) to fixed_point(tol: 1e-6, at_most: 6, solver: picard) else OTHERWISE as n { z <- 1.5 * z - 1 }
                return (z, n.converged)
            }
            """;
        var model = new InterpretedModel(text.Replace("OTHERWISE", "best"), ("batch", 2));
        // One begins at the fixed point 2, the other flees from it: its first iterate is the best.
        var results = model.Predict([2, 2, 5, 3]);
        Assert.Equal([1, 0], results[1]);
        InterpretedModel.AssertClose([2, 2], results[0].Take(2).ToArray());
        var failing = new InterpretedModel(text.Replace("OTHERWISE", "fail"), ("batch", 2));
        Assert.Throws<InvalidOperationException>(() => failing.Predict([2, 2, 5, 3]));
    }

    [Fact]
    public void A_thousand_steps_are_as_much_graph_as_ten()
    {
        int Nodes(int time) => GraphPrinter.Print(Make("", time, isRunTime: false).Model.Training).Split('\n').Length;
        Assert.Equal(Nodes(10), Nodes(1000));
    }

    [Fact]
    public void Buffers_keep_what_the_last_round_gave_them()
    {
        var model = new InterpretedModel("""
            layer counter()(x: real[batch, n]) -> real[batch, n] {
                buffer seen: f32[n] = 0
                if training { seen <- 0.5 * seen + mean(x, 0) }
                return x + seen
            }
            model M(x: f32[batch, 2]) -> f32[batch, 2] {
                c = counter()
                feedback (y: f32[batch, 2] = x) times 3 { y <- tanh(c(y)) }
                return y
            }
            """, ("batch", 2));
        var (_, buffers) = model.Train(model.Draw(0));
        Assert.All(Assert.Single(buffers).Value, value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void A_state_goes_down_the_gradient_of_an_energy()
    {
        var model = new InterpretedModel("""
            fn energy(s: real[batch, n], w: real[n, n]) -> real[] { return 0.5 * sum(s * (s @ w.T)) + sum(0.25 * s^4 - s) }
            model M(x: f32[batch, 3]) -> f32[batch, 3] {
                param w: f32[3, 3] = normal()
                feedback (s: f32[batch, 3] = x) times 3 { s <- s - 0.1 * grad(energy(s, w), s) }
                return s
            }
            """, ("batch", 2));
        var x = model.Draw(0, low: -1, high: 1);
        var w = model.Parameter("w");
        var s = (double[])x.Clone();
        for (var round = 0; round < 3; round++)
        {
            s = s.Select((value, k) => value - (0.1 * (Enumerable.Range(0, 3).Sum(j => 0.5 * (w[(k % 3 * 3) + j] + w[(j * 3) + (k % 3)]) * s[(k / 3 * 3) + j]) + Math.Pow(value, 3) - 1))).ToArray();
        }
        InterpretedModel.AssertClose(s, model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Fact]
    public void The_gradient_of_a_jacobian_penalty_is_exact()
    {
        // |∂f/∂z|² at an equilibrium, along one direction, as training would hold it down.
        var model = new InterpretedModel("""
            model M(x: f32[batch, 3], e: f32[batch, 3]) -> (z: f32[batch, 3], penalty: f32[]) {
                mix = linear(3, bias: false)
                feedback (z: f32[batch, 3] = 0) to fixed_point(tol: 1e-11, at_most: 400) { z <- tanh(0.3 * mix(z) + x) }
                f = tanh(0.3 * mix(z) + x)
                v = grad(sum(f * e), z)
                return (z, sum(v * v))
            }
            """, ("batch", 2));
        model.CheckGradients(model.Draw(0), model.Draw(1, 3));
    }

    [Fact]
    public void The_penalty_of_the_library_is_that_of_one_direction()
    {
        var model = new InterpretedModel("""
            model M(x: f32[batch, 3]) -> f32[] {
                mix = linear(3, bias: false)
                feedback (z: f32[batch, 3] = 0) to fixed_point(tol: 1e-11, at_most: 400) { z <- tanh(0.3 * mix(z) + x) }
                return jacobian_penalty(tanh(0.3 * mix(z) + x), z)
            }
            """, ("batch", 2));
        model.CheckGradients(model.Draw(0));
        Assert.True(model.Predict(model.Draw(0))[0][0] > 0);
    }
}
