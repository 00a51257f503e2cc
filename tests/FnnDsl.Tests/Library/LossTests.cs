namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>The library's losses and softmaxes against their formulas, and their derivatives against differences.</summary>
public sealed class LossTests
{
    private static readonly Dictionary<string, Func<double, double, double>> OfOneNumber = new()
    {
        ["mse(x, t)"] = (x, t) => (x - t) * (x - t),
        ["l1(x, t)"] = (x, t) => Math.Abs(x - t),
        ["huber(x, t)"] = (x, t) => Math.Abs(x - t) <= 1 ? (x - t) * (x - t) / 2 : Math.Abs(x - t) - 0.5,
        ["huber(x, t, delta: 0.5)"] = (x, t) => Math.Abs(x - t) <= 0.5 ? (x - t) * (x - t) / 2 : 0.5 * (Math.Abs(x - t) - 0.25),
        ["bce_with_logits(x, t)"] = (x, t) => -t * Math.Log(1 / (1 + Math.Exp(-x))) - (1 - t) * Math.Log(1 / (1 + Math.Exp(x))),
    };

    public static TheoryData<string> Losses => new(OfOneNumber.Keys);

    [Theory, MemberData(nameof(Losses))]
    public void A_loss_of_one_number_is_its_formula(string call)
    {
        var model = new InterpretedModel($"model M(x: f32[n, 3], t: f32[n, 3]) -> f32[n, 3] {{ return {call} }}", ("n", 5));
        var (x, t) = (model.Draw(0), model.Draw(1, seed: 2, low: 0, high: 1));
        InterpretedModel.AssertClose(x.Zip(t, OfOneNumber[call]).ToArray(), model.Predict(x, t)[0]);
        model.CheckGradients(x, t);
    }

    [Fact]
    public void Half_squared_error_is_one_number_with_the_textbooks_gradient()
    {
        var model = new InterpretedModel("model M(x: f32[n, 2], t: f32[n, 2]) -> f32[] { return half_squared_error(x, t) }", ("n", 4));
        var (x, t) = (model.Draw(0), model.Draw(1, seed: 2));
        InterpretedModel.AssertClose([x.Zip(t, (a, b) => (a - b) * (a - b) / 2).Sum()], model.Predict(x, t)[0]);
        model.CheckGradients(x, t);
    }

    [Fact]
    public void Cross_entropy_is_minus_the_logarithm_of_the_labels_probability()
    {
        var model = new InterpretedModel("model Net(x: f32[n, m, 4], label: i32[n, m]) -> f32[n, m] { return cross_entropy(x, label) }", ("n", 3), ("m", 2));
        var x = model.Draw(0);
        double[] label = [0, 3, 1, 2, 2, 0];
        var expected = label.Select((c, row) => -Math.Log(Softmax(x.Skip(4 * row).Take(4).ToArray())[(int)c])).ToArray();
        InterpretedModel.AssertClose(expected, model.Predict(x, label)[0]);
        model.CheckGradients(x, label);
    }

    [Fact]
    public void A_weighted_mean_divides_by_the_sum_of_weights()
    {
        var model = new InterpretedModel("model M(x: f32[n, 3], label: i32[n], w: f32[3]) -> f32[] { return mean(cross_entropy(x, label), weights: class_weights(label, w)) }", ("n", 4));
        var x = model.Draw(0);
        double[] label = [0, 2, 1, 2], weights = [0.5, 2, 3];
        var losses = label.Select((c, row) => -Math.Log(Softmax(x.Skip(3 * row).Take(3).ToArray())[(int)c])).ToArray();
        var expected = losses.Zip(label, (loss, c) => loss * weights[(int)c]).Sum() / label.Sum(c => weights[(int)c]);
        InterpretedModel.AssertClose([expected], model.Predict(x, label, weights)[0]);
        model.CheckGradients(x, label, weights);
        // Weights that add up to nothing: 0, not 0/0.
        InterpretedModel.AssertClose([0], model.Predict(x, label, [0, 0, 0])[0]);
        var masked = new InterpretedModel("model M(x: f32[n, 3], m: f32[n, 3], w: f32[3]) -> f32[n] { return mean(x, -1, where: m > 0, weights: w) }", ("n", 2));
        InterpretedModel.AssertClose([(2 * 1 + 5 * 4) / 5.0, 7], masked.Predict([2, 9, 5, 9, 7, 9], [1, -1, 1, -1, 1, -1], [1, 2, 4])[0]);
    }

    [Fact]
    public void Cross_entropy_is_exact_for_extreme_logits()
    {
        var model = new InterpretedModel("model M(x: f32[n, 3], label: i32[n]) -> f32[n] { return cross_entropy(x, label) }", ("n", 3));
        var loss = model.Predict([1e4, 0, 0, 0, 1e4, 0, double.NegativeInfinity, 0, 0], [0, 0, 1])[0];
        InterpretedModel.AssertClose([0, 1e4, Math.Log(2)], loss);
    }

    [Fact]
    public void Cross_entropy_says_below_what_its_labels_must_stay()
    {
        var model = new InterpretedModel("model M(x: f32[n, 3], label: i32[n]) -> f32[n] { return cross_entropy(x, label) }", ("n", 1));
        Assert.Equal(Dsl.Types.Size.Constant(3), model.Model.Inputs[1].IsIndexBelow);
    }

    [Fact]
    public void Soft_cross_entropy_is_cross_entropy_for_one_hot_targets()
    {
        var model = new InterpretedModel("""
            model M(x: f32[n, 4], t: f32[n, 4], label: i32[n]) -> (soft: f32[n], hard: f32[n], of_one_hot: f32[n]) {
                return (soft_cross_entropy(x, t), cross_entropy(x, label), soft_cross_entropy(x, one_hot(label, 4)))
            }
            """, ("n", 2));
        var (x, t) = (model.Draw(0), model.Draw(1, seed: 3, low: 0, high: 1));
        double[] label = [3, 1];
        var results = model.Predict(x, t, label);
        var logs = Enumerable.Range(0, 2).SelectMany(row => Softmax(x.Skip(4 * row).Take(4).ToArray())).Select(p => Math.Log(p)).ToArray();
        InterpretedModel.AssertClose(Enumerable.Range(0, 2).Select(row => -Enumerable.Range(4 * row, 4).Sum(k => t[k] * logs[k])).ToArray(), results[0]);
        InterpretedModel.AssertClose(results[1], results[2]);
        model.CheckGradients(x, t, label);
    }

    [Fact]
    public void Bce_is_exact_for_extreme_logits()
    {
        var model = new InterpretedModel("model M(x: f32[n], t: f32[n]) -> f32[n] { return bce_with_logits(x, t) }", ("n", 4));
        InterpretedModel.AssertClose([0, 1000, 0, 1000], model.Predict([1000, 1000, -1000, -1000], [1, 0, 0, 1])[0]);
    }

    [Fact]
    public void Softmax_and_its_logarithm()
    {
        var model = new InterpretedModel("""
            model M(x: f32[n, time, 3]) -> (p: f32[n, time, 3], over_time: f32[n, time, 3], l: f32[n, time, 3], s: f32[n, time]) {
                return (softmax(x), softmax(x, time), log_softmax(x), log_sum_exp(x))
            }
            """, ("n", 2), ("time", 4));
        var x = model.Draw(0);
        var results = model.Predict(x);
        for (var row = 0; row < 8; row++)
        {
            var p = Softmax(x.Skip(3 * row).Take(3).ToArray());
            InterpretedModel.AssertClose(p, results[0].Skip(3 * row).Take(3).ToArray());
            InterpretedModel.AssertClose(p.Select(p => Math.Log(p)).ToArray(), results[2].Skip(3 * row).Take(3).ToArray());
            InterpretedModel.AssertClose([Math.Log(x.Skip(3 * row).Take(3).Sum(Math.Exp))], [results[3][row]]);
        }
        for (var sample = 0; sample < 2; sample++)
        {
            for (var c = 0; c < 3; c++)
            {
                var places = Enumerable.Range(0, 4).Select(t => 12 * sample + 3 * t + c).ToArray();
                InterpretedModel.AssertClose(Softmax(places.Select(k => x[k]).ToArray()), places.Select(k => results[1][k]).ToArray());
            }
        }
        model.CheckGradients(x);
    }

    [Fact]
    public void Softmax_does_not_overflow()
    {
        var model = new InterpretedModel("model M(x: f32[n]) -> (p: f32[n], l: f32[n]) { return (softmax(x), log_softmax(x)) }", ("n", 2));
        var results = model.Predict([5000, 4000]);
        InterpretedModel.AssertClose([1, 0], results[0]);
        InterpretedModel.AssertClose([0, -1000], results[1]);
    }

    [Fact]
    public void Products_and_angles()
    {
        var model = new InterpretedModel("model M(a: f32[n, 3], b: f32[n, 3]) -> (d: f32[n], c: f32[n]) { return (dot(a, b), cosine_similarity(a, b)) }", ("n", 2));
        var (a, b) = (model.Draw(0), model.Draw(1, seed: 5));
        double Dot(double[] p, double[] q, int row) => Enumerable.Range(3 * row, 3).Sum(k => p[k] * q[k]);
        var results = model.Predict(a, b);
        InterpretedModel.AssertClose([Dot(a, b, 0), Dot(a, b, 1)], results[0]);
        InterpretedModel.AssertClose(Enumerable.Range(0, 2).Select(r => Dot(a, b, r) / Math.Sqrt(Dot(a, a, r) * Dot(b, b, r))).ToArray(), results[1]);
        model.CheckGradients(a, b);
    }

    private static double[] Softmax(double[] x)
    {
        var sum = x.Sum(Math.Exp);
        return x.Select(one => Math.Exp(one) / sum).ToArray();
    }
}
