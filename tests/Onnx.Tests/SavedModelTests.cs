using Exported;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;
using FeedbackNN.Programs.Tests;
using FeedbackNN.Tool;

namespace FeedbackNN.Onnx.Tests;

/// <summary>The way that users take: a net of generated code is saved, <c>fnn export</c> makes a file of it, and ONNX Runtime gives the logits that the net gives, to 1e-4.</summary>
public sealed class SavedModelTests : IDisposable
{
    private const int BatchSize = 3;
    private const int Length = 11;

    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-onnx-").FullName;
    private readonly Random _random = new(5);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void SimpleNN_gives_the_same_logits()
    {
        using var net = new SimpleNN(seed: 1);
        var x = Draw(BatchSize * 784);
        using var logits = net.Forward(new(Floats(x), BatchSize, 784));
        Compare(net, [("x", ElementType.F32, [BatchSize, 784], x)], logits.Span);
    }

    [Fact]
    public void Gru_gives_the_same_logits()
    {
        using var net = new Gru(seed: 1);
        var x = Draw(BatchSize * Length * 5);
        using var logits = net.Forward(new(Floats(x), BatchSize, Length, 5));
        Compare(net, [("x", ElementType.F32, [BatchSize, Length, 5], x)], logits.Span);
    }

    [Fact]
    public void Gpt_gives_the_same_logits()
    {
        using var net = new Gpt(seed: 1);
        var tokens = Below(30);
        using var logits = net.Forward(new(Integers(tokens), BatchSize, Length));
        Compare(net, [("tokens", ElementType.I32, [BatchSize, Length], tokens)], logits.Span);
    }

    [Fact]
    public void Bert_gives_the_same_logits()
    {
        using var net = new Bert(seed: 1);
        var (tokens, segments) = (Below(30), Below(2));
        var (words, kinds) = net.Forward(new(Integers(tokens), BatchSize, Length), new(Integers(segments), BatchSize, Length));
        using (words)
        using (kinds)
        {
            Compare(net, [("tokens", ElementType.I32, [BatchSize, Length], tokens), ("segments", ElementType.I32, [BatchSize, Length], segments)], words.Span);
        }
    }

    [Fact]
    public void The_exporter_knows_the_compiler_and_the_format_alone()
    {
        var references = typeof(OnnxExport).Assembly.GetReferencedAssemblies().Select(name => name.Name!).Where(name => !name.StartsWith("System", StringComparison.Ordinal) && name != "netstandard").Order(StringComparer.Ordinal);
        Assert.Equal(["FnnDsl", "Google.Protobuf"], references);
    }

    private void Compare(Model net, IReadOnlyList<(string Name, ElementType Element, long[] Shape, double[] Values)> inputs, ReadOnlySpan<float> expected)
    {
        var (weights, file) = (Path.Combine(_folder, "net.safetensors"), Path.Combine(_folder, "net.onnx"));
        net.Save(weights);
        using var errors = new StringWriter();
        var exitCode = ExportCommand.Run([Path.Combine(Repository.Root, "tests", "Onnx.Tests", "models.fnn")], net.GetType().Name, weights, file, TextWriter.Null, errors);
        Assert.True(exitCode == 0, errors.ToString());
        using var session = new OnnxSession(ModelProto.Parser.ParseFrom(File.ReadAllBytes(file)));
        var actual = session.Run(inputs)[0].Values;
        Assert.Equal(expected.Length, actual.Length);
        for (var k = 0; k < actual.Length; k++) Assert.Equal(expected[k], actual[k], 1e-4);
    }

    private double[] Draw(int count) => Enumerable.Range(0, count).Select(_ => (double)(float)(_random.NextDouble() * 2 - 1)).ToArray();

    private double[] Below(int bound) => Enumerable.Range(0, BatchSize * Length).Select(_ => (double)_random.Next(bound)).ToArray();

    private static float[] Floats(double[] values) => Array.ConvertAll(values, value => (float)value);

    private static int[] Integers(double[] values) => Array.ConvertAll(values, value => (int)value);
}
