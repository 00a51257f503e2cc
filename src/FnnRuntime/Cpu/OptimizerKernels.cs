using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// The optimizers' updates, each one pass over flat storage: what is read once is used for everything. Formulas are those of
/// PyTorch's documentation, so that results can be compared. The storage has 64 readable bytes after its last element.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class OptimizerKernels
{
    // Fewer parameters aren't worth waking a thread for.
    private const nint FewestToShare = 16_384;

    // A multiple of the lanes, so that only the last range has a tail; small, so that shares are even and begin where those of the kernel do
    // that wrote the gradients.
    private const nint Step = 1024;

    // Sums of squares are added up over parts of this length, whatever the number of threads: the order of additions is fixed.
    private const nint Part = 16384;

    /// <summary>Stochastic gradient descent with momentum, dampening, weight decay and Nesterov's correction.</summary>
    /// <param name="pool">Who computes.</param>
    /// <param name="w">The parameters.</param>
    /// <param name="g">Their gradients.</param>
    /// <param name="momentumBuffer">The running direction; null for none.</param>
    /// <param name="n">How many parameters.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="momentum">How much of the last direction remains.</param>
    /// <param name="dampening">How much of the gradient doesn't go into the direction.</param>
    /// <param name="weightDecay">Times the parameter, added to the gradient.</param>
    /// <param name="nesterov">Looks ahead: the gradient plus momentum times the direction.</param>
    /// <param name="firstStep">The direction starts as the gradient, undampened.</param>
    public static void Sgd(WorkerPool pool, float* w, float* g, float* momentumBuffer, nint n, float lr, float momentum, float dampening, float weightDecay, bool nesterov, bool firstStep) =>
        pool.For(new SgdKernel(w, g, momentumBuffer, lr, momentum, dampening, weightDecay, nesterov, firstStep), n, Grain(n));

    /// <summary>Adam (Kingma, Ba 2015), weight decay added to the gradient.</summary>
    /// <param name="pool">Who computes.</param>
    /// <param name="w">The parameters.</param>
    /// <param name="g">Their gradients.</param>
    /// <param name="m">Running mean of the gradients.</param>
    /// <param name="v">Running mean of their squares.</param>
    /// <param name="n">How many parameters.</param>
    /// <param name="lr">The learning rate.</param>
    /// <param name="beta1">How much of the old mean remains.</param>
    /// <param name="beta2">How much of the old mean of squares remains.</param>
    /// <param name="epsilon">Added to the root.</param>
    /// <param name="weightDecay">Times the parameter, added to the gradient.</param>
    /// <param name="step">From 1 on: corrects the means' bias towards 0.</param>
    public static void Adam(WorkerPool pool, float* w, float* g, float* m, float* v, nint n, float lr, float beta1, float beta2, float epsilon, float weightDecay, long step) =>
        pool.For(new AdamKernel(w, g, m, v, lr, beta1, beta2, epsilon, weightDecay, 1, step), n, Grain(n));

    /// <summary>Adam with decoupled weight decay (Loshchilov, Hutter 2019): parameters shrink by lr * weightDecay before the update.</summary>
    /// <inheritdoc cref="Adam"/>
    public static void AdamW(WorkerPool pool, float* w, float* g, float* m, float* v, nint n, float lr, float beta1, float beta2, float epsilon, float weightDecay, long step) =>
        pool.For(new AdamKernel(w, g, m, v, lr, beta1, beta2, epsilon, 0, (float)(1 - ((double)lr * weightDecay)), step), n, Grain(n));

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

    /// <summary>Limits every element to [-<paramref name="limit"/>, <paramref name="limit"/>]; NaN stays NaN.</summary>
    public static void Clamp(WorkerPool pool, float* g, nint n, float limit) => pool.For(new ClampKernel(g, limit), n, Grain(n));

    private static nint Grain(nint n) => n < FewestToShare ? n : Step;

    private readonly struct SgdKernel(float* w, float* g, float* direction, float lr, float momentum, float dampening, float weightDecay, bool nesterov, bool firstStep) : IRangeKernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            var step = Vector512.Create(-lr);
            var decay = Vector512.Create(weightDecay);
            var keep = Vector512.Create(firstStep ? 0f : momentum);
            var take = Vector512.Create(firstStep ? 1f : 1 - dampening);
            var ahead = Vector512.Create(momentum);
            float* ww = w, gg = g, dd = direction;
            for (var i = begin; i < end; i += Simd.Lanes)
            {
                var weight = Simd.Load(ww + i);
                var gradient = Simd.Load(gg + i);
                if (weightDecay != 0) gradient = Vector512.FusedMultiplyAdd(weight, decay, gradient);
                if (dd != null)
                {
                    // In the first step what is in the buffer means nothing, not even a number.
                    var old = firstStep ? Vector512<float>.Zero : Simd.Load(dd + i);
                    var moved = Vector512.FusedMultiplyAdd(old, keep, gradient * take);
                    Simd.Store(dd + i, moved, end - i);
                    gradient = nesterov ? Vector512.FusedMultiplyAdd(moved, ahead, gradient) : moved;
                }

                Simd.Store(ww + i, Vector512.FusedMultiplyAdd(gradient, step, weight), end - i);
            }
        }
    }

    private readonly struct AdamKernel : IRangeKernel
    {
        private readonly float* _w, _g, _m, _v;
        private readonly float _beta1, _beta2, _epsilon, _decay, _shrink, _stepSize, _rootScale;

        public AdamKernel(float* w, float* g, float* m, float* v, float lr, float beta1, float beta2, float epsilon, float decay, float shrink, long step)
        {
            _w = w;
            _g = g;
            _m = m;
            _v = v;
            (_beta1, _beta2, _epsilon, _decay, _shrink) = (beta1, beta2, epsilon, decay, shrink);
            _stepSize = (float)(lr / (1 - Math.Pow(beta1, step)));
            _rootScale = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(nint begin, nint end)
        {
            float* w = _w, g = _g, m = _m, v = _v;
            var beta1 = Vector512.Create(_beta1);
            var take1 = Vector512.Create(1 - _beta1);
            var beta2 = Vector512.Create(_beta2);
            var take2 = Vector512.Create(1 - _beta2);
            var epsilon = Vector512.Create(_epsilon);
            var decay = Vector512.Create(_decay);
            var shrink = Vector512.Create(_shrink);
            var step = Vector512.Create(-_stepSize);
            var rootScale = Vector512.Create(_rootScale);
            for (var i = begin; i < end; i += Simd.Lanes)
            {
                var weight = Simd.Load(w + i);
                var gradient = Vector512.FusedMultiplyAdd(weight, decay, Simd.Load(g + i));
                var mean = Vector512.FusedMultiplyAdd(Simd.Load(m + i), beta1, gradient * take1);
                var square = Vector512.FusedMultiplyAdd(Simd.Load(v + i), beta2, gradient * gradient * take2);
                Simd.Store(m + i, mean, end - i);
                Simd.Store(v + i, square, end - i);
                var root = Vector512.FusedMultiplyAdd(Vector512.Sqrt(square), rootScale, epsilon);
                Simd.Store(w + i, Vector512.FusedMultiplyAdd(mean / root, step, weight * shrink), end - i);
            }
        }
    }

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
