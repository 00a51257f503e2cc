using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx;

/// <summary>
/// A node's value in the ONNX graph. Along axes that are narrow all elements are equal, and it has one element there (or, where they are the first ones, no axis): operators that work element by
/// element repeat it by themselves, so that a bias is added without a copy of it for each sample.
/// </summary>
/// <param name="Name">What the graph calls it.</param>
/// <param name="Type">The node's type, as if nothing were narrow.</param>
/// <param name="Narrow">For each axis whether it is narrow.</param>
internal sealed record LoweredValue(string Name, TensorType Type, IReadOnlyList<bool> Narrow)
{
    /// <summary>A value that has all its elements.</summary>
    public LoweredValue(string name, TensorType type) : this(name, type, new bool[type.Rank]) { }

    public bool IsWhole => !Narrow.Contains(true);
}
