using System.Text.Json;

namespace FeedbackNN.Runtime.Tests.Training.Runs;

/// <summary>A small training with a run folder, and what must be the same after an interruption: weights, optimizer state, position, curves.</summary>
internal static class RunCase
{
    public const int Epochs = 4;
    public const int BatchSize = 8;

    // 37 samples in batches of 8: 5 steps an epoch, the last one short.
    public static IDataSource<FitLinear.Sample> Data(Action<int>? visit = null) => DataSource.From(37, i =>
    {
        visit?.Invoke(i);
        float a = MathF.Sin(i), b = MathF.Cos(3 * i);
        return new FitLinear.Sample(new[] { a, b }, 2 * a - 3 * b + 0.5f);
    });

    public static IDataSource<FitLinear.Sample> Validation => DataSource.From(11, i => new FitLinear.Sample(new[] { MathF.Sin(i + 100), MathF.Cos(i) }, i % 3));

    public static RunOptions Options(string folder) => new(folder) { LogEvery = 2, EvaluateEvery = 3, SaveEvery = 4 };

    /// <param name="weights">The seed of other first values than the network's seed gives.</param>
    /// <param name="optimizer">Another one.</param>
    public static FitLinear Trainer(ulong? weights = null, Optimizer? optimizer = null)
    {
        var net = new Linear(seed: 5);
        if (weights is { } seed) net.Initialize(seed);
        return new FitLinear(net, optimizer ?? new Adam(Schedule.WarmupCosine(0.05, 3, 20)), seed: 6);
    }

    public static RunResult<FitLinear.Report> Run(
        FitLinear trainer, string folder, Action<int>? visit = null, CancellationToken cancellation = default, IProgress<TrainingProgress<FitLinear.Report>>? progress = null) =>
        trainer.Run(Data(visit), Epochs, BatchSize, Options(folder), Validation, progress, cancellation);

    /// <summary>All that a folder says, but for clocks.</summary>
    public static string Content(string folder)
    {
        var texts = new List<string>();
        foreach (var file in new[] { "last.safetensors", "best.safetensors" })
        {
            using var content = SafetensorsFile.Read(Path.Combine(folder, file));
            texts.AddRange(content.Metadata.Where(item => item.Key is not ("folder.seconds" or "folder.metrics")).OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => $"{file} {item.Key} = {item.Value}"));
            texts.AddRange(content.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Select(tensor => $"{file} {tensor.Name}: {string.Join(' ', content.ToArray<float>(tensor.Name).Select(BitConverter.SingleToInt32Bits))}"));
        }
        texts.AddRange(MetricsRow.Read(folder).Select(row => $"{row.Kind} {row.Step} {row.Epoch} {JsonSerializer.Serialize(row.Values)}"));
        texts.AddRange(EventFile.Read(Path.Combine(folder, "events.out.tfevents.run")).Select(item => $"event {item.Step} {item.Version} {string.Join(", ", item.Values)}"));
        texts.AddRange(Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)).Order(StringComparer.Ordinal));
        return string.Join('\n', texts);
    }
}
