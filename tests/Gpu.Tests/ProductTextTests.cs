using System.Text.RegularExpressions;

namespace FeedbackNN.Gpu.Tests;

/// <summary>What ILGPU makes of products for CUDA has the instructions for which they are written as they are; without a device.</summary>
public sealed class ProductTextTests
{
    [Fact]
    public void Quads_are_read_by_128_bits() => AssertTexts(Portable<LargeTile, QuadsOfColumns, QuadsOfRows>(), text =>
    {
        // Of both operands the first tile and the next, then two columns of both tiles in shared memory, in two halves each.
        Assert.Equal(4, Count(text, @"ld\.global\.v4\.f32"));
        Assert.Equal(8, Count(text, @"ld\.shared\.v4\.f32"));
        Assert.Equal(0, Count(text, @"ld\.global\.f32"));
        Assert.Contains(".minnctapersm 2", text);
    });

    [Fact]
    public void Numbers_that_lie_anyhow_are_read_one_by_one() => AssertTexts(Portable<SmallTile, SinglesOfColumns, SinglesOfRows>(), text =>
    {
        Assert.Equal(16, Count(text, @"ld\.global\.f32"));
        Assert.Equal(4, Count(text, @"ld\.shared\.v4\.f32"));
    });

    [Theory]
    [InlineData(nameof(TensorFloat32), "m16n8k8.row.col.f32.tf32.tf32.f32", "cvt.rna.tf32.f32")]
    [InlineData(nameof(TensorBFloat16), "m16n8k16.row.col.f32.bf16.bf16.f32", "cvt.rn.bf16x2.f32")]
    [InlineData(nameof(TensorFloat16), "m16n8k16.row.col.f32.f16.f16.f32", "cvt.rn.f16x2.f32")]
    public void Tensor_cores_multiply(string format, string product, string rounding)
    {
        var type = typeof(ITensorFormat).Assembly.GetType($"FeedbackNN.Gpu.{format}", throwOnError: true)!;
        var isFloat32 = type == typeof(TensorFloat32);
        AssertTexts(OnTensorCores(typeof(LargeTensorTile), type, typeof(QuadsOfColumns), typeof(QuadsOfRows)), text =>
        {
            Assert.Equal(16, Count(text, Regex.Escape("mma.sync.aligned." + product)));
            Assert.Equal(6, Count(text, @"ldmatrix\.sync\.aligned\.m8n8\.x4\."));
            Assert.Equal(isFloat32 ? 0 : 2, Count(text, @"ldmatrix\.sync\.aligned\.m8n8\.x4\.trans\."));
            Assert.Contains(rounding, text);
            // Two quads of a thread, of the first tile and of the next; those of the other operand are of four rows, and those of 16 bits have to be rounded before they lie in shared memory.
            Assert.Equal(isFloat32 ? 4 : 0, Count(text, @"cp\.async\.cg\.shared\.global"));
            Assert.Equal(isFloat32 ? 4 : 8, Count(text, @"ld\.global\.v4\.f32"));
        });
        AssertTexts(OnTensorCores(typeof(MediumTensorTile), type, typeof(QuadsOfColumns), typeof(QuadsOfColumns)), text =>
        {
            Assert.Equal(8, Count(text, Regex.Escape("mma.sync.aligned." + product)));
            Assert.Equal(isFloat32 ? 8 : 0, Count(text, @"cp\.async\.cg\.shared\.global"));
        });
    }

    private static System.Reflection.MethodInfo Portable<TTile, TLeft, TRight>() =>
        typeof(MatrixProductKernels).GetMethod(nameof(MatrixProductKernels.Tiled))!.MakeGenericMethod(typeof(TTile), typeof(ProductStrides), typeof(InFloat32), typeof(TLeft), typeof(TRight), typeof(StoreTile));

    private static System.Reflection.MethodInfo OnTensorCores(Type tile, Type format, Type left, Type right) =>
        typeof(TensorProductKernels).GetMethod(nameof(TensorProductKernels.Tiled))!.MakeGenericMethod(tile, typeof(ProductStrides), format, left, right, typeof(StoreTile));

    private static void AssertTexts(System.Reflection.MethodInfo kernel, Action<string> assert)
    {
        using var compiler = new KernelText();
        var texts = compiler.Compile(kernel).ToArray();
        Assert.Empty(KernelText.Problems(texts));
        var cuda = texts.Where(item => item.Target.StartsWith("sm_", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, cuda.Length);
        Assert.All(cuda, item => assert(item.Text));
    }

    private static int Count(string text, string pattern) => Regex.Count(text, pattern);
}
