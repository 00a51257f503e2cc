using FeedbackNN.Dsl.Planning;

namespace FeedbackNN.Generator.Printing;

/// <summary>A program as the API makes it: the class for the processor, or the one for GPUs, by the device.</summary>
internal static class ProgramText
{
    /// <param name="plan">The program.</param>
    /// <param name="device">An expression for the device.</param>
    /// <param name="hasGpu">There is a class for GPUs.</param>
    public static string New(ProgramPlan plan, string device, bool hasGpu) => hasGpu
        ? $"{device}.IsCpu ? new {plan.Name}({device}.Pool) : new {GpuProgramPrinter.ClassName(plan)}({device})"
        : $"new {plan.Name}({device}.Pool)";
}
