using FeedbackNN.Cpu;
using ILGPU;
using OnProcessor = FeedbackNN.Runtime.Tests.Cpu.AttentionCase;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// An attention and its gradients on a device, against the processor's in float64. Queries lie together, [batch, queries, heads, width]; keys and values lie in one tensor, [batch, keys, groups of keys then of values, elements], as a projection
/// leaves them.
/// </summary>
internal sealed record AttentionCase(int Batch, int Heads, int Groups, int Queries, int Keys, int Width, int ValueWidth, bool IsCausal)
{
    /// <summary>What queries are multiplied by: makes scores large.</summary>
    public double Magnitude { get; init; } = 1;

    /// <summary>Numbers before the queries and the keys, so that their rows begin anywhere.</summary>
    public int Before { get; init; }

    public OperandFormat Operands { get; init; }

    private OnProcessor Processor => new(Batch, Heads, Groups, Queries, Keys, Width, ValueWidth, IsCausal) { Magnitude = Magnitude };

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

    /// <summary>The same by the processor's kernels.</summary>
    public OnProcessor.Values Expected()
    {
        using var pool = new WorkerPool(1);
        return Processor.RunDoubles(pool);
    }

    public static void AssertClose(OnProcessor.Values expected, double[][] actual, double tolerance) => expected.AssertClose(new(actual[0], actual[1], actual[2], actual[3]), tolerance);

    private T[][] Run<T>(GpuDevice device, Func<double, T> convert) where T : unmanaged, System.Numerics.INumberBase<T>
    {
        var (queries, keys, gradient) = Processor.Draw();
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
            Attention(q, k, v, y, views[4], sizes, OnProcessor.Scale, of.Operands);
            AttentionGradient(q, k, v, y, views[4], views[7], dy, OfQueries(views[5]), OfKeys(views[6]), OfValues(views[6]), sizes, OnProcessor.Scale, of.Operands);
        }

        private GpuAttentionTensor<T> OfQueries(ArrayView<T> view) => new(view, of.Queries * of.RowOfQueries, of.RowOfQueries, of.Width);

        private GpuAttentionTensor<T> OfKeys(ArrayView<T> view) => new(view, of.Keys * of.RowOfKeys, of.RowOfKeys, of.Width);

        private GpuAttentionTensor<T> OfValues(ArrayView<T> view) => new(view.SubView(of.Groups * of.Width), of.Keys * of.RowOfKeys, of.RowOfKeys, of.ValueWidth);

        private GpuAttentionTensor<T> OfResult(ArrayView<T> view) => new(view, of.Queries * of.RowOfResult, of.RowOfResult, of.ValueWidth);
    }
}
