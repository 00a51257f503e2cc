using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx;

/// <summary>What a model's graph takes from outside: its inputs and their axes, and what it owns, which becomes part of the file.</summary>
internal sealed class OnnxOutside
{
    private readonly BoundModel _model;
    private readonly OnnxWeights _weights;
    private readonly string[] _inputs;
    private readonly Dictionary<BoundStorage, string> _storage = [];

    public OnnxOutside(BoundModel model, OnnxWeights weights, OnnxWriter writer)
    {
        (_model, _weights, Writer) = (model, weights, writer);
        // The signature's names come first: nothing else may take them.
        _inputs = model.Inputs.Select(input => writer.Declare(writer.Root, input.Name)).ToArray();
        Results = model.Results.Select(result => writer.Fresh(result.Name)).ToArray();
    }

    public OnnxWriter Writer { get; }

    /// <summary>The names of the results.</summary>
    public IReadOnlyList<string> Results { get; }

    public string Input(int index) => _inputs[index];

    public string Parameter(int index) => Storage(_model.Parameters[index]);

    public string Buffer(int index) => Storage(_model.Buffers[index]);

    /// <summary>The size of a run-time axis, i64, of one element and rank 1.</summary>
    public string Axis(string name)
    {
        var size = Size.Axis(name);
        for (var k = 0; k < _model.Inputs.Count; k++)
        {
            var axis = _model.Inputs[k].Axes.TakeWhile(axis => axis.Size != size).Count();
            if (axis < _model.Inputs[k].Axes.Count) return Writer.Emit("Shape", [_inputs[k]], OnnxWriter.Setting("start", axis), OnnxWriter.Setting("end", axis + 1));
        }
        throw new InvalidOperationException($"No input has the axis '{name}'.");
    }

    // What nothing reads does not become part of the file.
    private string Storage(BoundStorage storage) => _storage.TryGetValue(storage, out var name)
        ? name
        : _storage[storage] = Writer.Weight(storage.CheckpointName, storage.Type, _weights(storage));
}
