using FeedbackNN.Generator.Printing;

namespace FeedbackNN.Generator.Tests;

public class CSharpNamesTests
{
    [Theory]
    [InlineData("pixels", "Pixels")]
    [InlineData("batch_size", "BatchSize")]
    [InlineData("ln_1", "Ln1")]
    [InlineData("block_1_2", "Block1_2")]
    [InlineData("SimpleNN", "SimpleNN")]
    [InlineData("_x", "X")]
    [InlineData("0", "_0")]
    [InlineData("_", "_")]
    public void Types_and_members_are_in_Pascal_case(string name, string expected) => Assert.Equal(expected, CSharpNames.Pascal(name));

    [Theory]
    [InlineData("learning_rate", "learningRate")]
    [InlineData("X", "x")]
    [InlineData("NNModel", "nnModel")]
    [InlineData("in", "@in")]
    [InlineData("params", "@params")]
    [InlineData("w2", "w2")]
    [InlineData("0", "_0")]
    public void Parameters_and_locals_are_in_camel_case_and_escaped(string name, string expected) => Assert.Equal(expected, CSharpNames.Camel(name));

    [Fact]
    public void Names_that_meet_get_numbers() =>
        Assert.Equal(["X", "X2", "Forward2", "X3"], CSharpNames.Distinct(["X", "X", "Forward", "X"], ["Forward"]));

    [Fact]
    public void A_literal_reads_back_as_its_text()
    {
        const string text = "a\"b\\c\n\t\u0001\u2028é";
        var literal = CSharpNames.Literal(text);
        Assert.Equal(text, Microsoft.CodeAnalysis.CSharp.SyntaxFactory.ParseToken(literal).ValueText);
    }
}
