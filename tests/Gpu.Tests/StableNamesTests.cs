namespace FeedbackNN.Gpu.Tests;

/// <summary>A kernel's text does not tell what was compiled before it, so that drivers find it among those that they keep.</summary>
public sealed class StableNamesTests
{
    [Fact]
    public void A_kernel_has_the_same_text_whatever_was_compiled_before()
    {
        var kernel = typeof(UpdateKernels).GetMethod(nameof(UpdateKernels.Copy))!;
        using var fresh = new KernelText();
        using var used = new KernelText();
        foreach (var _ in used.Compile(typeof(MatrixProductKernels).GetMethod(nameof(MatrixProductKernels.Tiled))!.MakeGenericMethod(typeof(MediumTile), typeof(ProductStrides), typeof(InFloat32), typeof(QuadsOfColumns), typeof(QuadsOfColumns), typeof(StoreTile)))) { }
        foreach (var (first, second) in fresh.Compile(kernel).Zip(used.Compile(kernel)))
        {
            Assert.NotEqual(first.Text, second.Text);
            Assert.Equal(StableNames.In(first.Text), StableNames.In(second.Text));
        }
    }

    [Theory]
    [InlineData("L_120: goto L_121; goto L_120;", "L_0: goto L_1; goto L_0;")]
    [InlineData("struct type_173_kernel v; struct type_173 w;", "struct type_0_kernel v; struct type_0 w;")]
    [InlineData("ld.param.b64 %rd7, [_source_174+8];", "ld.param.b64 %rd7, [_source_0+8];")]
    [InlineData("var4.field_0 = view_1 + var17; // %r12 .b8[16]", "var4.field_0 = view_1 + var17; // %r12 .b8[16]")]
    [InlineData("goto L_5; struct type_5 v;", "goto L_0; struct type_0 v;")]
    public void Names_are_numbered_in_the_order_in_which_they_appear(string text, string stable) => Assert.Equal(stable, StableNames.In(text));
}
