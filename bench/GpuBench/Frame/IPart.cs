using FeedbackNN.Gpu;

namespace GpuBench.Frame;

/// <summary>One part of what is checked and measured.</summary>
internal interface IPart
{
    /// <summary>As the command line has it.</summary>
    string Name { get; }

    /// <summary>Adds its rows; what fails is a row that says so.</summary>
    void Run(GpuDevice device, Report report);
}
