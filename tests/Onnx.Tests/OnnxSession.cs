using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace FeedbackNN.Onnx.Tests;

/// <summary>An exported model in ONNX Runtime: its loader has checked it, shapes and types included.</summary>
internal sealed class OnnxSession : IDisposable
{
    private static readonly Microsoft.ML.OnnxRuntime.RunOptions Quietly = new();

    private readonly InferenceSession _session;

    public OnnxSession(ModelProto model)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(model.ToByteArray(), options);
    }

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> Outputs => _session.OutputMetadata;

    /// <summary>The results in their order, as numbers; truths are 0 and 1.</summary>
    public IReadOnlyList<(long[] Shape, double[] Values)> Run(IReadOnlyList<(string Name, ElementType Element, long[] Shape, double[] Values)> inputs)
    {
        var given = inputs.ToDictionary(input => input.Name, input => Value(input.Element, input.Shape, input.Values));
        try
        {
            using var results = _session.Run(Quietly, given, _session.OutputNames);
            return results.Select(Numbers).ToArray();
        }
        finally
        {
            foreach (var value in given.Values) value.Dispose();
        }
    }

    public void Dispose() => _session.Dispose();

    private static OrtValue Value(ElementType element, long[] shape, double[] values) => element switch
    {
        ElementType.F32 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, x => (float)x), shape),
        ElementType.F64 => OrtValue.CreateTensorValueFromMemory(values.ToArray(), shape),
        ElementType.I32 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, x => (int)x), shape),
        ElementType.I64 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, x => (long)x), shape),
        _ => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, x => x != 0), shape),
    };

    private static (long[] Shape, double[] Values) Numbers(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        double[] numbers = info.ElementDataType switch
        {
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float => Array.ConvertAll(value.GetTensorDataAsSpan<float>().ToArray(), x => (double)x),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Double => value.GetTensorDataAsSpan<double>().ToArray(),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int32 => Array.ConvertAll(value.GetTensorDataAsSpan<int>().ToArray(), x => (double)x),
            Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 => Array.ConvertAll(value.GetTensorDataAsSpan<long>().ToArray(), x => (double)x),
            _ => Array.ConvertAll(value.GetTensorDataAsSpan<bool>().ToArray(), x => x ? 1.0 : 0),
        };
        return (info.Shape, numbers);
    }
}
