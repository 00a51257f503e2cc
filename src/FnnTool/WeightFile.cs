using System.Globalization;
using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Tool;

/// <summary>
/// The weights of a model, float32 all of them, in a safetensors file. Names and shapes must be the model's; whose they are is not asked, because the namespace of files that name none is the project's.
/// </summary>
internal sealed class WeightFile : IDisposable
{
    private readonly SafetensorsContent? _content;

    private WeightFile(SafetensorsContent? content) => _content = content;

    /// <summary>Opens the file and compares all of it with what the model owns.</summary>
    /// <exception cref="CheckpointException">The file is not there, is no safetensors file, or holds something else; all that does not fit is named.</exception>
    public static WeightFile Open(BoundModel model, string? path)
    {
        var owned = model.Parameters.Concat(model.Buffers).ToList();
        if (path is null)
        {
            if (owned.Count == 0) return new WeightFile(null);
            throw new CheckpointException("no weights", $"'{model.Name}' has {FnnFiles.Count(owned.Count, "tensor")} of its own. Save them in C#, net.Save(\"{model.Name}.safetensors\"), and write --weights {model.Name}.safetensors.");
        }
        var content = SafetensorsFile.Read(path);
        var misfits = Misfits(owned, content).ToList();
        if (misfits.Count == 0) return new WeightFile(content);
        content.Dispose();
        throw new CheckpointException(path, $"these are not the weights of '{model.Name}':{string.Concat(misfits.Select(misfit => $"{Environment.NewLine}  {misfit}"))}");
    }

    /// <summary>A tensor's bytes, as they are in the file.</summary>
    public ReadOnlyMemory<byte> Read(BoundStorage storage)
    {
        var bytes = new byte[_content!.Find(storage.CheckpointName)!.ByteLength];
        _content.CopyTo(storage.CheckpointName, bytes);
        return bytes;
    }

    public void Dispose() => _content?.Dispose();

    private static IEnumerable<string> Misfits(IReadOnlyList<BoundStorage> owned, SafetensorsContent content)
    {
        foreach (var storage in owned)
        {
            var wanted = Describe(SafetensorsDtype.Float32, storage.Type.Shape.Select(size => size.Value));
            if (content.Find(storage.CheckpointName) is not { } found) yield return $"there is no '{storage.CheckpointName}': {wanted}";
            else if (Describe(found.Dtype, found.Shape) is var actual && actual != wanted) yield return $"'{storage.CheckpointName}' is {actual} and should be {wanted}";
        }
        foreach (var tensor in content.Tensors)
        {
            if (!owned.Any(storage => storage.CheckpointName == tensor.Name)) yield return $"there is '{tensor.Name}', which the model does not have";
        }
    }

    private static string Describe(SafetensorsDtype dtype, IEnumerable<long> shape) => $"{dtype.Name()}[{string.Join(", ", shape.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";
}
