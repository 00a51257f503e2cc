using System.Collections.ObjectModel;

namespace FeedbackNN;

/// <summary>Which tensors of a model go into its file.</summary>
internal static class ModelCheckpoint
{
    private const int FormatVersion = 1;

    public static void Write(Model model, string path)
    {
        Tensors(model, writes: false).Write(path, ReadOnlyDictionary<string, string>.Empty);
        GC.KeepAlive(model);
    }

    public static void Read(Model model, string path)
    {
        Tensors(model, writes: true).Read(path, requireFormat: false);
        GC.KeepAlive(model);
    }

    private static StateFile Tensors(Model model, bool writes)
    {
        var file = new StateFile("model", FormatVersion, model.GetManifest().Name);
        model.AddStateTo(file, prefix: "", writes);
        return file;
    }
}
