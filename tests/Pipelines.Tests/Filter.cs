using Corpus;

namespace FeedbackNN.Pipelines.Tests;

/// <summary>The corpus's pipeline on data that are made up, small enough to be run a hundred times.</summary>
internal static class Filter
{
    public static IDataSource<Read.Sample> Texts { get; } = DataSource.From(Enumerable.Range(0, 40).Select(i => new Read.Sample(Features(i))).ToArray());

    public static IDataSource<Classify.Sample> Labelled { get; } = Samples(0, 28);

    public static IDataSource<Classify.Sample> Unlabelled { get; } = Samples(100, 24).Select(sample => sample with { Label = 0 });

    public static IDataSource<Classify.Sample> HeldOut { get; } = Samples(200, 20);

    /// <param name="folder">Where it keeps its state.</param>
    /// <param name="weights">The seed of first weights; a resumed run must not depend on them.</param>
    /// <param name="devices">Those that share the steps; null is the processor.</param>
    public static FilterPipeline Make(
        string? folder = null, ulong seed = 5, ulong weights = 1, int batchSize = 8, TimeSpan? saveInterval = null, IDataSource<Classify.Sample>? labelled = null, Device[]? devices = null) =>
        new(new Reader(devices?[0], weights), new Classifier(devices?[0], weights + 1), new Classifier(devices?[0], weights + 2), seed)
        {
            Corpus = Texts, Labelled = labelled ?? Labelled, Unlabelled = Unlabelled, HeldOut = HeldOut, Folder = folder, BatchSize = batchSize, SaveInterval = saveInterval ?? TimeSpan.Zero, Devices = devices,
        };

    /// <summary>All weights and buffers.</summary>
    public static float[] Weights(FilterPipeline pipeline) => [.. new Model[] { pipeline.Reader, pipeline.Net, pipeline.Teacher }.SelectMany(Weights)];

    public static IEnumerable<float> Weights(Model net) =>
        net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).Concat(net.AllBuffers.SelectMany(buffer => buffer.Value.ToArray()));

    private static IDataSource<Classify.Sample> Samples(int first, int count) =>
        DataSource.From(Enumerable.Range(first, count).Select(i => new Classify.Sample(Features(i), i % 3)).ToArray());

    private static float[] Features(int i) => [.. Enumerable.Range(0, 8).Select(k => MathF.Sin(1.7f * i + 2.3f * k) + (k == i % 3 ? 1 : 0))];
}

/// <summary>Passes on what is told.</summary>
internal sealed class Listener(Action<PipelineProgress> told) : IProgress<PipelineProgress>
{
    public void Report(PipelineProgress value) => told(value);
}

/// <summary>A folder of a test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), Guid.NewGuid().ToString("N"));

    public string State => System.IO.Path.Combine(Path, "pipeline.safetensors");

    public void Dispose()
    {
        if (Directory.Exists(Path)) Directory.Delete(Path, recursive: true);
    }
}
