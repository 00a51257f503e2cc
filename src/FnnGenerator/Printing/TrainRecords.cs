using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints what a training's samples, batches and reports are: records inside of its class, or of the class of its family.</summary>
internal sealed class TrainRecords
{
    private readonly IReadOnlyList<SignatureItem> _inputs;
    private readonly IReadOnlyList<string> _lossNames;
    private readonly EquatableArray<BoundMetric> _metrics;

    /// <param name="losses">Names of losses.</param>
    public TrainRecords(IReadOnlyList<SignatureItem> inputs, IEnumerable<string> losses, EquatableArray<BoundMetric> metrics)
    {
        (_inputs, _lossNames, _metrics) = (inputs, losses.ToArray(), metrics);
        Losses = ReportMembers.Losses(_lossNames);
        Metrics = ReportMembers.Metrics(metrics.Select(metric => metric.Name), Losses);
    }

    /// <summary>What losses are called in reports.</summary>
    public IReadOnlyList<string> Losses { get; }

    /// <summary>What metrics are called in reports.</summary>
    public IReadOnlyList<string> Metrics { get; }

    /// <param name="hasSamples">Whether batches are made of samples.</param>
    public void Print(CodeWriter writer, bool hasSamples)
    {
        if (hasSamples)
        {
            writer.Line();
            writer.Summary("One sample.");
            foreach (var input in _inputs)
            {
                var axes = string.Join(", ", input.Tensor.Axes.Skip(1).Select(AxisNames.Text));
                writer.Doc($"param name=\"{input.Member}\"", $"{input.Tensor.Element.ToString().ToLowerInvariant()}[{axes}]");
            }
            writer.Line($"public readonly record struct Sample({string.Join(", ", _inputs.Select(input => $"{SampleType(input)} {input.Member}"))});");
        }
        writer.Line();
        writer.Summary("The tensors of one batch.");
        foreach (var input in _inputs) writer.Doc($"param name=\"{input.Member}\"", input.TypeText);
        writer.Line($"public readonly record struct MiniBatch({string.Join(", ", _inputs.Select(input => $"{input.TensorType} {input.Member}"))});");
        writer.Line();
        writer.Summary("Losses and metrics of a step, an epoch or an evaluation.");
        writer.Line("/// <param name=\"Step\">Steps made so far.</param>");
        for (var i = 0; i < Losses.Count; i++) writer.Doc($"param name=\"{Losses[i]}\"", $"The mean of '{_lossNames[i]}'.");
        for (var i = 0; i < Metrics.Count; i++) writer.Doc($"param name=\"{Metrics[i]}\"", _metrics[i].Doc ?? $"The metric '{_metrics[i].Name}'.");
        writer.Line($"public readonly record struct Report({string.Join(", ", new[] { "long Step" }.Concat(Losses.Concat(Metrics).Select(name => "double " + name)))});");
    }

    /// <summary>Whether a sample has a number here, not a row of them.</summary>
    public static bool IsNumber(SignatureItem input) => input.Tensor.Axes.Count == 1;

    private static string SampleType(SignatureItem input) => IsNumber(input) ? input.Element : $"ReadOnlyMemory<{input.Element}>";
}
