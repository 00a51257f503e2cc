using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FeedbackNN.Parity;

/// <summary>The library's layers over images and series beside TorchSharp's, of even and odd sizes, strides and paddings.</summary>
public sealed class VisionTests
{
    private const int Samples = 5;

    // Sums of products of a whole image, or of a channel of all images, which the other side adds up in another order.
    private const double OfLongSums = 1e-5;

    private static readonly Case[] Table =
    [
        new("Vision.Conv2d", [Images(3, 9, 8)], x => Conv2d(x)),
        new("Vision.Conv2dPadded", [Images(16, 14, 14)], x => Conv2d(x, padding: 1)) { Tolerance = OfLongSums },
        new("Vision.Conv2dStrided", [Images(4, 11, 7)], x => Conv2d(x, stride: 2, padding: 1)),
        new("Vision.Conv2dDilated", [Images(2, 12, 9)], x => Conv2d(x, stride: 2, padding: 2, dilation: 2)),
        new("Vision.Conv2dGrouped", [Images(6, 7, 7)], x => Conv2d(x, stride: 2, padding: 1, groups: 2)),
        new("Vision.Conv2dDepthwise", [Images(8, 7, 5)], x => Conv2d(x, padding: 1, groups: 8)),
        new("Vision.Conv2dPointwise", [Images(8, 7, 5)], x => Conv2d(x)),
        new("Vision.Conv2dLarge", [Images(1, 28, 28)], x => Conv2d(x)) { Tolerance = OfLongSums },
        new("Vision.Conv2dOfAnySize", [Images(3, 13, 10)], x => Conv2d(x, stride: 2, padding: 1)),
        new("Vision.Conv1d", [Draw.Floats(Samples, 4, 19)], x => conv1d(x.A, Weight(x), Bias(x), 2)),
        new("Vision.Conv1dGrouped", [Draw.Floats(Samples, 4, 16)], x => conv1d(x.A, Weight(x), Bias(x), 1, 2, 2, 2)),
        new("Vision.ConvTranspose2d", [Images(4, 5, 6)], x => ConvTranspose2d(x)),
        new("Vision.ConvTranspose2dStrided", [Images(4, 5, 7)], x => ConvTranspose2d(x, stride: 2, padding: 1)),
        new("Vision.ConvTranspose2dDoubling", [Images(6, 7, 7)], x => ConvTranspose2d(x, stride: 2, padding: 1)),
        new("Vision.ConvTranspose2dApart", [Images(2, 4, 3)], x => ConvTranspose2d(x, stride: 3)),
        new("Vision.MaxPool", [Images(3, 8, 6)], x => max_pool2d(x.A, 2)),
        new("Vision.MaxPoolOdd", [Images(3, 9, 7)], x => max_pool2d(x.A, 2)),
        new("Vision.MaxPoolPadded", [Images(3, 9, 8)], x => max_pool2d(x.A, 3, 2, 1)),
        new("Vision.AvgPool", [Images(3, 8, 6)], x => avg_pool2d(x.A, 2)),
        new("Vision.AvgPoolPadded", [Images(3, 9, 8)], x => avg_pool2d(x.A, 3, 2, 1)),
        new("Vision.GlobalAvgPool", [Images(3, 9, 8)], x => adaptive_avg_pool2d(x.A, 1).flatten(1)),
        new("Vision.Upsample", [Images(3, 5, 4)], x => interpolate(x.A, scale_factor: [3, 3], mode: InterpolationMode.Nearest)),
        new("Vision.UpsampleBilinear", [Images(3, 5, 4)], x => interpolate(x.A, scale_factor: [2, 2], mode: InterpolationMode.Bilinear, align_corners: false)),
        new("Vision.Interpolated", [Draw.Floats(Samples, 3, 7)], x => interpolate(x.A, scale_factor: [3], mode: InterpolationMode.Linear, align_corners: false)),
        new("Vision.GroupNorm", [Images(6, 5, 4)], x => group_norm(x.A, 3, Weight(x), Bias(x))) { Tolerance = OfLongSums },
        new("Vision.GroupNormPlain", [Draw.Floats(Samples, 6, 9)], x => group_norm(x.A, 1, eps: 1e-3)) { Tolerance = OfLongSums },
        new("Vision.BatchNormOfImages", [Images(4, 7, 5)], x => batch_norm(x.A, x.Buffers["layer.running_mean"], x.Buffers["layer.running_var"], Weight(x), Bias(x), x.Training, 0.3)) { Tolerance = OfLongSums },
        new("Vision.ConvLstm", [Draw.Floats(Samples, 3, 2, 5, 6)], ConvLstm) { Tolerance = OfLongSums },
        new("Vision.Flatten", [Images(3, 4, 5)], x => x.A.flatten(1)),
        new("Vision.StridedAfterConvolution", [Images(3, 10, 9)], x => Of(x, "c", Of(x, "b", Of(x, "a", x.A, padding: 1).tanh(), stride: 2, padding: 1).tanh(), stride: 2, padding: 2)) { Tolerance = OfLongSums },
        new("Vision.StridedByThree", [Images(3, 11, 13)], x => Of(x, "b", Of(x, "a", x.A).tanh(), stride: 3, padding: 1)) { Tolerance = OfLongSums },
        new("Vision.DilatedAndStrided", [Images(3, 12, 9)], x => Of(x, "b", Of(x, "a", x.A).tanh(), stride: 2, dilation: 2)) { Tolerance = OfLongSums },
        new("Vision.SeparableAfterConvolution", [Images(3, 9, 8)], x =>
            Of(x, "d", Of(x, "c", Of(x, "b", Of(x, "a", x.A, padding: 1).tanh(), stride: 2, padding: 1, groups: 16).tanh()).tanh(), padding: 1, groups: 8)) { Tolerance = OfLongSums },
        new("Vision.PaintedAfterConvolution", [Images(8, 5, 4)], x =>
        {
            var y = group_norm(Transposed(x, "a", x.A, 2, 1), 4, x.Parameters["norm.weight"], x.Parameters["norm.bias"]).tanh();
            return Transposed(x, "d", Of(x, "b", y, padding: 1) + Of(x, "c", y, padding: 1), 2, 0);
        }) { Tolerance = OfLongSums },
        new("Vision.PoolsAfterConvolution", [Images(3, 12, 13)], x =>
            avg_pool2d(max_pool2d(avg_pool2d(max_pool2d(Of(x, "a", x.A, padding: 1), 3, 2, 1), 3, 2), 2, 1, 1), 2, 1)) { Tolerance = OfLongSums },
        new("Vision.UpsampleBetweenConvolutions", [Images(3, 5, 4)], x =>
            Of(x, "b", interpolate(group_norm(Of(x, "a", x.A, padding: 1), 2, x.Parameters["norm.weight"], x.Parameters["norm.bias"]).tanh(), scale_factor: [2, 2], mode: InterpolationMode.Nearest), padding: 1)) { Tolerance = OfLongSums },
        // Enough of them, and enough results, for transformed patches.
        new("Vision.ManyChannels", [Images(3, 13, 12)], x =>
            Of(x, "c", interpolate((0.05 * Of(x, "b", (0.2 * Of(x, "a", x.A, padding: 1)).tanh(), padding: 1)).tanh(), scale_factor: [2, 2], mode: InterpolationMode.Nearest))) { Tolerance = OfLongSums },
    ];

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Model)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Results_and_gradients_agree(string name)
    {
        Libtorch.Require();
        Table.Single(row => row.Model == name).Check();
    }

    [Fact]
    public void Every_model_is_compared() => Assert.Equal(OurModel.Names("Vision").Order(StringComparer.Ordinal), Table.Select(row => row.Model).Order(StringComparer.Ordinal));

    private static Draw Images(int channels, int height, int width) => Draw.Floats(Samples, channels, height, width);

    private static Tensor Weight(Theirs x) => x.Parameters["layer.weight"];

    private static Tensor? Bias(Theirs x) => x.Parameters.GetValueOrDefault("layer.bias");

    private static Tensor Conv2d(Theirs x, long stride = 1, long padding = 0, long dilation = 1, long groups = 1) =>
        conv2d(x.A, Weight(x), Bias(x), [stride, stride], [padding, padding], [dilation, dilation], groups);

    private static Tensor ConvTranspose2d(Theirs x, long stride = 1, long padding = 0) => conv_transpose2d(x.A, Weight(x), Bias(x), [stride, stride], [padding, padding]);

    private static Tensor Of(Theirs x, string layer, Tensor image, long stride = 1, long padding = 0, long dilation = 1, long groups = 1) =>
        conv2d(image, x.Parameters[layer + ".weight"], x.Parameters[layer + ".bias"], [stride, stride], [padding, padding], [dilation, dilation], groups);

    private static Tensor Transposed(Theirs x, string layer, Tensor image, long stride, long padding) =>
        conv_transpose2d(image, x.Parameters[layer + ".weight"], x.Parameters[layer + ".bias"], [stride, stride], [padding, padding]);

    // PyTorch has none: the formula in its operators.
    private static Tensor ConvLstm(Theirs x)
    {
        var p = x.Parameters;
        var pixels = new[] { x.A.shape[0], 4, x.A.shape[3], x.A.shape[4] };
        var (state, cell) = (zeros(pixels), zeros(pixels));
        var states = new List<Tensor>();
        for (var t = 0; t < x.A.shape[1]; t++)
        {
            var gates = conv2d(x.A.select(1, t), p["layer.input.weight"], p["layer.input.bias"], padding: [1, 1]) + conv2d(state, p["layer.state.weight"], padding: [1, 1]);
            var parts = gates.chunk(4, 1);
            cell = (parts[1].sigmoid() * cell) + (parts[0].sigmoid() * parts[2].tanh());
            state = parts[3].sigmoid() * cell.tanh();
            states.Add(state);
        }
        return stack(states, 1);
    }
}
