using Borders;

namespace FeedbackNN.Examples.Tests;

/// <summary>What is said of data whose sizes a program can't compute with: which axis, and which sample.</summary>
public sealed class BordersTests
{
    [Fact]
    public void An_empty_axis_is_named_with_the_tensor_that_has_it()
    {
        using var net = new Last(seed: 1);
        var error = Assert.Throws<ArgumentException>(() => { net.Forward(new(2, 0)); });
        Assert.Equal("The condition 'where 1 <= time' does not hold for these sizes: 1 <= 0 is false. 'time' is 0: axis 1 of 'x' is empty.", error.Message);
        using var trainer = new FitLast(net);
        Assert.Contains("'time' is 0: axis 1 of 'x' is empty.", Assert.Throws<ArgumentException>(() => trainer.Step(new(new(2, 0), new(2)))).Message);
    }

    [Fact]
    public void Axes_that_do_not_fit_a_condition_are_named_too()
    {
        using var net = new Within(seed: 1);
        var error = Assert.Throws<ArgumentException>(() => { net.Forward(new(2, 3), new(2, 2)); });
        Assert.EndsWith("3 <= 2 is false. 'time' is 3, axis 1 of 'x'. 'n' is 2, axis 1 of 'memory'.", error.Message);
    }

    [Fact]
    public void An_empty_sample_is_named_by_its_number()
    {
        using var net = new Last(seed: 1);
        using var trainer = new FitLast(net) { Shuffle = false };
        var data = DataSource.From(new FitLast.Sample[] { new(new float[] { 1 }, 1), new(new float[] { 2 }, 1), new(new float[0], 1), new(new float[] { 3 }, 1) });
        foreach (var use in new Action[] { () => trainer.Evaluate(data, 1), () => trainer.Run(data, 1, 2), () => trainer.Evaluate(data.Skip(1), 1) })
            Assert.Matches("^Sample [12] is empty: it has no elements in 'x', and the training needs some \\(1 <= time\\). Leave such samples out, or fill them up to a length.", Assert.Throws<ArgumentException>(use).Message);
        // Beside others in its batch it has another length than they.
        Assert.Contains("Sample 2 has 0 elements in 'x' and must have 1", Assert.Throws<ArgumentException>(() => trainer.Evaluate(data, 4)).Message);
    }
}
