using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Models;

/// <summary>Gradients that are used up on their tiles and not stored, beside the same product stored and used afterwards.</summary>
public sealed unsafe class GradientStorageTests : IDisposable
{
    private const int M = 144;
    private const int N = 200;
    private const int LongestSum = 9;
    private const int Start = 64;

    private static readonly UpdateRule Rule = new(new SgdStep(0.125f, 0, 0, 0, IsNesterov: false, HasDirection: false, IsFirst: true));

    private readonly NativeBuffer _parameters = new((Start + (M * N)) * sizeof(float));
    private readonly NativeBuffer _left = new(LongestSum * M * sizeof(float));
    private readonly NativeBuffer _right = new(LongestSum * N * sizeof(float));
    private readonly NativeBuffer _scalars = new(2 * sizeof(float));
    private readonly HostMemory _memory = new((Start + (M * N)) * sizeof(float));
    private readonly GradientStorage _gradients;
    private readonly ParameterUpdates _updates;

    public GradientStorageTests()
    {
        _gradients = new GradientStorage(_memory);
        _updates = Updates();
        Loss(1);
    }

    public void Dispose()
    {
        _gradients.Dispose();
        foreach (var buffer in (NativeBuffer[])[_parameters, _left, _right, _scalars]) buffer.Dispose();
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 2, true)]
    [InlineData(2, 2, true)]
    [InlineData(7, 1, true)]
    [InlineData(8, 2, true)]
    [InlineData(9, 2, false)]
    public void What_is_not_stored_has_the_same_bits(int samples, int threads, bool isLazy)
    {
        using var pool = new WorkerPool(threads);
        foreach (var isTransposed in (bool[])[false, true])
        {
            _gradients.Clear();
            var product = Product(samples, seed: samples, isTransposed);
            var expected = Stored(pool, product);
            Fill(_parameters, 3);
            var parameters = Floats(_parameters);
            for (var i = 0; i < expected.Length; i++) parameters[Start + i] = MathF.FusedMultiplyAdd(expected[i], -Rule.Sgd.LearningRate, parameters[Start + i]);

            Fill(_parameters, 3);
            Step(pool, product);
            Assert.Equal(parameters, Floats(_parameters));
            Assert.Equal(isLazy, InMemory().IndexOfAnyExcept(0f) < 0);
            // The operands' memory is another step's meanwhile.
            Fill(_left, 10);
            Fill(_right, 11);
            Complete();
            Assert.Equal(expected, InMemory().ToArray());
        }
    }

    [Fact]
    public void Few_elements_and_long_sums_of_few_are_stored()
    {
        var product = Product(1, seed: 1);
        Assert.True(IsLazy(product with { M = 82 }));
        Assert.False(IsLazy(product with { M = 81 }));
        Assert.False(IsLazy(Product(8, seed: 1) with { M = 82 }));
        Assert.False(IsLazy(product with { M = 72, Batch = 2, LeftBatch = 72 }));

        bool IsLazy(in MatrixProductArguments product) => _gradients.Lazy(Start).Begin(product, isUsedUp: true).Result == null;
    }

    [Fact]
    public void It_is_the_last_steps()
    {
        foreach (var seed in (int[])[1, 2, 3]) Step(WorkerPool.Shared, Product(1, seed));
        var last = Product(2, seed: 4);
        var expected = Stored(WorkerPool.Shared, last);
        Step(WorkerPool.Shared, last);
        Assert.Equal(expected, Seen());
    }

    [Fact]
    public void A_step_that_stores_it_takes_the_place_of_what_was_missing()
    {
        Step(WorkerPool.Shared, Product(1, seed: 1));
        var stored = Product(9, seed: 2);
        Step(WorkerPool.Shared, stored);
        Assert.Equal(Stored(WorkerPool.Shared, stored), Seen());
    }

    [Fact]
    public void A_loss_that_is_not_finite_changes_nothing_and_its_gradient_is_stored()
    {
        Step(WorkerPool.Shared, Product(1, seed: 1));
        var parameters = Floats(_parameters);
        var next = Product(1, seed: 2);
        Loss(float.NaN);
        Step(WorkerPool.Shared, next);
        Assert.Equal(parameters, Floats(_parameters));
        Assert.Equal(Stored(WorkerPool.Shared, next), Seen());
    }

    [Fact]
    public void Who_has_looked_once_sees_each_step()
    {
        Assert.All(Seen(), number => Assert.Equal(0, number));
        for (var seed = 1; seed < 4; seed++)
        {
            var product = Product(1, seed);
            var expected = Stored(WorkerPool.Shared, product);
            InMemory().Clear();
            Step(WorkerPool.Shared, product);
            Assert.Equal(expected, InMemory().ToArray());
        }
    }

    [Fact]
    public void Another_program_finds_nothing_missing()
    {
        foreach (var other in (ParameterUpdates?[])[null, Updates()])
        {
            var product = Product(1, seed: 1);
            var expected = Stored(WorkerPool.Shared, product);
            InMemory().Clear();
            Step(WorkerPool.Shared, product);
            Assert.Equal(0, InMemory()[1]);
            Assert.True(_gradients.ForProgram(other) == _memory.ForReading());
            Assert.Equal(expected, InMemory().ToArray());
            // What it writes stays.
            InMemory().Fill(7);
            _gradients.ForProgram(null);
            Assert.All(InMemory().ToArray(), number => Assert.Equal(7, number));
        }
    }

    [Fact]
    public void Zeros_are_zeros()
    {
        Step(WorkerPool.Shared, Product(1, seed: 1));
        _gradients.Clear();
        Assert.All(Seen(), number => Assert.Equal(0, number));
    }

    [Fact]
    public void Several_threads_may_look_at_once()
    {
        var product = Product(3, seed: 1);
        var expected = Stored(WorkerPool.Shared, product);
        InMemory().Clear();
        Step(WorkerPool.Shared, product);
        var seen = new float[4][];
        Parallel.For(0, seen.Length, new ParallelOptions { MaxDegreeOfParallelism = seen.Length }, i => seen[i] = Seen());
        Assert.All(seen, numbers => Assert.Equal(expected, numbers));
    }

    [Fact]
    public void Steps_allocate_nothing()
    {
        using var pool = new WorkerPool(1);
        var products = new[] { Product(8, seed: 1), Product(1, seed: 1), Product(9, seed: 1) };
        foreach (var product in products) Step(pool, product);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            foreach (ref readonly var product in products.AsSpan()) Step(pool, product);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private void Step(WorkerPool pool, in MatrixProductArguments product)
    {
        _gradients.ForProgram(_updates);
        var call = new ProgramCall { Scalars = (float*)_scalars.Pointer, Updates = _updates };
        MatrixProduct.Run(pool, product, call.Update(0, N));
    }

    // As an evaluation or another training would have it: nobody keeps an address.
    private void Complete() => _gradients.ForProgram(null);

    private float[] Seen() => new Span<float>((float*)_gradients.ForReading() + Start, M * N).ToArray();

    private Span<float> InMemory() => new((float*)_memory.ForReading() + Start, M * N);

    private ParameterUpdates Updates() => new([Rule], [new UpdateTarget { Gradient = _gradients.Lazy(Start), Parameter = (float*)_parameters.Pointer + Start }]);

    private void Loss(float sum) => (((float*)_scalars.Pointer)[0], ((float*)_scalars.Pointer)[1]) = (sum, 1);

    private static float[] Stored(WorkerPool pool, in MatrixProductArguments product)
    {
        using var result = new NativeBuffer(M * N * sizeof(float));
        MatrixProduct.Run(pool, product with { Result = (float*)result.Pointer });
        return Floats(result);
    }

    // The gradient of a layer's weights: samples by outputs, and samples by inputs.
    private MatrixProductArguments Product(int samples, int seed, bool isTransposed = false)
    {
        Fill(_left, seed);
        Fill(_right, 100 + seed);
        return new MatrixProductArguments
        {
            M = M,
            N = N,
            K = samples,
            Left = (float*)_left.Pointer,
            LeftRow = isTransposed ? samples : 1,
            LeftColumn = isTransposed ? 1 : M,
            Right = (float*)_right.Pointer,
            RightRow = 1,
            RightColumn = N,
            Result = (float*)_memory.ForWriting() + Start,
        };
    }

    private static void Fill(NativeBuffer buffer, int seed)
    {
        var random = new Random(seed);
        foreach (ref var number in new Span<float>(buffer.Pointer, (int)(buffer.ByteLength / sizeof(float)))) number = random.NextSingle() - 0.5f;
    }

    private static float[] Floats(NativeBuffer buffer) => new Span<float>(buffer.Pointer, (int)(buffer.ByteLength / sizeof(float))).ToArray();
}
