using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Tests.Library;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Costs;

/// <summary>Budgets: what they are held against. What is said of wrong ones stands in the corpus.</summary>
public sealed class BudgetTests
{
    private const string Model = """
        model Net(x: f32[batch, 20]) -> f32[batch, 5] {
            BUDGET
            a = linear(16)
            b = linear(5)
            return x |> a |> tanh |> b
        }
        """;

    [Fact]
    public void A_budget_breaks_by_one_byte_and_by_one_operation()
    {
        var costs = ModelCosts.Of(FnnCompiler.Compile(TestCompiler.BindModel(Model.Replace("BUDGET", ""))), _ => 32);
        var flops = costs.ForwardFlops + costs.BackwardFlops;
        Assert.Equal("", Check($"budget memory {costs.TrainingMemory}B at batch 32"));
        Assert.Contains("FNN3050", Check($"budget memory {costs.TrainingMemory - 1}B at batch 32"));
        Assert.Contains("FNN3050", Check($"budget memory {costs.TrainingMemory}B at batch 64"));
        Assert.Equal("", Check($"budget flops {Thousands(flops)}K at batch 32"));
        Assert.Contains("FNN3050", Check($"budget flops {Thousands(flops - 1)}K at batch 32"));

        static string Thousands(long number) => (number / 1000m).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("KB", "1.024", "1KiB")]
    [InlineData("MB", "1.048576", "1MiB")]
    [InlineData("GB", "1.073741824", "1GiB")]
    public void Units_are_powers_of_1000_or_of_1024(string unit, string amount, string same)
    {
        static long LimitOf(string text) => TestCompiler.BindModel(Model.Replace("BUDGET", $"budget memory {text} at batch 1")).Budgets.Single().Limit;
        Assert.Equal(LimitOf(same), LimitOf(amount + unit));
    }

    [Fact]
    public void A_setting_that_only_a_budget_reads_is_used()
    {
        const string family = """
            model Family(size: dim)(x: f32[batch, 4]) -> f32[batch, 4] {
                budget memory LIMIT at batch size
                return x * 2
            }
            model Member = Family(size: 64)
            """;
        Assert.Equal("", CheckText(family.Replace("LIMIT", "1MB")));
        Assert.Contains("(5,7): error FNN3050: 'Member' needs 4.10 KB of memory for a training step at batch 64", CheckText(family.Replace("LIMIT", "1KB")));
    }

    [Fact]
    public void The_same_budget_is_an_equal_value_wherever_its_lines_are()
    {
        var near = TestCompiler.BindModel(Model.Replace("BUDGET", "budget memory 1MB at batch 8"));
        var far = TestCompiler.BindModel("\n\n// above\n" + Model.Replace("BUDGET", "budget memory 1 MB at batch 8"));
        Assert.Equal(near, far);
        Assert.NotEqual(near, TestCompiler.BindModel(Model.Replace("BUDGET", "budget memory 2MB at batch 8")));
    }

    private static string Check(string budget) => CheckText(Model.Replace("BUDGET", budget));

    private static string CheckText(string text) => DiagnosticRenderer.RenderAll(FnnCompiler.Check([FnnParser.Parse(new SourceText("budget.fnn", text))]));
}
