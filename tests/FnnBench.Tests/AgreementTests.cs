using FnnBench.Frame;

namespace FnnBench.Tests;

/// <summary>When two sides count as doing the same work.</summary>
public sealed class AgreementTests
{
    [Fact]
    public void The_largest_relative_difference_of_the_losses_counts()
    {
        var agreement = Agreement.OfLosses([2.0, 1.0, 0.5], [2.0, 1.25, 0.5], 1e-4);
        Assert.Equal(0.2, agreement.Difference, 12);
        Assert.False(agreement.Holds);
        Assert.True(Agreement.OfLosses([2.0, 0.0], [2.00001, 0.0], 1e-4).Holds);
    }

    [Fact]
    public void A_loss_that_is_no_number_never_agrees()
    {
        Assert.False(Agreement.OfLosses([double.NaN, 1], [1, 1], 1e-4).Holds);
        Assert.False(Agreement.OfLosses([1, 1], [double.NaN, 1], 1e-4).Holds);
        Assert.False(Agreement.OfLosses([double.NaN], [double.NaN], 1e-4).Holds);
        Assert.False(Agreement.OfLosses([1], [0], 1e-4).Holds);
    }

    [Fact]
    public void Results_are_compared_by_norm()
    {
        Assert.Equal(0, Agreement.OfResults([3, 4], [3, 4], 1e-5).Difference);
        Assert.Equal(0.2, Agreement.OfResults([3, 5], [3, 4], 1e-5).Difference, 12);
        Assert.False(Agreement.OfResults([float.NaN, 4], [3, 4], 1e-5).Holds);
        Assert.False(Agreement.OfResults([1e-9f], [0], 1e-5).Holds);
    }

    [Fact]
    public void Nothing_and_something_of_another_length_are_no_comparison()
    {
        Assert.Throws<ArgumentException>(() => Agreement.OfResults([], [], 1e-5));
        Assert.Throws<ArgumentException>(() => Agreement.OfLosses([1], [1, 2], 1e-4));
    }
}
