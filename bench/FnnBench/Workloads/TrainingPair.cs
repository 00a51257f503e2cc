using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>Both networks of a training with the same weights, and the same batch for both.</summary>
/// <param name="stepOurs">Our step, with its loss.</param>
/// <param name="optimizer">The other side's.</param>
/// <param name="loss">Computes the other side's loss, and disposes of what it needs on the way.</param>
/// <param name="owned">Disposed of with the pair, in this order.</param>
internal sealed class TrainingPair(Func<double> stepOurs, optim.Optimizer optimizer, Func<Tensor> loss, params IDisposable[] owned) : IDisposable
{
    /// <summary>Our step, with its loss.</summary>
    public double StepOurs() => stepOurs();

    /// <summary>The other side's step. Its loss is not read: ours is a by-product, theirs would be one more call.</summary>
    public void StepTorch() => TorchLossTensor().Dispose();

    /// <summary>The other side's step, with its loss.</summary>
    public double TorchLoss()
    {
        using var value = TorchLossTensor();
        return value.item<float>();
    }

    public void Dispose()
    {
        optimizer.Dispose();
        foreach (var one in owned) one.Dispose();
    }

    private Tensor TorchLossTensor()
    {
        optimizer.zero_grad();
        var value = loss();
        value.backward();
        optimizer.step();
        return value;
    }
}
