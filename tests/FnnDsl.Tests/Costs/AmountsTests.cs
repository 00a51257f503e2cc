using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Costs;

/// <summary>Numbers as tables and messages show them.</summary>
public sealed class AmountsTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(999, "999")]
    [InlineData(1000, "1.00 K")]
    [InlineData(1234, "1.23 K")]
    [InlineData(99_949, "99.9 K")]
    [InlineData(99_960, "100 K")]
    [InlineData(999_600, "1.00 M")]
    [InlineData(1_234_567_890, "1.23 G")]
    [InlineData(long.MaxValue, "9.22 E")]
    public void Three_digits_and_a_letter(long number, string expected) => Assert.Equal(expected, Amounts.Count(number));

    [Fact]
    public void The_unit_follows_its_letter()
    {
        Assert.Equal("12 B", Amounts.Bytes(12));
        Assert.Equal("1.50 MB", Amounts.Bytes(1_500_000));
        Assert.Equal("2.00 Gflops", Amounts.Flops(2_000_000_000));
    }
}
