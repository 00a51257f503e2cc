using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>The other side's optimizers with our settings. Everything that has a default is given: TorchSharp's defaults of AdamW are not PyTorch's.</summary>
internal static class TorchOptimizers
{
    public static optim.Optimizer Sgd(nn.Module net, double learningRate) =>
        optim.SGD(net.parameters(), learningRate, momentum: 0, dampening: 0, weight_decay: 0, nesterov: false);

    public static optim.Optimizer AdamW(nn.Module net, double learningRate) =>
        optim.AdamW(net.parameters(), learningRate, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01, amsgrad: false);
}
