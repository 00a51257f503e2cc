using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>Kernels that show what a device can do at best.</summary>
internal static class SpeedKernels
{
    /// <summary>Sums of a thread that do not wait for each other.</summary>
    public const int Chains = 8;

    /// <summary>Multiply-adds of each chain.</summary>
    public const int Rounds = 4096;

    /// <summary>Memory as fast as it goes.</summary>
    public static void Copy(ArrayView<Four<float>> source, ArrayView<Four<float>> target, int count)
    {
        for (var i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += Grid.DimX * Group.DimX) target[i] = source[i];
    }

    /// <summary>Fused multiply-adds from register to register. What nobody read would not be computed.</summary>
    public static void MultiplyAdds(ArrayView<float> result, float factor)
    {
        var thread = (Grid.IdxX * Group.DimX) + Group.IdxX;
        float a = thread, b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
        for (var round = 0; round < Rounds; round++)
        {
            a = (a * factor) + factor;
            b = (b * factor) + factor;
            c = (c * factor) + factor;
            d = (d * factor) + factor;
            e = (e * factor) + factor;
            f = (f * factor) + factor;
            g = (g * factor) + factor;
            h = (h * factor) + factor;
        }
        result[thread] = a + b + c + d + e + f + g + h;
    }
}
