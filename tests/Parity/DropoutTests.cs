using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>
/// Dropout draws, so nothing of it is equal to TorchSharp's element by element. Compared are: the share that is dropped, what becomes of what stays, that the
/// gradient goes where the value went, and that each run and each seed drops others.
/// </summary>
public sealed class DropoutTests
{
    private const int Rows = 400, Count = Rows * 100;

    [SkippableTheory]
    [InlineData("Layers.Dropout", 0.5)]
    [InlineData("Layers.DropoutSmall", 0.1)]
    public void Rate_and_scale_are_those_of_TorchSharp(string name, double rate)
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        random.manual_seed(3);
        using var ours = new OurModel(name);
        var ones = new Input(Enumerable.Repeat(1f, Count).ToArray(), [Rows, 100]);
        var first = (float[])ours.ForwardTraining([ones]);
        var theirs = nn.functional.dropout(ones.ToTorch(), rate, training: true).data<float>().ToArray();

        // Five standard deviations of a share of independent draws.
        var tolerance = 5 * Math.Sqrt(rate * (1 - rate) / Count);
        Assert.Equal(rate, Share(first), tolerance);
        Assert.Equal(rate, Share(theirs), tolerance);
        Assert.Equal(theirs.Max(), first.Max());
        Assert.Equal(2, first.Distinct().Count());
        Assert.Contains(0f, first);

        var gradient = Assert.Single(ours.Backward((float[])ones.Values));
        Assert.Equal(first, gradient);

        var second = (float[])ours.ForwardTraining([ones]);
        using var another = new OurModel(name, seed: 2);
        var other = (float[])another.ForwardTraining([ones]);
        // Independent masks differ in 2 rate (1 - rate) of the places.
        var apart = 2 * rate * (1 - rate);
        var apartTolerance = 5 * Math.Sqrt(apart * (1 - apart) / Count);
        Assert.Equal(apart, Differing(first, second), apartTolerance);
        Assert.Equal(apart, Differing(first, other), apartTolerance);
        Assert.Equal((float[])ones.Values, (float[])ours.Forward([ones]));
    }

    private static double Share(float[] values) => values.Count(value => value == 0) / (double)Count;

    private static double Differing(float[] first, float[] second) => first.Zip(second).Count(pair => pair.First != pair.Second) / (double)Count;
}
