using Transfer;

namespace FeedbackNN.Examples.Tests;

/// <summary>What the example of fine-tuning shows: what a network knows helps where few pictures are labelled, and updates of low rank are as good as all weights.</summary>
public sealed class TransferTests : IDisposable
{
    private static readonly LabelledData Data =
        CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f);

    private readonly string _adapters = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".safetensors");

    public void Dispose() => File.Delete(_adapters);

    [Fact]
    public void What_is_known_helps_and_low_rank_is_enough()
    {
        var outcomes = new ulong[] { 1, 2, 3 }.Select(seed =>
        {
            var scanner = new OtherScanner(Data, labelled: 30, seed);
            using var reader = scanner.LearnFirst();
            return new[] { scanner.Untouched(reader), scanner.FromNothing(), scanner.Head(reader), scanner.Slowly(reader), scanner.LowRank(reader, _adapters) };
        }).ToArray();
        double Mean(int way) => outcomes.Average(ways => ways[way].Accuracy);

        var all = string.Join("\n", outcomes.SelectMany(ways => ways));
        Assert.True(Mean(4) > Mean(0) + 0.2 && Mean(4) > Mean(1) + 0.2 && Mean(4) > Mean(2) && Mean(4) > Mean(3) - 0.03 && Mean(3) > Mean(1), all);
        // 4 numbers for each row and column of two matrices, and the head.
        Assert.Equal([0, 13_098, 650, 13_098, (4 * (96 + 64 + 64 + 96)) + 650], outcomes[0].Select(outcome => outcome.Trained));
        using var file = SafetensorsFile.Read(_adapters);
        Assert.Equal(["body.high.lora_A.weight", "body.high.lora_B.weight", "body.low.lora_A.weight", "body.low.lora_B.weight"], file.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
    }
}
