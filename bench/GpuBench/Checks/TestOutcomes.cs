using GpuBench.Frame;
using Xunit.Abstractions;

namespace GpuBench.Checks;

/// <summary>Makes a row of each test that ends.</summary>
internal sealed class TestOutcomes(Report report)
{
    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public void Add(IMessageSinkMessage message)
    {
        switch (message)
        {
            case ITestPassed passed:
                Passed++;
                report.Add(NameOf(passed.Test), new() { ["outcome"] = "passed", ["seconds"] = (double)passed.ExecutionTime });
                break;
            case ITestSkipped skipped:
                Skipped++;
                report.Add(NameOf(skipped.Test), new() { ["outcome"] = $"skipped: {skipped.Reason}", ["seconds"] = 0.0 });
                break;
            case ITestFailed failed:
                Failed++;
                report.Fail(NameOf(failed.Test), string.Join(" ", failed.Messages));
                break;
            case IErrorMessage error:
                Failed++;
                report.Fail("the tests themselves", string.Join(" ", error.Messages));
                break;
        }
    }

    // Without the namespace.
    private static string NameOf(ITest test)
    {
        var type = test.TestCase.TestMethod.TestClass.Class.Name;
        return test.DisplayName.Replace(type[..(type.LastIndexOf('.') + 1)], "", StringComparison.Ordinal);
    }
}
