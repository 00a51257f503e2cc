using FeedbackNN.Dsl.Types;
using FeedbackNN.Programs.Tests;

namespace FeedbackNN.Onnx.Tests;

/// <summary>Models of every family, exported: ONNX Runtime gives the same numbers to 1e-4, whatever the sizes of run-time axes.</summary>
public sealed class ModelTests
{
    private static readonly string Source = File.ReadAllText(Path.Combine(Repository.Root, "tests", "Onnx.Tests", "models.fnn"));

    public static TheoryData<string> Names() => new("SimpleNN", "Gru", "Gpt", "Bert", "Cnn", "Settle", "Rest", "Grouped");

    [Theory]
    [MemberData(nameof(Names))]
    public void OnnxRuntimeGivesTheSame(string name)
    {
        using var exported = ExportedModel.Of(Source, name, (random, node) => node.Type.Element.IsFloat() ? random.NextDouble() - 0.5 : random.Next(0, name == "Bert" ? 2 : 30));
        foreach (var (batch, time) in new[] { (1, 1), (3, 7), (2, 16) }) exported.Check(new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, seed: batch);
    }
}
