using System.Collections.ObjectModel;

namespace FeedbackNN;

/// <summary>Which tensors of a model go into its file.</summary>
internal static unsafe class ModelCheckpoint
{
    private const int FormatVersion = 1;

    public static void Write(Model model, string path)
    {
        Tensors(model, (float*)model.ParameterMemory.ForReading(), (float*)model.BufferMemory.ForReading()).Write(path, ReadOnlyDictionary<string, string>.Empty);
        GC.KeepAlive(model);
    }

    public static void Read(Model model, string path)
    {
        Tensors(model, (float*)model.ParameterMemory.ForWriting(), (float*)model.BufferMemory.ForWriting()).Read(path, requireFormat: false);
        GC.KeepAlive(model);
    }

    private static StateFile Tensors(Model model, float* parameters, float* buffers)
    {
        var manifest = model.GetManifest();
        var file = new StateFile("model", FormatVersion, manifest.Name);
        foreach (var spec in manifest.Parameters) file.Add(spec.CheckpointName, spec.Shape.AsSpan(), parameters + spec.Offset, spec.Count);
        foreach (var spec in manifest.Buffers) file.Add(spec.CheckpointName, spec.Shape.AsSpan(), buffers + spec.Offset, spec.Count);
        return file;
    }
}
