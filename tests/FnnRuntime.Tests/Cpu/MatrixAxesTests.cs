using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>Products of matrices that run through several axes against plain ones in float64: windows of images and random axes, read in place and packed.</summary>
public sealed unsafe class MatrixAxesTests : IDisposable
{
    private readonly WorkerPool _pool = new(2);

    public void Dispose() => _pool.Dispose();

    /// <summary>Images with the channels last and first, whose windows are rows (forward), and columns (gradient of the weights).</summary>
    [Theory]
    [InlineData(2, 14, 14, 32, 3, 1, 1, 40)]
    [InlineData(2, 9, 28, 16, 3, 1, 1, 64)]
    [InlineData(3, 7, 5, 20, 3, 2, 1, 33)]
    [InlineData(2, 11, 13, 3, 5, 1, 2, 16)]
    [InlineData(2, 12, 12, 1, 3, 1, 1, 8)]
    [InlineData(1, 6, 40, 70, 1, 1, 1, 200)]
    [InlineData(4, 14, 14, 32, 3, 1, 1, 40)]
    [InlineData(3, 30, 30, 1, 3, 1, 1, 32)]
    [InlineData(5, 16, 15, 6, 3, 1, 1, 70)]
    [InlineData(20, 10, 11, 32, 3, 1, 1, 48)]
    [InlineData(6, 16, 15, 64, 3, 1, 1, 32)]
    [InlineData(1, 6, 150, 48, 3, 1, 1, 80)]
    [InlineData(2, 30, 9, 112, 3, 1, 1, 64)]
    public void ConvolutionsAgree(int batch, int height, int width, int channels, int size, int stride, int dilation, int outputs)
    {
        nint rows = ((height - (dilation * (size - 1)) - 1) / stride) + 1, columns = ((width - (dilation * (size - 1)) - 1) / stride) + 1;
        nint image = height * width * channels;
        nint[] places = [batch, image, rows, stride * width * channels, columns, stride * channels];
        nint[] windows = [size, dilation * width * channels, size, dilation * channels, channels, 1];
        nint[] reversed = [size, -dilation * width * channels, size, -dilation * channels, channels, 1];
        nint[] windowsOfPlanes = [channels, height * width, size, dilation * width, size, dilation];
        nint[] placesOfPlanes = [batch, image, rows, stride * width, columns, stride];
        Check(places, windows, [outputs, Length(windows)], [Length(windows), 1]);
        Check(placesOfPlanes, windowsOfPlanes, [outputs, 1], [Length(windowsOfPlanes), outputs]);
        Check([outputs, 1], [Length(places), outputs], windows, places);
        Check(windows, places, [outputs, 1], [Length(places), outputs]);
        Check(places, reversed, [outputs, Length(windows)], [Length(windows), 1]);
        Check(places, reversed, [outputs, 1], [size, size * channels * outputs, size, channels * outputs, channels, outputs]);
        Check([outputs, 1], [Length(places), outputs], reversed, places);
        Check([outputs, Length(placesOfPlanes)], [Length(placesOfPlanes), 1], windowsOfPlanes, placesOfPlanes);
    }

    [Fact]
    public void RandomAxesAgree()
    {
        var random = new Random(5);
        for (var round = 0; round < 120; round++)
        {
            var rows = Axes(random);
            var columns = Axes(random);
            var k = Split(random, Length(columns));
            Check(rows, columns, Axes(random), k);
        }
    }

    [Fact]
    public void LongSumsAgree()
    {
        Check([3, 1, 5, 9], [40, 100, 50, 2], [7, 6, 6, 1], [2000, 1]);
        Check([30, 1], [2000, 30], [7, 6, 6, 1], [40, 100, 50, 2]);
        Check([4, 2000, 6, 100], [3500, 1], [50, 3, 2, 1], [3500, 2]);
    }

    [Fact]
    public void BatchesAgree()
    {
        Check([4, 20, 5, 3], [3, 4, 20, 1], [18, 60], [60, 1], batch: 9);
        Check([4, 200, 14, 30], [3, 40, 30, 1], [40, 90], [90, 1], batch: 2);
    }

    [Fact]
    public void ASumOfNothingIsZero() => Check([4, 20, 5, 3], [0, 1], [3, 2, 2, 1], [0, 1]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public void BitsDoNotDependOnTheNumberOfThreads(int threads)
    {
        using var one = new WorkerPool(1);
        using var many = new WorkerPool(threads);
        foreach (var width in (nint[])[14, 3])
        {
            using var product = new Product([6, 4000, 14, 256, width, 16], [3, 256, 48, 1], [70, 144], [144, 1], 1);
            CheckBits(product, one, many);
        }
    }

    /// <summary>Windows of 3 x 3 over many channels are computed on transformed patches; rows and columns of an odd number of results end with half a patch.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public void BitsOfTransformedPatchesDoNotDependOnTheNumberOfThreads(int threads)
    {
        using var one = new WorkerPool(1);
        using var many = new WorkerPool(threads);
        nint[] places = [9, 17 * 16 * 32, 15, 16 * 32, 14, 32], windows = [3, 16 * 32, 3 * 32, 1];
        Compare([places, windows, [48, 288], [288, 1]]);
        Compare([windows, places, [48, 1], [Length(places), 48]]);
        Compare([[48, 1], [Length(places), 48], windows, places]);

        void Compare(nint[][] axes)
        {
            using var product = new Product(axes[0], axes[1], axes[2], axes[3], 1);
            CheckBits(product, one, many);
        }
    }

    /// <summary>Sums along places, such as the gradient of a convolution's weights, are cut into parts that begin anywhere in a row of places.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void SumsAlongPlacesAreCutIntoTheSamePartsForAnyThreads(int threads)
    {
        using var pool = new WorkerPool(threads);
        using var one = new WorkerPool(1);
        nint[] places = [3, 16 * 18 * 20, 14, 18 * 20, 15, 20];
        nint[] windows = [3, 18 * 20, 3, 20, 20, 1];
        using var product = new Product([24, 1], [Length(places), 24], windows, places, 1);
        CheckBits(product, one, pool);
        var expected = product.Expected();
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], product.Result.Span[i], 1e-4);
    }

    [Fact]
    public void AxesAreOneToSix()
    {
        Assert.Throws<ArgumentException>(() => new MatrixAxes([]));
        Assert.Throws<ArgumentException>(() => new MatrixAxes([1, 1, 2]));
        Assert.Throws<ArgumentException>(() => new MatrixAxes(new nint[14]));
    }

    private static void CheckBits(Product product, WorkerPool one, WorkerPool many)
    {
        product.Run(one);
        var expected = product.Result.Span.ToArray();
        product.Result.Span.Clear();
        product.Run(many);
        Assert.True(expected.AsSpan().SequenceEqual(product.Result.Span), product.Name);
    }

    private static nint Length(nint[] axes) => axes.Where((_, i) => i % 2 == 0).Aggregate((nint)1, (product, length) => product * length);

    private static nint[] Axes(Random random)
    {
        var axes = new nint[2 * random.Next(1, 5)];
        for (var axis = 0; axis < axes.Length; axis += 2) (axes[axis], axes[axis + 1]) = (random.Next(1, 9), random.Next(0, 12));
        if (random.Next(2) == 0) axes[^1] = 1;
        if (random.Next(4) == 0) axes[^2] = random.Next(1, 70);
        return axes;
    }

    // A length as two axes where it can be.
    private static nint[] Split(Random random, nint length) =>
        length % 2 == 0 && random.Next(2) == 0 ? [2, random.Next(0, 9), length / 2, random.Next(1, 3)] : [length, random.Next(1, 3)];

    private void Check(nint[] leftRows, nint[] leftColumns, nint[] rightRows, nint[] rightColumns, nint batch = 1)
    {
        using var product = new Product(leftRows, leftColumns, rightRows, rightColumns, batch);
        product.Result.Span.Fill(float.NaN);
        product.Run(_pool);
        var expected = product.Expected();
        var actual = product.Result.Span;
        var tolerance = 1e-6 + (Length(leftColumns) * 3e-8);
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance)) Assert.Fail($"{product.Name}: element {i} is {actual[i]} but should be {expected[i]}");
        }

        Assert.True(product.Result.IsUntouchedOutside(), product.Name);

        // An epilogue gets each element once, with the same bits, where the product itself is not kept.
        using var collected = new GuardedMemory<float>(product.Result.Length);
        product.Run(_pool, new Collect(collected.Pointer, Length(rightRows)));
        Assert.True(collected.Span.SequenceEqual(product.Result.Span), product.Name);
    }

    private readonly struct Collect(float* values, nint n) : ITileKernel
    {
        public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
        {
            for (nint r = 0; r < rows; r++)
            {
                for (nint c = 0; c < columns; c++) values[((row + r) * n) + column + c] = tile[(r * stride) + c];
            }
        }

        // What is asked for comes after that.
        public void Prefetch(nint row, nint rows, nint column, nint columns)
        {
            for (nint r = 0; r < rows; r++) new Span<float>(values + ((row + r) * n) + column, (int)columns).Fill(float.NaN);
        }
    }

    private sealed class Product : IDisposable
    {
        private readonly nint[] _leftRows, _leftColumns, _rightRows, _rightColumns;
        private readonly nint _batch, _leftBatch, _rightBatch;
        private readonly GuardedMemory<float> _left, _right;
        private readonly GuardedMemory<MatrixAxes> _axes = new(4);

        public Product(nint[] leftRows, nint[] leftColumns, nint[] rightRows, nint[] rightColumns, nint batch)
        {
            (_leftRows, _leftColumns, _rightRows, _rightColumns, _batch) = (leftRows, leftColumns, rightRows, rightColumns, batch);
            Name = $"{batch} times [{string.Join(", ", leftRows)}] by [{string.Join(", ", leftColumns)}] and [{string.Join(", ", rightRows)}] by [{string.Join(", ", rightColumns)}]";
            (_leftBatch, _rightBatch) = (Reach(leftRows) + Reach(leftColumns) + 1, Reach(rightRows) + Reach(rightColumns) + 1);
            _left = new GuardedMemory<float>(batch * _leftBatch);
            _right = new GuardedMemory<float>(batch * _rightBatch);
            var random = new Random(9);
            foreach (ref var x in _left.Span) x = random.NextSingle() - 0.5f;
            foreach (ref var x in _right.Span) x = random.NextSingle() - 0.5f;
            Result = new GuardedMemory<float>(batch * Length(leftRows) * Length(rightRows));
        }

        public string Name { get; }

        private float* LeftStart => _left.Pointer + Start(_leftRows) + Start(_leftColumns);

        private float* RightStart => _right.Pointer + Start(_rightRows) + Start(_rightColumns);

        public GuardedMemory<float> Result { get; }

        public void Run(WorkerPool pool) => MatrixProduct.Run(pool, Arguments() with { Result = Result.Pointer });

        public void Run(WorkerPool pool, Collect epilogue) => MatrixProduct.Run(pool, Arguments(), epilogue);

        public double[] Expected()
        {
            nint[] rows = Places(_leftRows), columns = Places(_rightRows), ofLeft = Places(_leftColumns), ofRight = Places(_rightColumns);
            var expected = new double[_batch * rows.Length * columns.Length];
            for (nint batch = 0, i = 0; batch < _batch; batch++)
            {
                // Side by side: the places of a column are worked out once, and not for each row.
                var right = columns.Select(column => Numbers(RightStart + (batch * _rightBatch) + column, ofRight)).ToArray();
                foreach (var place in rows)
                {
                    var left = Numbers(LeftStart + (batch * _leftBatch) + place, ofLeft);
                    foreach (var column in right)
                    {
                        var sum = 0.0;
                        for (var k = 0; k < left.Length; k++) sum += left[k] * column[k];
                        expected[i++] = sum;
                    }
                }
            }
            return expected;
        }

        public void Dispose()
        {
            _left.Dispose();
            _right.Dispose();
            _axes.Dispose();
            Result.Dispose();
        }

        private MatrixProductArguments Arguments() => new()
        {
            Batch = _batch, M = Length(_leftRows), N = Length(_rightRows), K = Length(_leftColumns),
            Left = LeftStart, LeftBatch = _leftBatch, LeftRow = _leftRows[^1], LeftColumn = _leftColumns[^1], LeftRows = Axes(0, _leftRows), LeftColumns = Axes(1, _leftColumns),
            Right = RightStart, RightBatch = _rightBatch, RightRow = _rightRows[^1], RightColumn = _rightColumns[^1], RightRows = Axes(2, _rightRows), RightColumns = Axes(3, _rightColumns),
        };

        // Where there is one axis, a stride does.
        private MatrixAxes* Axes(int place, nint[] axes)
        {
            if (axes.Length == 2) return null;
            _axes.Pointer[place] = new MatrixAxes(axes);
            return _axes.Pointer + place;
        }

        private static double[] Numbers(float* from, nint[] places)
        {
            var numbers = new double[places.Length];
            for (var k = 0; k < numbers.Length; k++) numbers[k] = from[places[k]];
            return numbers;
        }

        private static nint Reach(nint[] axes)
        {
            nint reach = 0;
            for (var axis = 0; axis < axes.Length; axis += 2) reach += Math.Max(0, axes[axis] - 1) * Math.Abs(axes[axis + 1]);
            return reach;
        }

        // Where the first row (or column) lies, so that what axes reach backwards is in memory.
        private static nint Start(nint[] axes)
        {
            nint start = 0;
            for (var axis = 0; axis < axes.Length; axis += 2) start -= Math.Min(0, Math.Max(0, axes[axis] - 1) * axes[axis + 1]);
            return start;
        }

        private static nint[] Places(nint[] axes) => [.. Enumerable.Range(0, (int)Length(axes)).Select(index => Place(axes, index))];

        private static nint Place(nint[] axes, nint index)
        {
            nint place = 0;
            for (var axis = axes.Length - 2; axis >= 0; axis -= 2)
            {
                place += index % axes[axis] * axes[axis + 1];
                index /= axes[axis];
            }

            return place;
        }
    }
}
