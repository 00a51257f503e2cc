using ILGPU;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Steps of programs whose kernels work in several stages, against plain loops, at the ends of blocks and parts.</summary>
public sealed class StepTests
{
    /// <summary>The sums are those of a loop over the index, to the bit: additions are in its order.</summary>
    [SkippableTheory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(2, 7, 30, 3)]
    [InlineData(1, 5, 1024, 1)]
    [InlineData(1, 3000, 1025, 2)]
    [InlineData(2, 40, 2500, 3)]
    [InlineData(1, 50000, 8192, 2)]
    public void ScatterAddsInOrder(int outer, int axis, int count, int inner)
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, outer * count * inner).Select(_ => random.NextSingle() - 0.5f).ToArray();
        var index = Enumerable.Range(0, count).Select(_ => random.Next(axis)).ToArray();
        var expected = new float[outer * axis * inner];
        var hasSome = new bool[expected.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (p, j, q) = (i / (count * inner), i / inner % count, i % inner);
            var place = (((p * axis) + index[j]) * inner) + q;
            expected[place] = hasSome[place] ? expected[place] + values[i] : values[i];
            hasSome[place] = true;
        }
        var device = (GpuDevice)Pocl.Require();
        using var memory = new Tensors(device);
        var (from, at, sorted, to) = (memory.Of(values), memory.Of(index), memory.Of(new long[2 * count]), memory.Of(Enumerable.Repeat(float.NaN, expected.Length).ToArray()));
        StepProgram.Run(device, program => program.Scatter(from, at, sorted, to, outer, axis, count, inner));
        Assert.Equal(expected, memory.Values(to));
    }

    [SkippableTheory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(16, 33)]
    [InlineData(23, 16)]
    [InlineData(700, 3)]
    public void PartsAreAdded(int count, int columns)
    {
        // Whole numbers: every order gives the same.
        var random = new Random(3);
        var parts = Enumerable.Range(0, count * columns).Select(_ => (float)random.Next(-9, 10)).ToArray();
        var device = (GpuDevice)Pocl.Require();
        using var memory = new Tensors(device);
        var (from, sums, largest) = (memory.Of(parts), memory.Of(new float[columns]), memory.Of(new float[columns]));
        StepProgram.Run(device, program =>
        {
            program.Add<SumReduction>(from, sums, count, columns);
            program.Add<MaxReduction>(from, largest, count, columns);
        });
        Assert.Equal(Enumerable.Range(0, columns).Select(column => Enumerable.Range(0, count).Sum(part => parts[(part * columns) + column])), memory.Values(sums));
        Assert.Equal(Enumerable.Range(0, columns).Select(column => Enumerable.Range(0, count).Max(part => parts[(part * columns) + column])), memory.Values(largest));
    }

    /// <summary>All parts together fill a large GPU and each has 8 rows, as far as sizes go.</summary>
    [Theory]
    [InlineData(10, 10, 1)]
    [InlineData(128, 10, 16)]
    [InlineData(8192, 768, 85)]
    [InlineData(1000000, 10, 1024)]
    [InlineData(8192, 1000000, 1)]
    [InlineData(0, 0, 1)]
    public void SizesDecideTheParts(long rows, long columns, long expected) => Assert.Equal(expected, StepProgram.Parts(rows, columns));

    /// <summary>Memory of a device for a test.</summary>
    private sealed class Tensors(GpuDevice device) : IDisposable
    {
        private readonly List<ILGPU.Runtime.MemoryBuffer1D<float, Stride1D.Dense>> _buffers = [];

        public ArrayView<T> Of<T>(T[] values) where T : unmanaged
        {
            var buffer = device.AllocateFloats((long)values.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), "a tensor");
            _buffers.Add(buffer);
            var view = ((ArrayView<float>)buffer.View).Cast<T>().SubView(0, values.Length);
            device.Upload<T>(values, view);
            return view;
        }

        public T[] Values<T>(ArrayView<T> view) where T : unmanaged
        {
            var values = new T[view.Length];
            device.Download(view, values.AsSpan());
            return values;
        }

        public void Dispose()
        {
            foreach (var buffer in _buffers) device.Free(buffer);
        }
    }

    private sealed unsafe class StepProgram(GpuDevice device, Action<StepProgram> steps) : GpuProgram(device, [])
    {
        protected override ReadOnlySpan<string> AxisNames => [];

        protected override ReadOnlySpan<HostTransfer> Transfers => [];

        protected override ReadOnlySpan<string> Sources => new[] { "a step" };

        public static void Run(GpuDevice device, Action<StepProgram> steps)
        {
            using var program = new StepProgram(device, steps);
            program.Run(new ProgramCall());
        }

        public static long Parts(long rows, long columns) => PartCount(rows, columns);

        public void Scatter(ArrayView<float> values, ArrayView<int> index, ArrayView<long> sorted, ArrayView<float> result, long outer, long axis, long count, long inner) =>
            ScatterAdd(values, index, sorted, result, outer, axis, count, inner);

        public void Add<TReduction>(ArrayView<float> parts, ArrayView<float> result, long count, long columns) where TReduction : struct, IReduction<float> =>
            AddParts<float, TReduction>(parts, result, count, columns);

        protected override void Measure(nint* sizes, Span<long> bytes) { }

        protected override void Describe(nint* sizes, StepDescriptions descriptions) { }

        protected override void Execute(in ProgramCall call)
        {
            Begin(0);
            steps(this);
        }
    }
}
