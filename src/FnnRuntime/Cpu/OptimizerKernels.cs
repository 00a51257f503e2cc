using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The optimizers' updates, each one pass over flat storage: what is read once is used for everything. Formulas are those of
/// PyTorch's documentation, so that results can be compared. The storage has 64 readable bytes after its last element.
/// </summary>
internal static unsafe class OptimizerKernels
{
    // The smallest number that is not subnormal.
    private const float LeastNormal = 1.17549435e-38f;

    // Fewer parameters aren't worth waking a thread for.
    private const nint FewestToShare = 16_384;

    // A multiple of the lanes, so that only the last range has a tail; small, so that shares are even and begin where those of the kernel do
    // that wrote the gradients.
    private const nint Step = 1024;

    // Sums of squares are added up over parts of this length, whatever the number of threads: the order of additions is fixed.
    private const nint Part = 16384;

    /// <summary>Changes parameters by their gradients, on all threads.</summary>
    /// <param name="pool">Who computes.</param>
    /// <param name="rule">How.</param>
    /// <param name="w">The parameters.</param>
    /// <param name="g">Their gradients.</param>
    /// <param name="first">The first of what the rule remembers; null for a rule that remembers nothing.</param>
    /// <param name="second">The second; null for a rule that remembers less.</param>
    /// <param name="n">How many parameters.</param>
    public static void Update(WorkerPool pool, in UpdateRule rule, float* w, float* g, float* first, float* second, nint n) =>
        pool.For(new UpdateKernel(rule, w, g, first, second), n, Grain(n));

    /// <summary>The same on this thread alone, for a block of a matrix.</summary>
    /// <param name="rule">How.</param>
    /// <param name="w">The block's first parameter; what is remembered lies alike.</param>
    /// <param name="stride">From one row of parameters to the next.</param>
    /// <param name="g">The block's first gradient.</param>
    /// <param name="gradientStride">From one row of gradients to the next.</param>
    /// <param name="first">The first of what the rule remembers.</param>
    /// <param name="second">The second.</param>
    /// <param name="rows">Rows of the block.</param>
    /// <param name="n">Columns of the block.</param>
    public static void Update(in UpdateRule rule, float* w, nint stride, float* g, nint gradientStride, float* first, float* second, nint rows, nint n)
    {
        if (rule.IsAdaptive) Adam(rule.Adam, w, stride, g, gradientStride, first, second, rows, n);
        else Sgd(rule.Sgd, w, stride, g, gradientStride, first, rows, n);
    }

    /// <summary>The sum of squares in float64, added up in an order that depends on <paramref name="n"/> alone.</summary>
    public static double SumOfSquares(WorkerPool pool, float* g, nint n)
    {
        if (n <= 0) return 0;
        var parts = (n + Part - 1) / Part;
        const int OnStack = 256;
        var few = stackalloc double[OnStack];
        var sums = parts <= OnStack ? few : (double*)NativeMemory.Alloc((nuint)parts, sizeof(double));
        try
        {
            pool.For(new SumOfSquaresKernel(g, n, sums), parts, 1);
            var sum = 0.0;
            for (nint i = 0; i < parts; i++) sum += sums[i];
            return sum;
        }
        finally
        {
            if (sums != few) NativeMemory.Free(sums);
        }
    }

    /// <summary>Multiplies every element by <paramref name="factor"/>.</summary>
    public static void Scale(WorkerPool pool, float* g, nint n, float factor) => pool.For(new ScaleKernel(g, factor), n, Grain(n));

    /// <summary>result = (a * <paramref name="scaleA"/> + b * <paramref name="scaleB"/>) * <paramref name="scale"/>; with a scale of 0 what is in a means nothing, not even a number.</summary>
    public static void AddScaled(WorkerPool pool, float* a, float scaleA, float* b, float scaleB, float scale, float* result, nint n) =>
        pool.For(new AddScaledKernel(a, scaleA, b, scaleB, scale, result), n, Grain(n));

    /// <summary>a ← a + <paramref name="share"/> · (b - a).</summary>
    public static void MoveTowards(WorkerPool pool, float* a, float* b, float share, nint n) => pool.For(new MoveTowardsKernel(a, b, share), n, Grain(n));

    /// <summary>Limits every element to [-<paramref name="limit"/>, <paramref name="limit"/>]; NaN stays NaN.</summary>
    public static void Clamp(WorkerPool pool, float* g, nint n, float limit) => pool.For(new ClampKernel(g, limit), n, Grain(n));

    private static nint Grain(nint n) => n < FewestToShare ? n : Step;

    private readonly struct UpdateKernel(UpdateRule rule, float* w, float* g, float* first, float* second) : IRangeKernel
    {
        public void Run(nint begin, nint end) => Update(rule, w + begin, 0, g + begin, 0, first + begin, second + begin, 1, end - begin);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sgd(in SgdStep rule, float* w, nint stride, float* g, nint gradientStride, float* direction, nint rows, nint n)
    {
        var (hasDirection, isFirst, isNesterov, decays) = (rule.HasDirection, rule.IsFirst, rule.IsNesterov, rule.WeightDecay != 0);
        var step = Vector512.Create(-rule.LearningRate);
        var decay = Vector512.Create(rule.WeightDecay);
        var keep = Vector512.Create(rule.Keep);
        var take = Vector512.Create(rule.Take);
        var ahead = Vector512.Create(rule.Momentum);
        var least = Vector512.Create(LeastNormal);
        for (; rows > 0; rows--, w += stride, g += gradientStride, direction += stride)
        {
            nint i = 0;
            // Plain descent only adds: looking at what else there may be would take longer.
            for (; !hasDirection && !decays && i + Simd.Lanes <= n; i += Simd.Lanes) Vector512.FusedMultiplyAdd(Simd.Load(g + i), step, Simd.Load(w + i)).Store(w + i);
            for (; i < n; i += Simd.Lanes)
            {
                var weight = Simd.Load(w + i);
                var gradient = Simd.Load(g + i);
                if (decays) gradient = Vector512.FusedMultiplyAdd(weight, decay, gradient);
                if (hasDirection)
                {
                    // In the first step what is in the buffer means nothing, not even a number.
                    var old = isFirst ? Vector512<float>.Zero : Simd.Load(direction + i);
                    var moved = Settle(Vector512.FusedMultiplyAdd(old, keep, gradient * take), least);
                    Simd.Store(direction + i, moved, n - i);
                    gradient = isNesterov ? Vector512.FusedMultiplyAdd(moved, ahead, gradient) : moved;
                }

                Simd.Store(w + i, Vector512.FusedMultiplyAdd(gradient, step, weight), n - i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Adam(in AdamStep rule, float* w, nint stride, float* g, nint gradientStride, float* m, float* v, nint rows, nint n)
    {
        var beta1 = Vector512.Create(rule.Beta1);
        var take1 = Vector512.Create(1 - rule.Beta1);
        var beta2 = Vector512.Create(rule.Beta2);
        var take2 = Vector512.Create(1 - rule.Beta2);
        var epsilon = Vector512.Create(rule.Epsilon);
        var decay = Vector512.Create(rule.Decay);
        var shrink = Vector512.Create(rule.Shrink);
        var step = Vector512.Create(-rule.StepSize);
        var rootScale = Vector512.Create(rule.RootScale);
        var least = Vector512.Create(LeastNormal);
        // Without an epsilon the root divides alone, and 0 is another number than one near it.
        var leastSquare = rule.Epsilon > 0 ? least : Vector512<float>.Zero;
        for (; rows > 0; rows--, w += stride, g += gradientStride, m += stride, v += stride)
        {
            for (nint i = 0; i < n; i += Simd.Lanes)
            {
                var weight = Simd.Load(w + i);
                var gradient = Vector512.FusedMultiplyAdd(weight, decay, Simd.Load(g + i));
                var mean = Vector512.FusedMultiplyAdd(Simd.Load(m + i), beta1, gradient * take1);
                var square = Vector512.FusedMultiplyAdd(Simd.Load(v + i), beta2, gradient * gradient * take2);
                mean = Settle(mean, least);
                square = Settle(square, leastSquare);
                Simd.Store(m + i, mean, n - i);
                Simd.Store(v + i, square, n - i);
                var root = Vector512.FusedMultiplyAdd(Vector512.Sqrt(square), rootScale, epsilon);
                Simd.Store(w + i, Vector512.FusedMultiplyAdd(mean / root, step, weight * shrink), n - i);
            }
        }
    }

    /// <summary>
    /// What is remembered of a gradient that has become zero, as that of a unit that no longer answers, halves every few steps until it is subnormal, where it stays: nine tenths of the smallest number are rounded to
    /// itself. There Intel's processors compute some hundred times slower. It means nothing any more, so it becomes 0.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Settle(Vector512<float> x, Vector512<float> least) => Vector512.AndNot(x, Vector512.LessThan(Vector512.Abs(x), least));

    private readonly struct SumOfSquaresKernel(float* g, nint n, double* sums) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            for (var part = begin; part < end; part++)
            {
                Vector512<double> low = default, high = default;
                var last = Math.Min(n, (part + 1) * Part);
                for (var i = part * Part; i < last; i += Simd.Lanes)
                {
                    var (a, b) = Vector512.Widen(Simd.Keep(Simd.Load(g + i), last - i, 0));
                    low = Vector512.FusedMultiplyAdd(a, a, low);
                    high = Vector512.FusedMultiplyAdd(b, b, high);
                }

                sums[part] = Vector512.Sum(low + high);
            }
        }
    }

    private readonly struct ScaleKernel(float* g, float factor) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var f = Vector512.Create(factor);
            for (var i = begin; i < end; i += Simd.Lanes) Simd.Store(g + i, Simd.Load(g + i) * f, end - i);
        }
    }

    private readonly struct AddScaledKernel(float* a, float scaleA, float* b, float scaleB, float scale, float* result) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            Vector512<float> first = Vector512.Create(scaleA), second = Vector512.Create(scaleB), whole = Vector512.Create(scale);
            for (var i = begin; i < end; i += Simd.Lanes)
            {
                var sum = Simd.Load(b + i) * second;
                if (scaleA != 0) sum = Vector512.FusedMultiplyAdd(Simd.Load(a + i), first, sum);
                Simd.Store(result + i, sum * whole, end - i);
            }
        }
    }

    private readonly struct MoveTowardsKernel(float* a, float* b, float share) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var part = Vector512.Create(share);
            for (var i = begin; i < end; i += Simd.Lanes)
            {
                var present = Simd.Load(a + i);
                Simd.Store(a + i, Vector512.FusedMultiplyAdd(Simd.Load(b + i) - present, part, present), end - i);
            }
        }
    }

    private readonly struct ClampKernel(float* g, float limit) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var high = Vector512.Create(limit);
            for (var i = begin; i < end; i += Simd.Lanes) Simd.Store(g + i, Vector512.Min(Vector512.Max(Simd.Load(g + i), -high), high), end - i);
        }
    }
}
