using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Tests.Passes;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>
/// Random expressions over the operator table, dense in what the rewrite rules match, mean the same simplified and not: with infinities and
/// not-a-numbers too, where no operator tells the zeros apart.
/// </summary>
public sealed class ScalarSimplificationTests
{
    private static readonly double[] Ordinary = [-3, -1.5, -1, -0.3, 0.2, 1, 1.7, 2, 4];
    private static readonly double[] Special = [0, 1, -1, 2.5, double.PositiveInfinity, double.NegativeInfinity, double.NaN];
    private static readonly double[] Numbers = [0, 1, -1, 2, 0.5, 3, -4];

    // 1/x tells +0 from -0, which x + 0 does not keep.
    private static readonly ScalarOperator[] TellingZerosApart = [OperatorTable.Div, OperatorTable.Rem, OperatorTable.Pow, OperatorTable.Rsqrt];

    [Fact]
    public void Every_rule_keeps_the_meaning_of_ordinary_numbers() => Compare(OperatorTable.All.ToArray(), Ordinary);

    [Fact]
    public void Every_rule_keeps_infinities_and_what_is_not_a_number() => Compare(OperatorTable.All.Except(TellingZerosApart).ToArray(), Special);

    private static void Compare(ScalarOperator[] operators, double[] numbers)
    {
        var shrunk = 0;
        for (var seed = 0; seed < 700; seed++)
        {
            var plain = RandomExpression(new Random(seed), operators, numbers.Length);
            var simplified = GraphVerifier.Verified(Simplification.Run(plain));
            if (simplified.Nodes.Count < plain.Nodes.Count) shrunk++;
            Assert.Equal(simplified.ToString(), Simplification.Run(simplified).ToString());
            var given = new InterpreterInputs { Inputs = [numbers, numbers.Reverse().ToArray()] };
            var all = Interpreter.RunNodes(plain, given);
            var (expected, actual) = (Interpreter.Run(plain, given)[0], Interpreter.Run(simplified, given)[0]);
            for (var k = 0; k < expected.Length; k++)
            {
                if (numbers == Ordinary && all.Any(node => node.Length > k && !double.IsFinite(node[k]))) continue;
                Assert.True(expected[k].Equals(actual[k]) || Math.Abs(expected[k] - actual[k]) <= 1e-11 * (1 + Math.Abs(expected[k])),
                    $"seed {seed}, element {k}: {expected[k]} became {actual[k]}\n{GraphPrinter.Print(plain)}\n{GraphPrinter.Print(simplified)}");
            }
        }
        Assert.InRange(shrunk, 300, 700);
    }

    // Each step applies an operator to what there is; numbers and recent values are likely, so that patterns meet.
    private static Graph RandomExpression(Random random, ScalarOperator[] operators, int length)
    {
        var builder = new GraphBuilder { Simplifies = false };
        var type = GradientCheck.F64(length);
        var floats = new List<Value> { builder.Input(0, "x", type), builder.Input(1, "y", type) };
        var truths = new List<Value> { floats[0].Less(floats[1]) };
        for (var step = 0; step < 7; step++)
        {
            // The plain signs often: most rules are about them.
            var op = random.Next(3) == 0 && operators.Contains(OperatorTable.Neg) ? OperatorTable.Neg : operators[random.Next(operators.Length)];
            var isLogical = op.Typing == OperatorTyping.Logical;
            var x = Enumerable.Range(0, op.Arity).Select(k => isLogical || (op.Typing == OperatorTyping.Select && k == 0) ? Truth() : Number()).ToArray();
            (isLogical || op.Typing == OperatorTyping.Comparison ? truths : floats).Add(builder.Apply(op, x));
        }
        var result = truths[^1].Select(floats[^1], floats[^2]);
        return builder.Build([new GraphOutput(new ResultTarget(0, "y"), result.Id)]);

        Value Number() => random.Next(4) == 0 ? builder.Fill(Numbers[random.Next(Numbers.Length)], type) : floats[^(1 + random.Next(Math.Min(3, floats.Count)))];

        Value Truth() => random.Next(4) == 0
            ? builder.Fill(random.Next(2), new TensorType(ElementType.Bool, type.Shape))
            : truths[^(1 + random.Next(Math.Min(3, truths.Count)))];
    }
}
