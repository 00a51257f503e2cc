using System.ComponentModel;

namespace FeedbackNN.Gpu;

/// <summary>Which of a call's tensors in the host's memory.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum HostTensor
{
    /// <summary>An input: copied to the device before the forward half.</summary>
    Input,

    /// <summary>A result: copied back after the forward half.</summary>
    Result,

    /// <summary>The gradient of a result: copied to the device before the backward half.</summary>
    ResultGradient,

    /// <summary>The gradient of an input: copied back after the backward half.</summary>
    InputGradient,
}

/// <summary>A tensor of the host that has a buffer in the arena.</summary>
/// <param name="Tensor">Of which kind.</param>
/// <param name="Index">Its position among those.</param>
/// <param name="Buffer">The buffer.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct HostTransfer(HostTensor Tensor, int Index, int Buffer);
