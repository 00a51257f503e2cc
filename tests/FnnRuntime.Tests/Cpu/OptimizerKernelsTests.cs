using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>The optimizers against their formulas in float64, step by step, and against numbers worked out by hand.</summary>
public sealed unsafe class OptimizerKernelsTests : IDisposable
{
    private const int Length = 20_003;
    private const int Steps = 4;

    private readonly WorkerPool _pool = new(2);
    private readonly GuardedMemory<float> _w = new(Length);
    private readonly GuardedMemory<float> _g = new(Length);
    private readonly GuardedMemory<float> _first = new(Length);
    private readonly GuardedMemory<float> _second = new(Length);
    private readonly Random _random = new(6);

    public OptimizerKernelsTests()
    {
        foreach (ref var x in _w.Span) x = _random.NextSingle() - 0.5f;
        _first.Span.Clear();
        _second.Span.Clear();
    }

    public void Dispose()
    {
        Assert.True(_w.IsUntouchedOutside() && _g.IsUntouchedOutside() && _first.IsUntouchedOutside() && _second.IsUntouchedOutside());
        _w.Dispose();
        _g.Dispose();
        _first.Dispose();
        _second.Dispose();
        _pool.Dispose();
    }

    [Theory]
    [InlineData(0, 0, 0, false)]
    [InlineData(0, 0, 0.1, false)]
    [InlineData(0.9, 0, 0, false)]
    [InlineData(0.9, 0.2, 0.01, false)]
    [InlineData(0.9, 0, 0.01, true)]
    public void GradientDescent(double momentum, double dampening, double weightDecay, bool nesterov)
    {
        const double Rate = 0.05;
        _first.Span.Fill(float.NaN); // what is there before the first step doesn't count
        var w = Doubles(_w);
        var buffer = new double[Length];
        for (var step = 0; step < Steps; step++)
        {
            NewGradients();
            for (var i = 0; i < Length; i++)
            {
                var gradient = _g.Span[i] + (weightDecay * w[i]);
                if (momentum != 0)
                {
                    buffer[i] = step == 0 ? gradient : (momentum * buffer[i]) + ((1 - dampening) * gradient);
                    gradient = nesterov ? gradient + (momentum * buffer[i]) : buffer[i];
                }

                w[i] -= Rate * gradient;
            }

            var rule = new UpdateRule(new SgdStep((float)Rate, (float)momentum, (float)dampening, (float)weightDecay, nesterov, HasDirection: momentum != 0, IsFirst: step == 0));
            OptimizerKernels.Update(_pool, rule, _w.Pointer, _g.Pointer, momentum == 0 ? null : _first.Pointer, null, Length);
            AssertClose(w);
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(0.1, false)]
    [InlineData(0, true)]
    [InlineData(0.1, true)]
    public void AdamWithBothKindsOfWeightDecay(double weightDecay, bool isDecoupled)
    {
        const double Rate = 0.01, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
        var w = Doubles(_w);
        double[] m = new double[Length], v = new double[Length];
        for (var step = 1; step <= Steps; step++)
        {
            NewGradients();
            for (var i = 0; i < Length; i++)
            {
                double gradient = _g.Span[i];
                if (isDecoupled) w[i] -= Rate * weightDecay * w[i];
                else gradient += weightDecay * w[i];
                m[i] = (Beta1 * m[i]) + ((1 - Beta1) * gradient);
                v[i] = (Beta2 * v[i]) + ((1 - Beta2) * gradient * gradient);
                w[i] -= Rate * (m[i] / (1 - Math.Pow(Beta1, step))) / (Math.Sqrt(v[i] / (1 - Math.Pow(Beta2, step))) + Epsilon);
            }

            var rule = new UpdateRule(new AdamStep((float)Rate, (float)Beta1, (float)Beta2, (float)Epsilon, (float)weightDecay, isDecoupled, step));
            OptimizerKernels.Update(_pool, rule, _w.Pointer, _g.Pointer, _first.Pointer, _second.Pointer, Length);
            AssertClose(w);
        }
    }

    [Fact]
    public void TheFirstStepOfAdamIsTheLearningRateLong()
    {
        _w.Span.Fill(1);
        _g.Span.Fill(-3);
        OptimizerKernels.Update(_pool, new UpdateRule(new AdamStep(0.25f, 0.9f, 0.999f, 0, 0, isDecoupled: false, 1)), _w.Pointer, _g.Pointer, _first.Pointer, _second.Pointer, Length);
        foreach (var x in _w.Span) Assert.Equal(1.25f, x, 1e-5f);
    }

    /// <summary>Nine tenths of the smallest subnormal number are rounded to itself: it would stay for ever, and processors are slow with it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OfAGradientThatHasVanishedNothingIsRemembered(bool isAdaptive)
    {
        NewGradients();
        for (var step = 1; step <= 1000; step++)
        {
            var rule = isAdaptive
                ? new UpdateRule(new AdamStep(0.01f, 0.9f, 0.999f, 1e-8f, 0, isDecoupled: true, step))
                : new UpdateRule(new SgdStep(0.01f, 0.9f, 0, 0, false, HasDirection: true, IsFirst: step == 1));
            OptimizerKernels.Update(_pool, rule, _w.Pointer, _g.Pointer, _first.Pointer, isAdaptive ? _second.Pointer : null, Length);
            if (step == 1) _g.Span.Clear();
            if (step == 100) Assert.DoesNotContain(0, _first.Span.ToArray());
        }
        Assert.All(_first.Span.ToArray(), x => Assert.Equal(0, x));
        Assert.All(_w.Span.ToArray(), x => Assert.True(float.IsFinite(x)));
    }

    [Fact]
    public void WithoutAnEpsilonSquaresStayAsSmallAsTheyAre()
    {
        _g.Span.Clear();
        _second.Span.Fill(1e-40f);
        var expected = _w.Span.ToArray();
        OptimizerKernels.Update(_pool, new UpdateRule(new AdamStep(0.01f, 0.9f, 0.999f, 0, 0, isDecoupled: true, 5)), _w.Pointer, _g.Pointer, _first.Pointer, _second.Pointer, Length);
        Assert.Equal(expected, _w.Span.ToArray());
    }

    [Fact]
    public void SumsOfSquaresHaveTheSameBitsForAnyNumberOfThreads()
    {
        NewGradients();
        var expected = 0.0;
        foreach (var x in _g.Span) expected += (double)x * x;
        var sum = OptimizerKernels.SumOfSquares(_pool, _g.Pointer, Length);
        Assert.Equal(expected, sum, expected * 1e-12);
        foreach (var threads in (int[])[1, 3])
        {
            using var pool = new WorkerPool(threads);
            Assert.Equal(sum, OptimizerKernels.SumOfSquares(pool, _g.Pointer, Length));
        }

        Assert.Equal(0, OptimizerKernels.SumOfSquares(_pool, _g.Pointer, 0));
    }

    [Fact]
    public void ScalesAndClamps()
    {
        NewGradients();
        var before = _g.Span.ToArray();
        OptimizerKernels.Scale(_pool, _g.Pointer, Length, 3);
        for (var i = 0; i < Length; i++) Assert.Equal(before[i] * 3, _g.Span[i]);
        _g.Span[7] = float.NaN;
        OptimizerKernels.Clamp(_pool, _g.Pointer, Length, 1);
        for (var i = 0; i < Length; i++) Assert.Equal(i == 7 ? float.NaN : Math.Clamp(before[i] * 3, -1, 1), _g.Span[i]);
    }

    [Fact]
    public void NothingIsAllocated()
    {
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            OptimizerKernels.Update(_pool, new UpdateRule(new AdamStep(0.1f, 0.9f, 0.999f, 1e-8f, 0.1f, isDecoupled: true, 1)), _w.Pointer, _w.Pointer, _first.Pointer, _second.Pointer, Length);
            OptimizerKernels.Update(_pool, new UpdateRule(new SgdStep(0.1f, 0.9f, 0, 0, IsNesterov: true, HasDirection: true, IsFirst: false)), _w.Pointer, _w.Pointer, _first.Pointer, null, Length);
            OptimizerKernels.SumOfSquares(_pool, _w.Pointer, Length);
            if (round == 1) Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static double[] Doubles(GuardedMemory<float> memory) => [.. memory.Span.ToArray().Select(x => (double)x)];

    private void NewGradients()
    {
        foreach (ref var x in _g.Span) x = _random.NextSingle() - 0.5f;
    }

    private void AssertClose(double[] expected)
    {
        for (var i = 0; i < Length; i++) Assert.True(Math.Abs(expected[i] - _w.Span[i]) < 2e-6, $"element {i} is {_w.Span[i]}, not {expected[i]}");
    }
}
