using ILGPU;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// Kernels that ILGPU 1.5.3 compiles wrongly at its level O2 (and some at any level of its OpenCL backend as published), found one by one: loads that its code placement
/// moves past a store to the same place or past a barrier, and for CUDA at any level indices below 0. Each takes two inputs of 256 numbers and writes 256; one group of 256 threads.
/// </summary>
internal static class MiscompilationKernels
{
    /// <summary>Reads, overwrites, adds up what was read.</summary>
    public static void ReadThenOverwrite(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var thread = Group.IdxX;
        var sum = 0f;
        for (var k = 0; k < 8; k++)
        {
            var value = b[thread];
            b[thread] = k;
            sum += value;
        }
        c[thread] = sum;
    }

    /// <summary>The same in shared memory.</summary>
    public static void ReadThenOverwriteShared(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var shared = SharedMemory.Allocate<float>(256);
        var thread = Group.IdxX;
        shared[thread] = a[thread];
        var sum = 0f;
        for (var k = 0; k < 8; k++)
        {
            var value = shared[thread];
            shared[thread] = k;
            sum += value;
        }
        c[thread] = sum;
    }

    /// <summary>A value carried from round to round, stored one round late.</summary>
    public static void Shift(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var thread = Group.IdxX;
        var first = (thread & 31) * 8;
        var previous = 0f;
        if (thread < 32)
        {
            for (var k = 0; k < 8; k++)
            {
                var current = b[first + k];
                b[first + k] = previous;
                previous = current;
            }
        }
        c[thread] = previous;
    }

    /// <summary>Two places exchange what they hold.</summary>
    public static void Swap(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var thread = Group.IdxX;
        var (x, y) = (a[thread], b[thread]);
        a[thread] = y;
        b[thread] = x;
        c[thread] = a[thread] - b[thread];
    }

    /// <summary>A tile whose last statement in the loop is a barrier.</summary>
    public static void BarrierAtTheEnd(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var tile = SharedMemory.Allocate<float>(256);
        var thread = Group.IdxX;
        var sum = 0f;
        for (var round = 0; round < 4; round++)
        {
            tile[thread] = a[(thread + (64 * round)) & 255];
            Group.Barrier();
            sum += tile[(thread + 1) & 255] * b[thread];
            sum += tile[(thread + 2) & 255] * b[thread];
            Group.Barrier();
        }
        c[thread] = sum;
    }

    /// <summary>Neighbours are read, then everybody writes.</summary>
    public static void InPlace(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var shared = SharedMemory.Allocate<float>(256);
        var thread = Group.IdxX;
        shared[thread] = a[thread];
        Group.Barrier();
        for (var round = 0; round < 8; round++)
        {
            var value = shared[(thread + 1) & 255] + shared[(thread + 2) & 255];
            Group.Barrier();
            shared[thread] = value * 0.5f;
            Group.Barrier();
        }
        c[thread] = shared[thread];
    }

    /// <summary>Read before a barrier, used behind it.</summary>
    public static void ReadBeforeBarrier(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var shared = SharedMemory.Allocate<float>(256);
        var thread = Group.IdxX;
        shared[thread] = a[thread];
        Group.Barrier();
        var value = shared[255 - thread];
        Group.Barrier();
        shared[thread] = value + 1;
        Group.Barrier();
        c[thread] = shared[thread] + value;
    }

    /// <summary>Read backwards, from a view that begins at the end: indices below 0.</summary>
    public static void Backwards(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c)
    {
        var thread = Group.IdxX;
        var last = a.SubView(255, 1);
        var place = -thread;
        c[thread] = last[place] + b[thread];
    }

    /// <summary>What each must give; inputs may be changed.</summary>
    public static float[] Expected(string kernel, float[] a, float[] b)
    {
        var c = new float[256];
        switch (kernel)
        {
            case nameof(ReadThenOverwrite) or nameof(ReadThenOverwriteShared):
                for (var thread = 0; thread < 256; thread++) c[thread] = (kernel == nameof(ReadThenOverwrite) ? b : a)[thread] + 21;
                break;
            case nameof(Shift):
                for (var thread = 0; thread < 32; thread++) c[thread] = b[(thread * 8) + 7];
                break;
            case nameof(Swap):
                for (var thread = 0; thread < 256; thread++) c[thread] = b[thread] - a[thread];
                break;
            case nameof(BarrierAtTheEnd):
                for (var thread = 0; thread < 256; thread++)
                    for (var round = 0; round < 4; round++) c[thread] += (a[(thread + 1 + (64 * round)) & 255] + a[(thread + 2 + (64 * round)) & 255]) * b[thread];
                break;
            case nameof(InPlace):
                c = [.. a];
                for (var round = 0; round < 8; round++) c = [.. Enumerable.Range(0, 256).Select(thread => (c[(thread + 1) & 255] + c[(thread + 2) & 255]) * 0.5f)];
                break;
            case nameof(ReadBeforeBarrier):
                for (var thread = 0; thread < 256; thread++) c[thread] = (2 * a[255 - thread]) + 1;
                break;
            case nameof(Backwards):
                for (var thread = 0; thread < 256; thread++) c[thread] = a[255 - thread] + b[thread];
                break;
            default:
                throw new ArgumentException(kernel);
        }
        return c;
    }
}
