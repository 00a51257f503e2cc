using FnnBench.Frame;

namespace FnnBench.Workloads;

/// <summary>All workloads: one row each.</summary>
internal static class WorkloadList
{
    public static readonly IWorkload[] All =
    [
        new PerceptronWorkload(),
        new RecurrentWorkload(),
        new ConvolutionalWorkload(),
        new VisionWorkload(),
        new GptWorkload(),
        new DecodeWorkload(),
        new ProductWorkload(),
        FirstStepWorkload.Startup,
        FirstStepWorkload.Memory,
    ];
}
