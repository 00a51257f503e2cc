using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Onnx;

/// <summary>A model that has no ONNX file: the message says what stands against it.</summary>
public sealed class OnnxExportException : Exception
{
    /// <param name="reason">What stands against it and what to do: whole sentences.</param>
    /// <param name="origin">Where in the source it comes from; null where no line is to blame.</param>
    public OnnxExportException(string reason, Origin? origin = null) : base(reason) => Origin = origin;

    /// <summary>Where in the source it comes from; null where no line is to blame.</summary>
    public Origin? Origin { get; }
}
