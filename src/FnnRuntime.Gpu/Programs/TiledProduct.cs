using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>
/// Starts a product by one of our kernels: which one, the product's sizes, how its operands lie, their format and the device say. Each of these is a type to a kernel, so that it has no code for the others;
/// a kernel is compiled when it is first started.
/// </summary>
internal readonly struct TiledProduct<TPlaces, TKernel>(GpuDevice device, ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, TPlaces places, TKernel epilogue)
    where TPlaces : struct, IProductPlaces
    where TKernel : struct, IElementKernel
{
    public void Start(OperandFormat operands)
    {
        if ((long)sizes.Batch * sizes.M * sizes.N == 0) return;
        switch (places.LieOfLeft(sizes, First(left)))
        {
            case OperandLie.QuadsOfColumns: Start<QuadsOfColumns>(operands); break;
            case OperandLie.QuadsOfRows: Start<QuadsOfRows>(operands); break;
            case OperandLie.SinglesOfColumns: Start<SinglesOfColumns>(operands); break;
            default: Start<SinglesOfRows>(operands); break;
        }
    }

    private void Start<TLeft>(OperandFormat operands) where TLeft : struct, IOperandLie
    {
        switch (places.LieOfRight(sizes, First(right)))
        {
            case OperandLie.QuadsOfColumns: Start<TLeft, QuadsOfColumns>(operands); break;
            case OperandLie.QuadsOfRows: Start<TLeft, QuadsOfRows>(operands); break;
            case OperandLie.SinglesOfColumns: Start<TLeft, SinglesOfColumns>(operands); break;
            default: Start<TLeft, SinglesOfRows>(operands); break;
        }
    }

    private void Start<TLeft, TRight>(OperandFormat operands)
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        if (device.UsesTensorCores && device.HasTensorCores && TensorProducts.AreFor(sizes, operands))
        {
            switch (operands)
            {
                case OperandFormat.TensorFloat32: StartOnTensorCores<TensorFloat32, TLeft, TRight>(); break;
                case OperandFormat.BFloat16: StartOnTensorCores<TensorBFloat16, TLeft, TRight>(); break;
                default: StartOnTensorCores<TensorFloat16, TLeft, TRight>(); break;
            }
            return;
        }
        switch (operands)
        {
            case OperandFormat.TensorFloat32: Start<InTensorFloat32, TLeft, TRight>(); break;
            case OperandFormat.BFloat16: Start<InBFloat16, TLeft, TRight>(); break;
            case OperandFormat.Float16: Start<InFloat16, TLeft, TRight>(); break;
            default: Start<InFloat32, TLeft, TRight>(); break;
        }
    }

    private void Start<TOperands, TLeft, TRight>()
        where TOperands : struct, IOperandFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        if (sizes.M <= FewRowsKernel.MostRows && typeof(TPlaces) == typeof(ProductStrides) && typeof(TLeft) == typeof(QuadsOfColumns) && typeof(TRight) == typeof(QuadsOfColumns))
        {
            var groups = new Index3D(sizes.Batch * Groups(sizes.N, FewRowsKernel.Columns), Groups(sizes.M, FewRowsKernel.Rows), 1);
            device.Start(FewRowsKernel.FewRows<TOperands, TKernel>, new KernelConfig(groups, new Index3D(FewRowsKernel.Threads, 1, 1)), left, right, sizes, epilogue);
            return;
        }
        switch (ProductTiles.Side(sizes, device.Accelerator.NumMultiprocessors))
        {
            case 128: Start<LargeTile, TOperands, TLeft, TRight>(); break;
            case 64: Start<MediumTile, TOperands, TLeft, TRight>(); break;
            default: Start<SmallTile, TOperands, TLeft, TRight>(); break;
        }
    }

    /// <summary>By the kernel that is given.</summary>
    public void Start<TTile, TOperands, TLeft, TRight>()
        where TTile : struct, IProductTile
        where TOperands : struct, IOperandFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        device.Start(MatrixProductKernels.Tiled<TTile, TPlaces, TOperands, TLeft, TRight, TKernel>, new KernelConfig(Squares(TTile.Side), new Index3D(TTile.Readers, 1, 1)), left, right, sizes, places, epilogue);
    }

    private void StartOnTensorCores<TFormat, TLeft, TRight>()
        where TFormat : struct, ITensorFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        if (TensorProducts.Side(sizes, device.Accelerator.NumMultiprocessors) == LargeTensorTile.Side) StartOnTensorCores<LargeTensorTile, TFormat, TLeft, TRight>();
        else StartOnTensorCores<MediumTensorTile, TFormat, TLeft, TRight>();
    }

    /// <summary>By the kernel that is given, of a device that has tensor cores.</summary>
    public void StartOnTensorCores<TTile, TFormat, TLeft, TRight>()
        where TTile : struct, ITensorTile
        where TFormat : struct, ITensorFormat
        where TLeft : struct, IOperandLie
        where TRight : struct, IOperandLie
    {
        device.TensorCoreLaunches++;
        device.Start(
            TensorProductKernels.Tiled<TTile, TPlaces, TFormat, TLeft, TRight, TKernel>, new KernelConfig(Squares(TTile.Side), new Index3D(TTile.Threads, 1, 1)), left, right, (long)left.LoadEffectiveAddressAsPtr(),
            (long)right.LoadEffectiveAddressAsPtr(), sizes, places, epilogue);
    }

    // All squares of rows of one matrix after the other, and those of columns.
    private Index3D Squares(int side) => new(sizes.Batch * Groups(sizes.M, side), Groups(sizes.N, side), 1);

    // The memory that a view is of begins where any access may.
    private static long First<TView>(TView view) where TView : struct, IContiguousArrayView => view.Index;

    private static int Groups(int count, int size) => (count + size - 1) / size;
}

/// <summary>Which square a product is computed in.</summary>
internal static class ProductTiles
{
    // What a group takes, in multiply-adds of the large square's for each column: the smaller ones read twice as much of shared memory for each, and the smallest four times as much of the operands as the large one.
    // Estimates until a device has measured them.
    private static readonly (int Side, double Cost)[] Sizes = [(128, 128 * 128), (64, 64 * 64 * 2), (32, 32 * 32 * 2.5)];

    // Along a grid's second axis.
    private const int MostGroups = 65535;

    /// <summary>Rows and columns of the square in which a product is computed soonest: the larger, the less is read, but some multiprocessors have nothing to do when squares are few.</summary>
    public static int Side(ProductSizes sizes, int multiprocessors) => Cheapest(Sizes, sizes, multiprocessors);

    /// <summary>The square with which a product is done soonest, of some with what a group takes for each.</summary>
    public static int Cheapest((int Side, double Cost)[] squares, ProductSizes sizes, int multiprocessors) =>
        squares.Where(square => square == squares[0] || sizes.N / square.Side < MostGroups).MinBy(square => square.Cost * Math.Ceiling(Groups(sizes, square.Side) / Math.Max(1, multiprocessors))).Side;

    private static double Groups(ProductSizes sizes, int side) => Math.Ceiling((double)sizes.M / side) * Math.Ceiling((double)sizes.N / side) * sizes.Batch;
}
