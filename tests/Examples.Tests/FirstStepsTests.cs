using FirstSteps;

namespace FeedbackNN.Examples.Tests;

public sealed class FirstStepsTests
{
    [Fact]
    public void The_compiled_gradient_is_the_closed_form() => Assert.True(LinearRegression.Run());
}
