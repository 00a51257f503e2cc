namespace FeedbackNN.Dsl.Tests.Library;

/// <summary>The library's activations against their formulas, and their derivatives against differences.</summary>
public sealed class ActivationTests
{
    private static readonly Dictionary<string, Func<double, double>> Formulas = new()
    {
        ["identity"] = x => x,
        ["gelu"] = x => x * NormalDistribution(x),
        ["gelu_tanh"] = x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * Math.Pow(x, 3)))),
        ["silu"] = x => x / (1 + Math.Exp(-x)),
        ["mish"] = x => x * Math.Tanh(Math.Log(1 + Math.Exp(x))),
        ["elu"] = x => x > 0 ? x : Math.Exp(x) - 1,
        ["selu"] = x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.Exp(x) - 1)),
        ["leaky_relu"] = x => x > 0 ? x : 0.01 * x,
        ["softsign"] = x => x / (1 + Math.Abs(x)),
        ["relu6"] = x => Math.Clamp(x, 0, 6),
        ["hard_tanh"] = x => Math.Clamp(x, -1, 1),
        ["hard_sigmoid"] = x => Math.Clamp(x + 3, 0, 6) / 6,
        ["hard_swish"] = x => x * Math.Clamp(x + 3, 0, 6) / 6,
    };

    public static TheoryData<string> Names => new(Formulas.Keys);

    [Theory, MemberData(nameof(Names))]
    public void Is_its_formula_and_has_its_derivative(string name)
    {
        var model = new InterpretedModel($"model M(x: f32[n]) -> f32[n] {{ return {name}(x) }}", ("n", 41));
        // Between -8 and 8, never on a kink.
        var x = Enumerable.Range(0, 41).Select(k => -8 + 0.4 * k + 0.013).ToArray();
        InterpretedModel.AssertClose(x.Select(Formulas[name]).ToArray(), model.Predict(x)[0]);
        model.CheckGradients(x);
    }

    [Theory, MemberData(nameof(Names))]
    public void Is_finite_far_out(string name)
    {
        var model = new InterpretedModel($"model M(x: f32[n]) -> f32[n] {{ return {name}(x) }}", ("n", 2));
        Assert.All(model.Predict([-1e4, 1e4])[0], y => Assert.True(double.IsFinite(y)));
    }

    [Fact]
    public void Config_of_activations_is_used()
    {
        var model = new InterpretedModel("model M(x: f32[n]) -> (a: f32[n], b: f32[n]) { return (elu(x, alpha: 2), leaky_relu(x, 0.3)) }", ("n", 2));
        var results = model.Predict([-1, 1]);
        InterpretedModel.AssertClose([2 * (Math.Exp(-1) - 1), 1], results[0]);
        InterpretedModel.AssertClose([-0.3, 1], results[1]);
    }

    [Fact]
    public void Elu_has_no_gradient_that_is_not_a_number()
    {
        var model = new InterpretedModel("model M(x: f32[n]) -> f32[n] { return elu(x) }", ("n", 1));
        Assert.Equal(1000, model.Predict([1000.0])[0][0]);
        model.CheckGradients([1000.0]);
    }

    // ½ + ∫₀ˣ exp(-t²/2)/√(2π) dt, by Simpson's rule.
    private static double NormalDistribution(double x)
    {
        const int steps = 4000;
        var width = x / steps;
        double Density(double t) => Math.Exp(-t * t / 2) / Math.Sqrt(2 * Math.PI);
        var sum = Density(0) + Density(x);
        for (var k = 1; k < steps; k++) sum += (k % 2 == 1 ? 4 : 2) * Density(k * width);
        return 0.5 + sum * width / 3;
    }
}
