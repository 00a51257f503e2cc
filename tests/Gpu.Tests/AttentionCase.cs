using FeedbackNN.Cpu;
using ILGPU;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// An attention and its gradients on a device, against the processor's in float64. Queries lie together, [batch, queries, heads, width]; keys and values lie in one tensor, [batch, keys, groups of keys then of values, elements], as a projection
/// leaves them.
/// </summary>
internal sealed record AttentionCase(int Batch, int Heads, int Groups, int Queries, int Keys, int Width, int ValueWidth, bool IsCausal)
{
    private const double Scale = 0.4;

    /// <summary>What queries are multiplied by: makes scores large.</summary>
    public double Magnitude { get; init; } = 1;

    /// <summary>Numbers before the queries and the keys, so that their rows begin anywhere.</summary>
    public int Before { get; init; }

    public OperandFormat Operands { get; init; }

    private int RowOfQueries => Heads * Width;

    private int RowOfKeys => Groups * (Width + ValueWidth);

    private int RowOfResult => Heads * ValueWidth;

    private int LengthOfQueries => Batch * Queries * RowOfQueries;

    private int LengthOfKeys => Batch * Keys * RowOfKeys;

    private int LengthOfResult => Batch * Queries * RowOfResult;

    private int Rows => Batch * Heads * Queries;

    /// <summary>The result, the log sums, the gradients of queries and of keys with values, in float32 on the device.</summary>
    public float[][] RunFloats(GpuDevice device) => Run(device, number => (float)number);

    /// <summary>The same in float64.</summary>
    public double[][] RunDoubles(GpuDevice device) => Run(device, number => number);

    /// <summary>The same by the processor.</summary>
    public unsafe double[][] Expected()
    {
        var (queries, keys, gradient) = Draw();
        double[][] results = [new double[LengthOfResult], new double[Rows], new double[LengthOfQueries], new double[LengthOfKeys]];
        using var pool = new WorkerPool(1);
        fixed (double* q = queries, kv = keys, dy = gradient, y = results[0], sums = results[1], dq = results[2], dkv = results[3])
        {
            var arguments = new AttentionArguments<double>
            {
                Batch = Batch,
                Heads = Heads,
                Groups = Groups,
                Queries = Queries,
                Keys = Keys,
                Width = Width,
                ValueWidth = ValueWidth,
                IsCausal = IsCausal,
                Scale = Scale,
                Q = new(q, Queries * RowOfQueries, RowOfQueries, Width),
                K = new(kv, Keys * RowOfKeys, RowOfKeys, Width),
                V = new(kv + (Groups * Width), Keys * RowOfKeys, RowOfKeys, ValueWidth),
                Result = new(y, Queries * RowOfResult, RowOfResult, ValueWidth),
                LogSums = sums,
                ResultGradient = new(dy, Queries * RowOfResult, RowOfResult, ValueWidth),
                QGradient = new(dq, Queries * RowOfQueries, RowOfQueries, Width),
                KGradient = new(dkv, Keys * RowOfKeys, RowOfKeys, Width),
                VGradient = new(dkv + (Groups * Width), Keys * RowOfKeys, RowOfKeys, ValueWidth),
            };
            Cpu.AttentionKernels.Run(pool, arguments);
            Cpu.AttentionKernels.RunGradient(pool, arguments);
        }
        return results;
    }

    public static void AssertClose(double[][] expected, double[][] actual, double tolerance)
    {
        foreach (var (name, i) in new[] { "result", "log sums", "gradient of queries", "gradient of keys and values" }.Select((name, i) => (name, i)))
        {
            Assert.Equal(expected[i].Length, actual[i].Length);
            var scale = Math.Max(1, expected[i].Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max());
            for (var j = 0; j < expected[i].Length; j++)
            {
                var (a, b) = (expected[i][j], actual[i][j]);
                Assert.True(a.Equals(b) || Math.Abs(a - b) <= tolerance * scale, FormattableString.Invariant($"{name}, element {j}: {b} instead of {a}"));
            }
        }
    }

    private T[][] Run<T>(GpuDevice device, Func<double, T> convert) where T : unmanaged, System.Numerics.INumberBase<T>
    {
        var (queries, keys, gradient) = Draw();
        // What must not be read lies before and behind.
        double[] bounded(double[] numbers) => [.. Enumerable.Repeat(double.NaN, Before), .. numbers, .. Enumerable.Repeat(double.NaN, 70)];
        double[][] numbers = [bounded(queries), bounded(keys), bounded(gradient), .. new[] { LengthOfResult, Rows, LengthOfQueries, LengthOfKeys, Rows }.Select(length => bounded(new double[length]))];
        var memory = numbers.Select(array => device.AllocateFloats((long)array.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), "a tensor")).ToArray();
        var views = memory.Select((buffer, i) => ((ArrayView<float>)buffer.View).Cast<T>().SubView(0, numbers[i].Length)).ToArray();
        for (var i = 0; i < views.Length; i++) device.Upload<T>(Array.ConvertAll(numbers[i], number => convert(number)), views[i]);
        var inside = views.Select((view, i) => view.SubView(Before, numbers[i].Length - Before - 70)).ToArray();
        using (var program = new AttentionProgram<T>(device, this, inside)) program.Run(new ProgramCall());
        var results = new T[4][];
        for (var i = 0; i < 4; i++)
        {
            var all = new T[numbers[3 + i].Length];
            device.Download(views[3 + i], all.AsSpan());
            Assert.All(all[..Before].Concat(all[^70..]), number => Assert.True(T.IsNaN(number)));
            results[i] = all[Before..^70];
        }
        foreach (var buffer in memory) device.Free(buffer);
        return results;
    }

    private (double[] Queries, double[] Keys, double[] Gradient) Draw()
    {
        var random = new Random(4);
        return (Numbers(LengthOfQueries, Magnitude), Numbers(LengthOfKeys, 1), Numbers(LengthOfResult, 1));
        double[] Numbers(int count, double magnitude) => [.. Enumerable.Range(0, count).Select(_ => (double)(float)(magnitude * ((2 * random.NextDouble()) - 1)))];
    }

    private sealed unsafe class AttentionProgram<T>(GpuDevice device, AttentionCase of, ArrayView<T>[] views) : GpuProgram(device, [])
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        protected override ReadOnlySpan<string> AxisNames => [];

        protected override ReadOnlySpan<HostTransfer> Transfers => [];

        protected override ReadOnlySpan<string> Sources => new[] { "an attention" };

        protected override void Measure(nint* sizes, Span<long> bytes) { }

        protected override void Describe(nint* sizes, StepDescriptions descriptions) { }

        protected override void Execute(in ProgramCall call)
        {
            var sizes = new AttentionSizes { Batch = of.Batch, Heads = of.Heads, Groups = of.Groups, Queries = of.Queries, Keys = of.Keys, Width = of.Width, ValueWidth = of.ValueWidth, IsCausal = of.IsCausal ? 1 : 0 };
            var (q, k, v) = (OfQueries(views[0]), OfKeys(views[1]), OfValues(views[1]));
            var (y, dy) = (OfResult(views[3]), OfResult(views[2]));
            Begin(0);
            Attention(q, k, v, y, views[4], sizes, Scale, of.Operands);
            AttentionGradient(q, k, v, y, views[4], views[7], dy, OfQueries(views[5]), OfKeys(views[6]), OfValues(views[6]), sizes, Scale, of.Operands);
        }

        private GpuAttentionTensor<T> OfQueries(ArrayView<T> view) => new(view, of.Queries * of.RowOfQueries, of.RowOfQueries, of.Width);

        private GpuAttentionTensor<T> OfKeys(ArrayView<T> view) => new(view, of.Keys * of.RowOfKeys, of.RowOfKeys, of.Width);

        private GpuAttentionTensor<T> OfValues(ArrayView<T> view) => new(view.SubView(of.Groups * of.Width), of.Keys * of.RowOfKeys, of.RowOfKeys, of.ValueWidth);

        private GpuAttentionTensor<T> OfResult(ArrayView<T> view) => new(view, of.Queries * of.RowOfResult, of.RowOfResult, of.ValueWidth);
    }
}
