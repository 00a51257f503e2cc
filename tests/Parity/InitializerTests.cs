using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>
/// First values beside TorchSharp's initialisers of the same name. They are draws, so the distributions are compared: ours and theirs each with the closed
/// form, and with each other, by the distance of Kolmogorov and Smirnov; then bounds, mean and deviation. Both have fixed seeds.
/// </summary>
public sealed class InitializerTests
{
    // Beyond it lie the largest distances √n·D of one sample in 2·10⁶.
    private const double Critical = 2.7;

    private static readonly Row[] Table =
    [
        Same("zeros", 0, tensor => nn.init.zeros_(tensor)),
        Same("ones", 1, tensor => nn.init.ones_(tensor)),
        Same("number", 0.25, tensor => nn.init.constant_(tensor, 0.25)),
        Same("constant", -1.5, tensor => nn.init.constant_(tensor, -1.5)),
        Uniform("uniform", -0.2, 0.7, tensor => nn.init.uniform_(tensor, -0.2, 0.7)),
        Uniform("uniform_plain", 0, 1, tensor => nn.init.uniform_(tensor)),
        Normal("normal", 0.3, 0.05, tensor => nn.init.normal_(tensor, 0.3, 0.05)),
        Normal("normal_plain", 0, 1, tensor => nn.init.normal_(tensor)),
        Uniform("xavier_uniform", Math.Sqrt(6.0 / 500), tensor => nn.init.xavier_uniform_(tensor)),
        Uniform("xavier_uniform_gain", 2 * Math.Sqrt(6.0 / 500), tensor => nn.init.xavier_uniform_(tensor, 2)),
        Uniform("xavier_uniform_kernel", Math.Sqrt(6.0 / 2500), tensor => nn.init.xavier_uniform_(tensor)),
        Normal("xavier_normal", 0, Math.Sqrt(2.0 / 500), tensor => XavierNormal(tensor, 1)),
        Normal("xavier_normal_kernel", 0, 0.5 * Math.Sqrt(2.0 / 2500), tensor => XavierNormal(tensor, 0.5)),
        Uniform("kaiming_uniform", Math.Sqrt(6.0 / 300), tensor => nn.init.kaiming_uniform_(tensor)),
        Uniform("kaiming_uniform_kernel", Math.Sqrt(6.0 / 1500), tensor => nn.init.kaiming_uniform_(tensor)),
        Uniform("kaiming_uniform_gain", Math.Sqrt(3.0 / 300), tensor => nn.init.kaiming_uniform_(tensor, nonlinearity: nn.init.NonlinearityType.Linear)),
        Normal("kaiming_normal", 0, Math.Sqrt(2.0 / 300), tensor => nn.init.kaiming_normal_(tensor)),
        Normal("kaiming_normal_kernel", 0, Math.Sqrt(2.0 / 1500), tensor => nn.init.kaiming_normal_(tensor)),
        Uniform("linear weight", 1 / Math.Sqrt(300), _ => nn.Linear(300, 2000).weight!),
        Uniform("linear bias", 1 / Math.Sqrt(300), _ => nn.Linear(300, 2000).bias!),
        Normal("embedding weight", 0, 1, _ => nn.Embedding(1000, 64).weight!),
    ];

    private static readonly Dictionary<string, (string Model, string Path)> OfLayers = new()
    {
        ["linear weight"] = ("Starts.LinearStart", "layer.weight"),
        ["linear bias"] = ("Starts.LinearStart", "layer.bias"),
        ["embedding weight"] = ("Starts.EmbeddingStart", "layer.weight"),
    };

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Name)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Distributions_agree(string name)
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        random.manual_seed(7);
        var row = Table.Single(row => row.Name == name);
        var (model, path) = OfLayers.GetValueOrDefault(name, ("Starts.Starts", "first." + name));
        using var net = new OurModel(model, seed: 7);
        var parameter = net.Model.AllParameters.Single(parameter => parameter.Path == path);
        var ours = Sorted(parameter.Value.ToArray());
        var theirs = Sorted(row.Draw(empty(parameter.Shape.ToArray().Select(size => (long)size).ToArray())).detach().data<float>().ToArray());
        Assert.Equal(theirs.Length, ours.Length);
        if (row.Distribution is null)
        {
            Assert.Equal(theirs, ours);
            Assert.All(ours, value => Assert.Equal((float)row.Mean, value));
            return;
        }
        foreach (var draws in new[] { ours, theirs })
        {
            Assert.InRange(Math.Sqrt(draws.Length) * Distance(draws, row.Distribution), 0, Critical);
            Assert.InRange(draws[0], row.Low, row.High);
            Assert.InRange(draws[^1], row.Low, row.High);
            // Five standard errors; that of a deviation is at most that of the normal's.
            Assert.Equal(row.Mean, draws.Average(), 5 * row.Deviation / Math.Sqrt(draws.Length));
            var variance = draws.Average(value => Math.Pow(value - row.Mean, 2));
            Assert.Equal(row.Deviation, Math.Sqrt(variance), 5 * row.Deviation / Math.Sqrt(2.0 * draws.Length));
        }
        Assert.InRange(Math.Sqrt(ours.Length / 2.0) * Distance(ours, theirs), 0, Critical);
    }

    /// <summary>TorchSharp's own draws evenly between the bounds with the same deviation, which is PyTorch's xavier_uniform_. When it no longer does, compare with it.</summary>
    [SkippableFact]
    public void The_xavier_normal_of_TorchSharp_still_is_not_normal()
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        random.manual_seed(7);
        var draws = nn.init.xavier_normal_(empty(200, 300)).data<float>().ToArray();
        Assert.InRange(draws.Max(), 0, Math.Sqrt(6.0 / 500));
    }

    /// <summary>Neighbours, and tensors of one model, are independent of each other: the correlation is that of independent draws.</summary>
    [Fact]
    public void Draws_are_independent()
    {
        using var net = new OurModel("Starts.Starts", seed: 7);
        float[] Values(string name) => net.Model.AllParameters.Single(parameter => parameter.Path == "first." + name).Value.ToArray();
        var (first, second) = (Values("normal_plain"), Values("xavier_normal"));
        Assert.InRange(Math.Abs(Correlation(first[..^1], first[1..])) * Math.Sqrt(first.Length), 0, 5);
        Assert.InRange(Math.Abs(Correlation(first, second)) * Math.Sqrt(first.Length), 0, 5);
    }

    private static Row Same(string name, double value, Func<Tensor, Tensor> draw) => new(name, draw, null, value, 0, value, value);

    private static Row Uniform(string name, double bound, Func<Tensor, Tensor> draw) => Uniform(name, -bound, bound, draw);

    private static Row Uniform(string name, double low, double high, Func<Tensor, Tensor> draw) =>
        new(name, draw, x => Math.Clamp((x - low) / (high - low), 0, 1), (low + high) / 2, (high - low) / Math.Sqrt(12), (float)low, (float)high);

    private static Row Normal(string name, double mean, double deviation, Func<Tensor, Tensor> draw) =>
        new(name, draw, x => 0.5 * (1 + Dsl.Operators.OperatorTable.Erf.Evaluate([(x - mean) / deviation / Math.Sqrt(2)])), mean, deviation, double.NegativeInfinity, double.PositiveInfinity);

    private static Tensor XavierNormal(Tensor tensor, double gain)
    {
        var (fanIn, fanOut) = nn.init.CalculateFanInAndFanOut(tensor);
        return nn.init.normal_(tensor, 0, gain * Math.Sqrt(2.0 / (fanIn + fanOut)));
    }

    private static double[] Sorted(float[] values) => values.Select(value => (double)value).Order().ToArray();

    /// <summary>The largest distance of the sample's distribution function from a given one.</summary>
    private static double Distance(double[] sorted, Func<double, double> distribution) =>
        sorted.Select((value, i) => Math.Max(Math.Abs(distribution(value) - ((double)i / sorted.Length)), Math.Abs(((i + 1.0) / sorted.Length) - distribution(value)))).Max();

    /// <summary>The largest distance of two samples' distribution functions.</summary>
    private static double Distance(double[] first, double[] second)
    {
        double largest = 0;
        for (int i = 0, j = 0; i < first.Length && j < second.Length;)
        {
            if (first[i] <= second[j]) i++;
            else j++;
            largest = Math.Max(largest, Math.Abs((double)i / first.Length - (double)j / second.Length));
        }
        return largest;
    }

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double product = 0, first = 0, second = 0;
        for (var i = 0; i < a.Length; i++)
        {
            product += (double)a[i] * b[i];
            first += (double)a[i] * a[i];
            second += (double)b[i] * b[i];
        }
        return product / Math.Sqrt(first * second);
    }

    /// <param name="Draw">TorchSharp's initialiser, which fills a tensor or makes one.</param>
    /// <param name="Distribution">The closed form; null where every number is the mean.</param>
    private sealed record Row(string Name, Func<Tensor, Tensor> Draw, Func<double, double>? Distribution, double Mean, double Deviation, double Low, double High);
}
