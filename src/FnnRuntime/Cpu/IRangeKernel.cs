using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>A loop whose iterations don't depend on each other: fields are pointers and sizes, the body runs any part of it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IRangeKernel
{
    /// <summary>Runs iterations <paramref name="begin"/> up to but not including <paramref name="end"/>.</summary>
    void Run(nint begin, nint end);
}
