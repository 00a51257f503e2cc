using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The table of initialisers: what stands after <c>param … =</c>. Each is resolved here to one of constant, uniform(low, high) and normal(mean, deviation) with
/// numbers, so that the runtime knows those three only. Weights lie [out, in, …]: fan-in is the product of all axes but the first, fan-out the first times
/// the product of all after the second.
/// </summary>
internal static class Initializers
{
    private sealed record Row(string[] Parameters, double[] Defaults, Func<double[], double, double, BoundInitializer> Make);

    private static readonly Dictionary<string, Row> Rows = new(StringComparer.Ordinal)
    {
        ["zeros"] = new([], [], (_, _, _) => Constant(0)),
        ["ones"] = new([], [], (_, _, _) => Constant(1)),
        ["constant"] = new(["value"], [0], (x, _, _) => Constant(x[0])),
        ["uniform"] = new(["low", "high"], [0, 1], (x, _, _) => Uniform(x[0], x[1])),
        ["normal"] = new(["mean", "std"], [0, 1], (x, _, _) => Normal(x[0], x[1])),
        // Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010.
        ["xavier_uniform"] = new(["gain"], [1], (x, fanIn, fanOut) => Symmetric(x[0] * Math.Sqrt(6 / (fanIn + fanOut)))),
        ["xavier_normal"] = new(["gain"], [1], (x, fanIn, fanOut) => Normal(0, x[0] * Math.Sqrt(2 / (fanIn + fanOut)))),
        // He, Zhang, Ren and Sun, Delving Deep into Rectifiers, 2015. The gain is that of relu.
        ["kaiming_uniform"] = new(["gain"], [Math.Sqrt(2)], (x, fanIn, _) => Symmetric(x[0] * Math.Sqrt(3 / fanIn))),
        ["kaiming_normal"] = new(["gain"], [Math.Sqrt(2)], (x, fanIn, _) => Normal(0, x[0] / Math.Sqrt(fanIn))),
    };

    public static IEnumerable<string> Names => Rows.Keys;

    public static bool IsKnown(string name) => Rows.ContainsKey(name);

    /// <summary>How it is written: <c>uniform(low: 0, high: 1)</c>.</summary>
    public static string Signature(string name) =>
        $"{name}({string.Join(", ", Rows[name].Parameters.Zip(Rows[name].Defaults, (parameter, value) => $"{parameter}: {value.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)}"))})";

    /// <summary>For each parameter the position of its argument, or -1; null when an argument fits none.</summary>
    public static int[]? Order(string name, IReadOnlyList<string?> arguments)
    {
        var row = Rows[name];
        var order = Enumerable.Repeat(-1, row.Parameters.Length).ToArray();
        for (var k = 0; k < arguments.Count; k++)
        {
            var place = arguments[k] is { } written ? Array.IndexOf(row.Parameters, written) : k;
            if (place < 0 || place >= order.Length || order[place] >= 0) return null;
            order[place] = k;
        }
        return order;
    }

    /// <param name="numbers">One for each parameter, null where it is left out; may be shorter.</param>
    public static BoundInitializer Make(string name, IReadOnlyList<double?> numbers, EquatableArray<Size> shape)
    {
        var row = Rows[name];
        var values = row.Defaults.Select((value, k) => k < numbers.Count && numbers[k] is { } given ? given : value).ToArray();
        var sizes = shape.Select(size => (double)size.Value).ToArray();
        var receptive = sizes.Skip(2).Aggregate(1.0, (product, size) => product * size);
        var fanIn = sizes.Length < 2 ? sizes.Aggregate(1.0, (product, size) => product * size) : sizes[1] * receptive;
        var fanOut = sizes.Length < 1 ? 1 : sizes[0] * receptive;
        return row.Make(values, Math.Max(fanIn, 1), Math.Max(fanOut, 1));
    }

    private static BoundInitializer Constant(double value) => new("constant", EquatableArray<double>.Own(value));

    private static BoundInitializer Uniform(double low, double high) => new("uniform", EquatableArray<double>.Own(low, high));

    private static BoundInitializer Symmetric(double bound) => Uniform(-bound, bound);

    private static BoundInitializer Normal(double mean, double deviation) => new("normal", EquatableArray<double>.Own(mean, deviation));
}
