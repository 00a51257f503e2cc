using FnnBench.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FnnBench.Workloads;

/// <summary>The networks of <see cref="VisionWorkload"/> on the other side, with their parameters in the order of ours.</summary>
internal static class TorchVision
{
    public static Module<Tensor, Tensor> Residual() => Sequential(
        Conv2d(Colours.Size, 32, 3, padding: 1, bias: false), BatchNorm2d(32), ReLU(),
        new ResidualBlock(32, 32, 1), new ResidualBlock(32, 64, 2), new ResidualBlock(64, 128, 2),
        AdaptiveAvgPool2d(1), Flatten(), Linear(128, Classes.Size));

    public static Module<Tensor, Tensor> Stem() => Sequential(
        Conv2d(Colours.Size, 64, 7, stride: 2, padding: 3), ReLU(), MaxPool2d(3, 2, 1), AdaptiveAvgPool2d(1), Flatten(), Linear(64, Classes.Size));

    public static Module<Tensor, Tensor> Separable() => Sequential(
        Conv2d(Colours.Size, 32, 3, stride: 2, padding: 1, bias: false), ReLU6(),
        Conv2d(32, 32, 3, padding: 1, groups: 32, bias: false), ReLU6(), Conv2d(32, 64, 1, bias: false), ReLU6(),
        Conv2d(64, 64, 3, stride: 2, padding: 1, groups: 64, bias: false), ReLU6(), Conv2d(64, 128, 1, bias: false), ReLU6(),
        AdaptiveAvgPool2d(1), Flatten(), Linear(128, Classes.Size));

    public static Module<Tensor, Tensor> Denoiser() => new UNet();

    public static Module<Tensor, Tensor> Painter() => Sequential(
        Linear(64, 128 * 7 * 7), ReLU(), Unflatten(1, [128, 7, 7]),
        ConvTranspose2d(128, 64, 4, stride: 2, padding: 1), BatchNorm2d(64), ReLU(), ConvTranspose2d(64, 1, 4, stride: 2, padding: 1), Tanh());

    private sealed class ResidualBlock : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _body;
        private readonly Module<Tensor, Tensor> _shortcut;

        public ResidualBlock(int before, int channels, int stride)
            : base(nameof(ResidualBlock))
        {
            _body = Sequential(Conv2d(before, channels, 3, stride: stride, padding: 1, bias: false), BatchNorm2d(channels), ReLU(), Conv2d(channels, channels, 3, padding: 1, bias: false), BatchNorm2d(channels));
            _shortcut = Sequential(Conv2d(before, channels, 1, stride: stride, bias: false), BatchNorm2d(channels));
            RegisterComponents();
        }

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            return functional.relu(_body.call(x) + _shortcut.call(x)).MoveToOuterDisposeScope();
        }
    }

    private sealed class UNet : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _first = Sequential(Conv2d(1, 32, 3, padding: 1), GroupNorm(8, 32), SiLU());
        private readonly Module<Tensor, Tensor> _inner = Sequential(
            Conv2d(32, 64, 3, stride: 2, padding: 1), GroupNorm(8, 64), SiLU(), Conv2d(64, 64, 3, padding: 1), GroupNorm(8, 64), SiLU(),
            Upsample(scale_factor: [2, 2]), Conv2d(64, 32, 3, padding: 1), GroupNorm(8, 32), SiLU());

        private readonly Module<Tensor, Tensor> _out = Conv2d(32, 1, 3, padding: 1);

        public UNet()
            : base(nameof(UNet)) => RegisterComponents();

        public override Tensor forward(Tensor x)
        {
            using var scope = NewDisposeScope();
            var wide = _first.call(x);
            return _out.call(_inner.call(wide) + wide).MoveToOuterDisposeScope();
        }
    }
}
