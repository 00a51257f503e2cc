using FeedbackNN;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Gives a network of TorchSharp's the weights of ours, which has its parameters in the same order and shapes.</summary>
internal static class TorchWeights
{
    public static void Copy(Model ours, nn.Module theirs)
    {
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        var others = theirs.parameters().ToArray();
        if (others.Length != ours.AllParameters.Count) throw new ArgumentException(FormattableString.Invariant($"We have {ours.AllParameters.Count} parameters, the other side {others.Length}."));
        foreach (var (parameter, other) in ours.AllParameters.Zip(others)) other.copy_(tensor(parameter.Value.ToArray(), other.shape));
    }
}
