using Finetune;

namespace FeedbackNN.Examples.Tests;

/// <summary>The mean loss of a classifier, computed from what it answers, in float64.</summary>
internal static class CrossEntropy
{
    public static double Of(Other net, Tensor<float, Batch, Features> x, Tensor<int, Batch> label)
    {
        using var logits = net.Forward(x);
        double sum = 0;
        for (var i = 0; i < label.Span.Length; i++)
        {
            var row = logits.Span.Slice(i * Others.Size, Others.Size).ToArray().Select(value => (double)value).ToArray();
            sum += Math.Log(row.Sum(Math.Exp)) - row[label.Span[i]];
        }
        return sum / label.Span.Length;
    }
}
