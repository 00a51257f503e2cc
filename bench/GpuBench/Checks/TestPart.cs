using System.Reflection;
using FeedbackNN.Gpu;
using FeedbackNN.Gpu.Tests;
using FeedbackNN.Programs.Tests.Gpu;
using GpuBench.Frame;
using Xunit.Abstractions;

namespace GpuBench.Checks;

/// <summary>
/// The project's own tests of GPUs, on this device: every program of the corpus and the examples against the interpreter and the processor, every operator, and whole
/// trainings through the typed API. They are the tests that run on PoCL elsewhere.
/// </summary>
internal sealed class TestPart : IPart
{
    // Programs of their own, which need .NET; NVIDIA's assembler; and ILGPU as published, on an OpenCL driver.
    private static readonly string[] NotForDevices = ["EmulationTests", "StubDriverTests", "EmulatedCudaTests", "Wrong_as_published", "KernelCompilationTests", "PtxasTests"];

    private static readonly Assembly[] Assemblies = [typeof(ModelTests).Assembly, typeof(PoclProgramTests).Assembly];

    public string Name => "checks";

    public void Run(GpuDevice device, Report report)
    {
        // What the tests ask for: this device, and all files.
        var title = device.ToString();
        Environment.SetEnvironmentVariable("FNN_DEVICE", title[..title.IndexOf(" (", StringComparison.Ordinal)].ToLowerInvariant().Replace(' ', ':'));
        Environment.SetEnvironmentVariable("FNN_GPU", "all");
        var outcomes = new TestOutcomes(report);
        foreach (var assembly in Assemblies) TestRun.Run(assembly, test => IsForDevices(test) && report.Wants(test.DisplayName), outcomes);
        report.Add("all checks", new() { ["passed"] = outcomes.Passed, ["failed"] = outcomes.Failed, ["skipped"] = outcomes.Skipped }, isAlways: true);
    }

    private static bool IsForDevices(ITestCase test)
    {
        var type = test.TestMethod.TestClass.Class.Name;
        return (type.StartsWith(typeof(ModelTests).Namespace!, StringComparison.Ordinal) || type.StartsWith(typeof(PoclProgramTests).Namespace!, StringComparison.Ordinal))
            && !NotForDevices.Any(name => test.DisplayName.Contains(name, StringComparison.Ordinal));
    }
}
