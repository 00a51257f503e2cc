using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <content>The steps that generated code is made of: each starts one or a few kernels and waits for nothing.</content>
public abstract unsafe partial class GpuProgram
{
    /// <summary>An element a thread.</summary>
    protected void Map<TKernel, TLoaded>(TKernel kernel, long count)
        where TKernel : struct, IMapKernel<TLoaded>
        where TLoaded : unmanaged
    {
        if (count == 0) return;
        _device.Start(KernelTemplates.Map<TKernel, TLoaded>, Launch.Over(count), kernel, checked((int)count));
    }

    /// <summary>An element of a row a thread: kernels that reduce nothing.</summary>
    protected void Elements<TKernel>(TKernel kernel, long rows, long columns) where TKernel : struct, IRowKernel
    {
        if (rows * columns == 0) return;
        _device.Start(KernelTemplates.Elements, Launch.Over(rows * columns), kernel, checked((int)rows), checked((int)columns));
    }

    /// <summary>A row a thread.</summary>
    protected void RowPerThread<TKernel>(TKernel kernel, long rows) where TKernel : struct, IRowKernel
    {
        if (rows == 0) return;
        _device.Start(KernelTemplates.RowPerThread, Launch.Over(rows), kernel, checked((int)rows));
    }

    /// <summary>A row (or a part of the rows) a group.</summary>
    protected void RowPerGroup<TKernel>(TKernel kernel, long rows, long columns) where TKernel : struct, IRowKernel
    {
        if (rows == 0) return;
        _device.Start(KernelTemplates.RowPerGroup, Launch.Rows(rows, columns), kernel, checked((int)rows));
    }

    /// <summary>A column of a part of the rows a thread: sums over rows.</summary>
    protected void ColumnPerThread<TKernel>(TKernel kernel, long parts, long columns) where TKernel : struct, IRowKernel
    {
        if (parts * columns == 0) return;
        var groups = (int)Math.Clamp((columns + 63) / 64, 1, 4096);
        _device.Start(KernelTemplates.ColumnPerThread, new KernelConfig(new Index3D(groups, (int)Math.Min(parts, 65535), 1), new Index3D(64, 1, 1)), kernel, checked((int)parts));
    }

    /// <summary>
    /// Into how many parts rows are cut to be summed: so many that all parts and columns fill a large GPU, and no more than leave 8 rows to each. Sizes alone decide, so that bits are the same on each run.
    /// </summary>
    /// <param name="rows">How many are summed.</param>
    /// <param name="columns">How many sums a thread each makes of a part.</param>
    protected static long PartCount(long rows, long columns) => Math.Clamp(rows / 8, 1, Math.Max(1, 1024 / Math.Max(1, (columns + 63) / 64)));

    /// <summary>Adds up the parts of sums over rows, [parts, columns], in an order that their number decides.</summary>
    protected void AddParts<T, TReduction>(ArrayView<T> parts, ArrayView<T> result, long count, long columns)
        where T : unmanaged
        where TReduction : struct, IReduction<T>
    {
        if (columns == 0) return;
        var groups = (int)Math.Clamp((columns + PartKernels.Columns - 1) / PartKernels.Columns, 1, 4096);
        _device.Start(PartKernels.Add<T, TReduction>, new KernelConfig(groups, PartKernels.Columns * PartKernels.Lanes), parts, result, checked((int)count), checked((int)columns));
    }

    /// <summary>Rows whose stores may meet: in order, by one thread for each stretch of rows whose stores meet no others'.</summary>
    protected void InOrder<TKernel>(TKernel kernel, long stretches, long rows) where TKernel : struct, IRowKernel
    {
        if (stretches * rows == 0) return;
        _device.Start(KernelTemplates.InOrder, Launch.Over(stretches), kernel, checked((int)stretches), checked((int)rows));
    }

    /// <summary>A matrix product whose elements go to a kernel; what its operands are is rounded to a format as it is read, here and in those below.</summary>
    protected void Product<TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TKernel epilogue, OperandFormat operands = OperandFormat.Float32) where TKernel : struct, IElementKernel =>
        Tiled(left, right, sizes, new ProductStrides(sizes), epilogue, operands);

    /// <summary>A matrix product that is stored and nothing else, which is what libraries compute.</summary>
    protected void Product(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ArrayView<float> result, OperandFormat operands = OperandFormat.Float32)
    {
        if (!_device.IsMultiplied(left, right, sizes, result, operands)) Product(left, right, sizes, new StoreTile(result, sizes.N), operands);
    }

    /// <summary>A matrix product that is stored and goes to a kernel.</summary>
    protected void Product<TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ArrayView<float> result, TKernel epilogue, OperandFormat operands = OperandFormat.Float32) where TKernel : struct, IElementKernel =>
        Product(left, right, sizes, new StoreTileThen<TKernel>(result, sizes.N, epilogue), operands);

    /// <summary>A product of matrices whose rows or columns run through several axes, whose elements go to a kernel.</summary>
    protected void ProductAlongAxes<TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ProductAxes axes, TKernel epilogue, OperandFormat operands = OperandFormat.Float32) where TKernel : struct, IElementKernel =>
        Tiled(left, right, sizes, axes, epilogue, operands);

    /// <summary>The same, stored.</summary>
    protected void ProductAlongAxes(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ProductAxes axes, ArrayView<float> result, OperandFormat operands = OperandFormat.Float32) =>
        ProductAlongAxes(left, right, sizes, axes, new StoreTile(result, sizes.N), operands);

    /// <summary>The same, stored and handed on.</summary>
    protected void ProductAlongAxes<TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ProductAxes axes, ArrayView<float> result, TKernel epilogue, OperandFormat operands = OperandFormat.Float32) where TKernel : struct, IElementKernel =>
        ProductAlongAxes(left, right, sizes, axes, new StoreTileThen<TKernel>(result, sizes.N, epilogue), operands);

    private void Tiled<TPlaces, TKernel>(ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TPlaces places, TKernel epilogue, OperandFormat operands)
        where TPlaces : struct, IProductPlaces
        where TKernel : struct, IElementKernel =>
        new TiledProduct<TPlaces, TKernel>(_device, left, right, sizes, places, epilogue).Start(operands);

    /// <summary>A matrix product in float64.</summary>
    protected void Product(ArrayView<double> left, ArrayView<double> right, ProductSizes sizes, ArrayView<double> result)
    {
        var count = (long)sizes.Batch * sizes.M * sizes.N;
        if (count == 0) return;
        _device.Start(MatrixProductKernels.Double, Launch.Over(count), left, right, result, sizes);
    }

    /// <summary>Sets elements to a value.</summary>
    protected void Fill<T>(ArrayView<T> place, long count, T value) where T : unmanaged
    {
        if (count == 0) return;
        _device.Start(IndexKernels.Fill, Launch.Over(count), place, checked((int)count), value);
    }

    /// <summary>Copies elements.</summary>
    protected void Copy<T>(ArrayView<T> source, ArrayView<T> result, long count) where T : unmanaged
    {
        if (count == 0) return;
        _device.Start(IndexKernels.Copy, Launch.Over(count), source, result, checked((int)count));
    }

    /// <summary>result[p, j, q] = source[p, index[j], q].</summary>
    protected void Gather<T>(ArrayView<T> source, ArrayView<int> index, ArrayView<T> result, long outer, long axisLength, long indexCount, long inner) where T : unmanaged
    {
        var count = outer * indexCount * inner;
        if (count == 0) return;
        _device.Start(IndexKernels.Gather, Launch.Over(count), source, index, result, checked((int)count), checked((int)axisLength), checked((int)indexCount), checked((int)inner));
    }

    /// <summary>result[p, index[j], q] += values[p, j, q], from zeros, in the order of j.</summary>
    /// <param name="values">[outer, indexCount, inner].</param>
    /// <param name="index">The places on the axis.</param>
    /// <param name="sorted">Room for two numbers for each j.</param>
    /// <param name="result">[outer, axisLength, inner].</param>
    /// <param name="outer">Elements before the axis.</param>
    /// <param name="axisLength">Of the result.</param>
    /// <param name="indexCount">Of the values.</param>
    /// <param name="inner">Elements behind the axis.</param>
    protected void ScatterAdd<T>(ArrayView<T> values, ArrayView<int> index, ArrayView<long> sorted, ArrayView<T> result, long outer, long axisLength, long indexCount, long inner)
        where T : unmanaged
    {
        Fill(result, outer * axisLength * inner, default);
        var count = outer * indexCount * inner;
        if (count == 0) return;
        var n = checked((int)indexCount);
        var (blocks, all) = (sorted.SubView(0, n), sorted.SubView(n, n));
        _device.Start(ScatterKernels.SortBlocks, new KernelConfig((n + ScatterKernels.Block - 1) / ScatterKernels.Block, ScatterKernels.Threads), index, blocks, n);
        _device.Start(ScatterKernels.MergeBlocks, Launch.Over(n), blocks, all, n);
        _device.Start(AddRuns<T>(), Launch.Over(count), values, all, result, checked((int)count), checked((int)axisLength), n, checked((int)inner));
    }

    /// <summary>
    /// Integers that are used as an index and lie outside of its axis. Waits for the device, because nothing may be read or written there.
    /// </summary>
    /// <param name="values">The integers.</param>
    /// <param name="first">Room for one number.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="bound">They must be below.</param>
    /// <param name="what">What a message calls them.</param>
    protected void CheckRange(ArrayView<int> values, ArrayView<int> first, long count, long bound, string what) => CheckRange(IndexKernels.FindOutOfRange, values, first, count, bound, what);

    /// <inheritdoc cref="CheckRange(ArrayView{int}, ArrayView{int}, long, long, string)"/>
    protected void CheckRange(ArrayView<long> values, ArrayView<int> first, long count, long bound, string what) => CheckRange(IndexKernels.FindOutOfRange, values, first, count, bound, what);

    private void CheckRange<T>(Action<ArrayView<T>, ArrayView<int>, int, int> find, ArrayView<T> values, ArrayView<int> first, long count, long bound, string what)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (count == 0) return;
        _device.Start(find, Launch.Rows(1, count), values, first, checked((int)count), checked((int)bound));
        var position = Read(first, 0);
        if (position != int.MaxValue) throw OutOfRange(what, bound, position, long.CreateTruncating(Read(values, position)));
    }

    /// <summary>A number that says how many rounds a loop runs. Waits for the device.</summary>
    protected int ReadNumber(ArrayView<int> values) => Read(values, 0);

    /// <summary>A bool that ends a loop. Waits for the device.</summary>
    protected bool ReadFlag(ArrayView<byte> values) => Read(values, 0) != 0;

    /// <summary>Tells of samples whose equilibrium was not reached. Waits for the device.</summary>
    protected void CheckConverged(ArrayView<int> unconverged, ArrayView<float> residual, string what, Otherwise otherwise, long rounds, int step)
    {
        var samples = Read(unconverged, 0);
        if (samples == 0) return;
        Unconverged(samples, Read(residual, 0), what, otherwise, rounds, step);
    }

    private T Read<T>(ArrayView<T> values, int position) where T : unmanaged
    {
        Span<T> number = stackalloc T[1];
        values.SubView(position, 1).CopyToCPU(_device.Stream, number);
        return number[0];
    }

    private static Action<ArrayView<T>, ArrayView<long>, ArrayView<T>, int, int, int, int> AddRuns<T>() where T : unmanaged
    {
        Delegate kernel = default(T) switch
        {
            float => ScatterKernels.AddRuns<float, SumReduction>,
            double => ScatterKernels.AddRuns<double, SumReduction>,
            int => ScatterKernels.AddRuns<int, SumReduction>,
            long => ScatterKernels.AddRuns<long, SumReduction>,
            _ => throw new NotSupportedException($"Elements of type {typeof(T).Name} cannot be added."),
        };
        return (Action<ArrayView<T>, ArrayView<long>, ArrayView<T>, int, int, int, int>)kernel;
    }
}
