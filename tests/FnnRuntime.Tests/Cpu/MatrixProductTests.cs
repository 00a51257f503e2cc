using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>The matrix product against a plain one in float64: layouts, tails, batches, epilogues, threads, memory.</summary>
public sealed unsafe class MatrixProductTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData('r', 'r')]
    [InlineData('r', 'c')]
    [InlineData('c', 'r')]
    [InlineData('c', 'c')]
    [InlineData('s', 'r')]
    [InlineData('s', 's')]
    [InlineData('c', 's')]
    [InlineData('b', 'c')]
    [InlineData('r', 'b')]
    [InlineData('b', 's')]
    public void AgreesWithThePlainProductInEveryLayout(char left, char right)
    {
        var random = new Random((left * 31) + right);
        for (var round = 0; round < 60; round++)
        {
            nint batch = round % 3 == 0 ? random.Next(2, 9) : 1, m = Extent(random), n = Extent(random), k = Extent(random);
            Check(batch, m, n, k, left, right, round);
        }
    }

    [Theory]
    [InlineData('r', 'r')]
    [InlineData('r', 'c')]
    [InlineData('c', 'r')]
    [InlineData('c', 'c')]
    public void AgreesForEveryTail(char left, char right)
    {
        for (nint n = 1; n <= 34; n++) Check(1, 3 + (n % 5), n, 20, left, right, (int)n);
        for (nint m = 1; m <= 34; m++) Check(1, m, 37, 19, left, right, (int)m);
        for (nint k = 0; k <= 34; k++) Check(1, 5, 9, k, left, right, (int)k);
        for (nint k = 0; k <= 34; k++) Check(1, 16, 40, k, left, right, (int)k);

        // Few rows and long sums, which are taken as dot products where both matrices lie along k.
        for (nint m = 1; m <= 13; m++) Check(1, m, 7, 160 + m, left, right, (int)m);
        for (nint k = 80; k <= 97; k++) Check(1, 6, 9, k, left, right, (int)k);
    }

    [Theory]
    [InlineData(1, 300, 260, 300, 'r', 'r')]
    [InlineData(1, 300, 260, 300, 'c', 'c')]
    [InlineData(1, 20, 40, 7000, 'r', 'r')]
    [InlineData(1, 70, 200, 3500, 'c', 'c')]
    [InlineData(3, 70, 33, 3100, 's', 'c')]
    [InlineData(1, 3000, 17, 40, 'r', 'c')]
    [InlineData(1, 2, 3000, 100, 'r', 'r')]
    [InlineData(1, 100, 100, 700, 'c', 'r')]
    [InlineData(1, 100, 100, 700, 's', 's')]
    [InlineData(1, 64, 145, 2000, 'r', 'c')]
    [InlineData(1, 100, 130, 1400, 'c', 'r')]
    [InlineData(1, 300, 241, 250, 'r', 'r')]
    [InlineData(1, 290, 112, 600, 'c', 'c')]
    [InlineData(1, 27, 96, 6600, 'b', 's')]
    [InlineData(3, 61, 97, 2900, 's', 'c')]
    [InlineData(1, 64, 10, 3136, 'r', 'c')]
    [InlineData(2, 61, 7, 3001, 'r', 'c')]
    [InlineData(1, 33, 3, 9000, 'r', 'c')]
    public void AgreesForLongSumsAndManyTiles(int batch, int m, int n, int k, char left, char right) => Check(batch, m, n, k, left, right, m);

    [Fact]
    public void ManyRowsAreTakenInSeveralGoes() => Check(1, 2900, 40, 3000, 'c', 'r', 5);

    [Theory]
    [InlineData(32, 512, 128, 'r', 'r')]
    [InlineData(32, 128, 512, 'r', 'c')]
    [InlineData(300, 70, 200, 'c', 's')]
    [InlineData(40, 33, 700, 'r', 'c')]
    [InlineData(3, 40, 16, 's', 's')]
    [InlineData(40, 64, 2000, 'r', 'c')]
    [InlineData(100, 100, 1100, 'r', 'r')]
    [InlineData(100, 250, 700, 'r', 'c')]
    [InlineData(250, 98, 900, 'c', 's')]
    public void ARightMatrixThatIsPackedOnceGivesTheSameBits(int m, int n, int k, char left, char right)
    {
        using var product = new ProductCase(1, m, n, k, left, right, m);
        MatrixProduct.Run(_pool, product.Arguments);
        var expected = product.Result.Span.ToArray();
        var arguments = product.Arguments;
        using var packed = MatrixProduct.Pack(_pool, arguments);
        Assert.True(packed.Pointer != null);
        arguments.PackedRight = packed.Pointer;

        // Now read nowhere else.
        arguments.Right = null;
        for (var round = 0; round < 2; round++)
        {
            product.Result.Span.Fill(float.NaN);
            MatrixProduct.Run(_pool, arguments);
            Assert.Equal(expected, product.Result.Span.ToArray());
        }
    }

    [SkippableTheory]
    [InlineData(40, 64, 500)]
    [InlineData(40, 70, 2000)]
    [InlineData(33, 64, 7001)]
    [InlineData(40, 200, 2200)]
    public void SumsAreAddedUpInTheOrderOfKHoweverTheyAreCut(int m, int n, int k)
    {
        Skip.IfNot(Vector256.IsHardwareAccelerated || AdvSimd.IsSupported, "Without a fused multiply-add the product is rounded too.");
        using var product = new ProductCase(1, m, n, k, 'r', 'c', 1);
        MatrixProduct.Run(_pool, product.Arguments);
        var a = product.Arguments;
        for (nint i = 0; i < m * (nint)n; i++)
        {
            var sum = 0f;
            for (nint d = 0; d < k; d++) sum = MathF.FusedMultiplyAdd(a.Left[(i / n * a.LeftRow) + (d * a.LeftColumn)], a.Right[(i % n * a.RightRow) + (d * a.RightColumn)], sum);
            Assert.Equal(sum, product.Result.Span[(int)i]);
        }
    }

    [Theory]
    [InlineData(2, 8, 4)]
    [InlineData(3, 200, 100)]
    [InlineData(20, 40, 7000)]
    [InlineData(40, 64, 2000, 'c')]
    public void NothingIsPackedWhereTheProductWouldNot(int m, int n, int k, char layout = 'r')
    {
        using var product = new ProductCase(1, m, n, k, layout, layout, 1);
        using var packed = MatrixProduct.Pack(_pool, product.Arguments);
        Assert.True(packed.Pointer == null);
    }

    [Fact]
    public void WithoutDepthTheResultIsZero()
    {
        using var product = new ProductCase(2, 7, 40, 0, 'r', 'r', 1);
        product.Result.Span.Fill(float.NaN);
        MatrixProduct.Run(_pool, product.Arguments);
        Assert.True(product.Result.Span.IndexOfAnyExcept(0f) < 0);
    }

    [Fact]
    public void NothingIsDoneWithoutElements()
    {
        using var product = new ProductCase(1, 0, 4, 3, 'r', 'r', 1);
        MatrixProduct.Run(_pool, product.Arguments);
        MatrixProduct.Run(_pool, default(MatrixProductArguments));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(19)]
    public void BitsDoNotDependOnTheNumberOfThreads(int threads)
    {
        using var one = new WorkerPool(1);
        using var many = new WorkerPool(threads);
        foreach (var (batch, m, n, k, left, right) in Shapes())
        {
            using var product = new ProductCase(batch, m, n, k, left, right, 7);
            MatrixProduct.Run(one, product.Arguments);
            var expected = product.Result.Span.ToArray();
            product.Result.Span.Clear();
            MatrixProduct.Run(many, product.Arguments);
            Assert.True(expected.AsSpan().SequenceEqual(product.Result.Span), product.Name);
        }
    }

    [Fact]
    public void NothingIsAllocated()
    {
        foreach (var (batch, m, n, k, left, right) in Shapes())
        {
            using var product = new ProductCase(batch, m, n, k, left, right, 7);
            var counts = new GuardedMemory<int>(batch * m * n);
            var arguments = product.Arguments;
            var epilogue = new Collect(counts.Pointer, product.Result.Pointer, n, product.Result.Length, 0);
            MatrixProduct.Run(_pool, arguments);
            MatrixProduct.Run(_pool, arguments, epilogue);
            var before = GC.GetAllocatedBytesForCurrentThread();
            MatrixProduct.Run(_pool, arguments);
            MatrixProduct.Run(_pool, arguments, epilogue);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            counts.Dispose();
        }
    }

    [Theory]
    [InlineData(30, 200, 40, 70, 'r')]
    [InlineData(150, 140, 131, 33, 'r')] // each thread packs the right matrix for itself, in both of them
    [InlineData(150, 140, 131, 33, 'c')]
    [InlineData(40, 200, 20, 140, 'c')] // the left one
    public void AnEpilogueMayRunAProductItself(int m, int n, int mOfInner, int nOfInner, char layout)
    {
        using var outer = new ProductCase(1, m, n, 40, layout, layout, 1);
        using var inner = new ProductCase(1, mOfInner, nOfInner, 50, layout, layout, 2);
        var failures = new int[1];
        fixed (int* p = failures)
        {
            var expected = inner.Expected();
            fixed (double* e = expected) MatrixProduct.Run(_pool, outer.Arguments, new Nested(_pool, inner.Arguments, e, p));
        }

        Assert.Equal(0, failures[0]);
        outer.AssertClose(outer.Expected(), outer.Result.Span);
    }

    [Fact]
    public void DoublesAgreeWithThePlainProduct()
    {
        var random = new Random(3);
        for (var round = 0; round < 40; round++)
        {
            nint batch = random.Next(1, 4), m = random.Next(1, 20), n = random.Next(1, 70), k = random.Next(0, 70);
            var (leftByRows, rightByRows) = (round % 2 == 0, round / 2 % 2 == 0);
            using var left = new GuardedMemory<double>(batch * m * k);
            using var right = new GuardedMemory<double>(batch * n * k);
            using var result = new GuardedMemory<double>(batch * m * n);
            foreach (ref var x in left.Span) x = random.NextDouble() - 0.5;
            foreach (ref var x in right.Span) x = random.NextDouble() - 0.5;
            var a = new MatrixProductArguments64
            {
                Batch = batch, M = m, N = n, K = k,
                Left = left.Pointer, LeftBatch = m * k, LeftRow = leftByRows ? k : 1, LeftColumn = leftByRows ? 1 : m,
                Right = right.Pointer, RightBatch = n * k, RightRow = rightByRows ? k : 1, RightColumn = rightByRows ? 1 : n,
                Result = result.Pointer,
            };
            MatrixProduct.Run(_pool, a);
            for (nint i = 0; i < result.Length; i++)
            {
                nint b = i / (m * n), row = i / n % m, column = i % n;
                var sum = 0.0;
                for (nint d = 0; d < k; d++) sum += left.Pointer[(b * a.LeftBatch) + (row * a.LeftRow) + (d * a.LeftColumn)] * right.Pointer[(b * a.RightBatch) + (column * a.RightRow) + (d * a.RightColumn)];
                Assert.Equal(sum, result.Span[(int)i], 1e-12);
            }

            Assert.True(result.IsUntouchedOutside());
        }
    }

    private static IEnumerable<(nint Batch, nint M, nint N, nint K, char Left, char Right)> Shapes() =>
    [
        (1, 1, 300, 500, 'r', 'r'), (1, 4, 300, 500, 'r', 'r'), (1, 200, 1, 500, 'r', 'r'), (1, 200, 130, 90, 'r', 'r'), (1, 200, 130, 90, 'c', 'c'),
        (1, 70, 200, 3500, 'c', 'c'), (1, 10, 128, 1000, 'c', 'c'), (1, 130, 784, 600, 'c', 'c'), (1, 600, 200, 130, 'r', 'r'),
        (1, 33, 450, 3500, 's', 'r'), (5, 40, 60, 50, 'r', 'c'), (2, 100, 300, 100, 'r', 'r'), (1, 64, 10, 128, 'r', 'r'), (40, 9, 9, 9, 'r', 'r'),
    ];

    private static nint Extent(Random random) => random.Next(4) switch
    {
        0 => 1,
        1 => random.Next(1, 17),
        2 => random.Next(1, 70),
        _ => random.Next(1, 140),
    };

    private void Check(nint batch, nint m, nint n, nint k, char left, char right, int seed)
    {
        using var product = new ProductCase(batch, m, n, k, left, right, seed);
        var expected = product.Expected();
        product.Result.Span.Fill(float.NaN);
        MatrixProduct.Run(_pool, product.Arguments);
        product.AssertClose(expected, product.Result.Span);
        Assert.True(product.Result.IsUntouchedOutside(), product.Name);
        var plain = product.Result.Span.ToArray();

        // With an epilogue: each element once, with the same bits, whether the product itself is kept or not.
        using var counts = new GuardedMemory<int>(batch * m * n);
        using var collected = new GuardedMemory<float>(batch * m * n);
        foreach (var isKept in (bool[])[true, false])
        {
            counts.Span.Clear();
            product.Result.Span.Fill(float.NaN);
            MatrixProduct.Run(_pool, product.Arguments with { Result = isKept ? product.Result.Pointer : null }, new Collect(counts.Pointer, collected.Pointer, n, collected.Length, 1));
            Assert.True(counts.Span.IndexOfAnyExcept(1) < 0, $"{product.Name}: element {counts.Span.IndexOfAnyExcept(1)} isn't handed over once");
            Assert.True(plain.AsSpan().SequenceEqual(collected.Span), product.Name);
            if (isKept) Assert.True(plain.AsSpan().SequenceEqual(product.Result.Span), product.Name);
        }
    }

    // Counts how often an element comes and notes its value.
    private readonly struct Collect(int* counts, float* values, nint n, nint length, int one) : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
            for (nint r = 0; r < rows; r++)
            {
                for (nint c = 0; c < columns; c++)
                {
                    var i = ((row + r) * n) + column + c;
                    if (i >= length) throw new InvalidOperationException("There is no such element.");
                    Interlocked.Add(ref counts[i], one);
                    values[i] = tile[(r * stride) + c];
                }
            }
        }

        // What is asked for comes after that.
        public void Prefetch(nint row, nint rows, nint column, nint columns)
        {
            if (rows > 0 && ((row + rows - 1) * n) + column + columns > length) throw new InvalidOperationException("There is no such element.");
            for (nint r = 0; r < rows; r++) new Span<float>(values + ((row + r) * n) + column, (int)columns).Fill(float.NaN);
        }
    }

    private readonly struct Nested(WorkerPool pool, MatrixProductArguments inner, double* expected, int* failures) : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
            using var result = new GuardedMemory<float>(inner.M * inner.N);
            MatrixProduct.Run(pool, inner with { Result = result.Pointer });
            for (var i = 0; i < result.Length; i++)
            {
                if (Math.Abs(result.Span[i] - expected[i]) > 1e-5) Interlocked.Increment(ref *failures);
            }
        }

        public void Prefetch(nint row, nint rows, nint column, nint columns)
        {
        }
    }
}
