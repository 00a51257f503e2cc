using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>Reductions, matrix products, index notation, slices, paddings, gathers and conversions beside TorchSharp's: results and gradients.</summary>
public sealed class MoveTests
{
    private const int Rows = 11;
    private static readonly Draw Cube = Draw.Floats(Rows, 5, 7), Matrix = Draw.Floats(Rows, 7), Dozen = Draw.Floats(Rows, 12), Square = Draw.Floats(Rows, 6, 6);

    private static readonly Case[] Table =
    [
        // Terms of both signs: a whole sum is as exact as they are.
        new("SumAll", [Cube], x => x.A.sum()) { Floor = 10 },
        new("SumLast", [Cube], x => x.A.sum(-1)),
        new("SumFirst", [Cube], x => x.A.sum([0])),
        new("SumMiddle", [Cube], x => x.A.sum(1)),
        new("SumTwo", [Cube], x => x.A.sum([0, 2])),
        new("SumKept", [Cube], x => x.A.sum(-1, keepdim: true)),
        new("SumOfTruths", [Draw.Booleans(Rows, 7)], x => x.A.sum(-1).to(float32)),
        new("SumOfIntegers", [Draw.Integers(-9, 10, Rows, 7)], x => x.A.sum(-1)),
        new("MeanAll", [Cube], x => x.A.mean()) { Floor = 0.1 },
        new("MeanLast", [Cube], x => x.A.mean([-1])),
        new("MeanFirst", [Cube], x => x.A.mean([0])),
        new("MeanKept", [Cube], x => x.A.mean([1], keepdim: true)),
        new("MeanWhere", [Matrix, Draw.Booleans(Rows, 7)], x => where(x.B, x.A, 0f).sum(-1) / x.B.sum(-1).clamp_min(1)),
        new("MaxAll", [Cube], x => x.A.max()),
        new("MaxLast", [Cube], x => x.A.amax([-1])),
        new("MaxFirst", [Cube], x => x.A.amax([0])),
        new("MaxTwo", [Cube], x => x.A.amax([1, 2])),
        new("MaxTies", [Matrix], x => cat([x.A, x.A.detach()], -1).amax([-1])),
        new("MaxTiesAll", [Matrix], x => cat([x.A, x.A.detach()], -1).max()),
        new("MinTies", [Matrix], x => cat([x.A.detach(), x.A], -1).amin([-1])),
        new("ProdOfZero", [Draw.Floats(Rows, 3), Draw.Between(0, 0, Rows, 1)], x => cat([x.A, x.B], -1).prod(-1)),
        new("MinAll", [Cube], x => x.A.min()),
        new("MinLast", [Cube], x => x.A.amin([-1])),
        new("MinMiddle", [Cube], x => x.A.amin([1])),
        new("ProdAll", [Draw.Floats(3, 5)], x => x.A.prod()),
        new("ProdLast", [Matrix], x => x.A.prod(-1)),
        new("ProdFirst", [Draw.Floats(5, Rows)], x => x.A.prod(0L)),
        new("ArgmaxLast", [Matrix], x => x.A.argmax(-1)),
        new("ArgmaxFirst", [Matrix], x => x.A.argmax(0)),
        new("ArgminLast", [Matrix], x => x.A.argmin(-1)),
        new("ArgminMiddle", [Cube], x => x.A.argmin(1)),

        new("Product", [Draw.Floats(Rows, 37), Draw.Floats(37, 19)], x => x.A.matmul(x.B)),
        new("ProductOfVector", [Draw.Floats(Rows, 37), Draw.Floats(37, 1)], x => x.A.matmul(x.B)),
        new("ProductTransposed", [Draw.Floats(Rows, 37), Draw.Floats(19, 37)], x => x.A.matmul(x.B.mT)),
        new("ProductFirstTransposed", [Draw.Floats(37, Rows), Draw.Floats(37, 19)], x => x.A.mT.matmul(x.B)),
        new("Products", [Draw.Floats(Rows, 9, 11), Draw.Floats(Rows, 11, 6)], x => x.A.bmm(x.B)),
        new("Outer", [Draw.Floats(Rows), Draw.Floats(6)], x => x.A.outer(x.B)),
        new("Bilinear", [Draw.Floats(Rows, 6), Draw.Floats(4, 6, 5), Draw.Floats(Rows, 5)], x => einsum("ri,oij,rj->ro", x.A, x.B, x.C)),
        new("Scores", [Draw.Floats(3, 2, 7, 4), Draw.Floats(3, 2, 9, 4)], x => einsum("bhie,bhje->bhij", x.A, x.B)),
        new("Trace", [Square], x => einsum("rii->r", x.A)),
        new("Convolution", [Draw.Floats(3, 3, 9, 9), Draw.Floats(4, 3, 3, 3)], x => nn.functional.conv2d(x.A, x.B, strides: [2, 2])),
        new("ConvolutionPadded", [Draw.Floats(3, 3, 9, 8), Draw.Floats(20, 3, 3, 3)], x => nn.functional.conv2d(x.A.tanh(), x.B, padding: [1, 1])),
        new("ConvolutionDilated", [Draw.Floats(3, 4, 11, 12), Draw.Floats(5, 4, 3, 2)], x => nn.functional.conv2d(x.A, x.B, strides: [2, 1], dilation: [2, 3])),
        new("ConvolutionGrouped", [Draw.Floats(3, 6, 7, 6), Draw.Floats(8, 3, 3, 3)], x => nn.functional.conv2d(x.A, x.B, groups: 2)),
        new("ConvolutionOfLines", [Draw.Floats(Rows, 4, 20), Draw.Floats(7, 4, 5)], x => nn.functional.conv1d(x.A, x.B, stride: 3)),
        new("ConvolutionTransposed", [Draw.Floats(3, 4, 5, 4), Draw.Floats(4, 6, 3, 3)], x => nn.functional.conv_transpose2d(x.A, x.B, strides: [2, 2])),
        new("LargestOfWindows", [Draw.Floats(3, 4, 8, 6), Draw.Floats(16, 4, 1, 1)], x => nn.functional.max_pool2d(nn.functional.conv2d(x.A, x.B), [2, 2])),
        new("LargestOfOverlapping", [Draw.Floats(3, 4, 9, 7), Draw.Floats(16, 4, 1, 1)], x => nn.functional.max_pool2d(nn.functional.conv2d(x.A, x.B), [3, 3], [2, 2])),
        new("RunningSum", [Dozen], x => x.A.cumsum(1)),

        new("Transposed", [Cube], x => x.A.mT),
        new("Permuted", [Cube], x => x.A.permute(2, 0, 1)),
        new("Reshaped", [Draw.Floats(Rows, 4, 6)], x => x.A.reshape(Rows, 24)),
        new("Heads", [Draw.Floats(Rows, 5, 12)], x => x.A.reshape(Rows, 5, 3, 4).transpose(1, 2)),
        new("SliceFront", [Dozen], x => x.A[.., ..5]),
        new("SliceMiddle", [Dozen], x => x.A[.., 2..8]),
        new("SliceStride", [Dozen], x => x.A[TensorIndex.Colon, TensorIndex.Slice(step: 2)]),
        new("SliceAt", [Dozen], x => x.A[.., 3]),
        new("SliceEnd", [Draw.Floats(Rows, 5, 12)], x => x.A[TensorIndex.Ellipsis, -1]),
        new("Concatenated", [Draw.Floats(Rows, 5), Draw.Floats(Rows, 3), Draw.Floats(Rows, 4)], x => cat([x.A, x.B, x.C], -1)),
        new("Stacked", [Draw.Floats(3, Rows), Draw.Floats(2, Rows)], x => cat([x.A, x.B], 0)),
        new("Parts", [Dozen], x => x.A.chunk(3, -1) is var parts ? (parts[0] * parts[1]) + parts[2] : x.A),
        new("UnequalParts", [Dozen], x => x.A.split([5, 2, 5], -1) is var parts ? parts[0] * parts[2] : x.A),
        new("Padded", [Draw.Floats(Rows, 4, 5)], x => nn.functional.pad(x.A, [1, 2, 1, 2])),
        new("PaddedWith", [Draw.Floats(Rows, 5)], x => nn.functional.pad(x.A, [3, 1], value: -2.5)),
        new("Rows", [Draw.Floats(20, 6), Draw.Integers(0, 20, Rows, 4)], x => x.A[x.B.to(int64)]),
        new("Picked", [Draw.Floats(Rows, 8), Draw.Integers(0, 8, Rows)], x => x.A.gather(1, x.B.to(int64).unsqueeze(1)).squeeze(1)),
        new("AddedRow", [Cube, Draw.Floats(7)], x => x.A + x.B),
        new("MultipliedColumn", [Cube, Draw.Floats(Rows, 5, 1)], x => x.A * x.B),
        new("AddedNumber", [Matrix, Draw.Floats()], x => x.A + x.B),
        new("Broadcasted", [Draw.Floats(7)], x => x.A.broadcast_to(3, 7)),
        new("Causal", [Square], x => x.A.masked_fill(ones(6, 6, dtype: @bool).tril().logical_not(), float.NegativeInfinity)),
        new("LowerTriangle", [Square], x => x.A.tril()),
        new("Stopped", [Matrix], x => x.A * x.A.detach()),
        new("TruncatedToInteger", [Draw.Between(-9, 9, 103)], x => x.A.to(int32)),
        new("IntegerToFloat", [Draw.Integers(-9, 10, 103)], x => x.A.to(float32)),
        new("TruthToFloat", [Draw.Booleans(103)], x => x.A.to(float32)),
        new("FloatToTruth", [Draw.Floats(103)], x => x.A.round().to(@bool)),
        new("Filled", [Draw.Floats(Rows, 3)], x => (x.A * full(Rows, 3, 2.5f)) + ones(Rows, 3) - zeros(Rows, 3)),
    ];

    public static TheoryData<string> Names() => [.. OurModel.Names("Moves")];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Results_and_gradients_agree(string name)
    {
        Libtorch.Require();
        var row = Assert.Single(Table, row => "Moves." + row.Model == name);
        (row with { Model = name }).Check();
    }
}
