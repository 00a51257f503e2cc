using System.ComponentModel;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>A generated kernel over the elements of one axis.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IMapKernel<TLoaded> where TLoaded : unmanaged
{
    /// <summary>Reads what an element is computed from.</summary>
    TLoaded Load(int column);

    /// <summary>Computes one element.</summary>
    void Run(int column, TLoaded loaded);
}

/// <summary>A generated kernel over rows: of a tensor, or parts of its rows that are added up.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IRowKernel
{
    /// <summary>Computes the columns of a row (or of the rows of a part) that are this thread's.</summary>
    void Run<TLanes>(int row, TLanes lanes) where TLanes : struct, ILanes;
}

/// <summary>A generated kernel over the elements of a matrix product, each called once when it is finished.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface IElementKernel
{
    /// <summary>Takes an element of the product.</summary>
    void Run(int row, int column, float tile);
}

/// <summary>How threads and rows are brought together: one method for each way, filled in by a generated kernel.</summary>
internal static class KernelTemplates
{
    /// <summary>Threads of a group where they do not depend on each other.</summary>
    public const int Threads = 256;

    /// <summary>
    /// Two elements a thread and round, both read before either is written: a compiler cannot move a read past a write to another tensor, and so twice as much is on its way from memory. Neighbouring threads have
    /// neighbouring elements.
    /// </summary>
    public static void Map<TKernel, TLoaded>(TKernel kernel, int count)
        where TKernel : struct, IMapKernel<TLoaded>
        where TLoaded : unmanaged
    {
        var step = Grid.DimX * Group.DimX;
        for (var column = (Grid.IdxX * Group.DimX) + Group.IdxX; column < count; column += 2 * step)
        {
            var other = column + step;
            var loaded = kernel.Load(column);
            var next = loaded;
            if (other < count) next = kernel.Load(other);
            kernel.Run(column, loaded);
            if (other < count) kernel.Run(other, next);
        }
    }

    /// <summary>One element of one row a thread and round: rows that reduce nothing. From round to round a thread goes on by so many rows and columns, so that it divides once.</summary>
    public static void Elements<TKernel>(TKernel kernel, int rows, int columns) where TKernel : struct, IRowKernel
    {
        var step = Grid.DimX * Group.DimX;
        var rowStep = step / columns;
        var columnStep = step - (rowStep * columns);
        var first = (Grid.IdxX * Group.DimX) + Group.IdxX;
        var row = first / columns;
        var column = first - (row * columns);
        while (row < rows)
        {
            kernel.Run(row, new SomeColumns(column, columns));
            row += rowStep;
            column += columnStep;
            if (column >= columns)
            {
                column -= columns;
                row++;
            }
        }
    }

    /// <summary>A row a thread and round: few columns.</summary>
    public static void RowPerThread<TKernel>(TKernel kernel, int rows) where TKernel : struct, IRowKernel
    {
        var step = Grid.DimX * Group.DimX;
        for (var row = (Grid.IdxX * Group.DimX) + Group.IdxX; row < rows; row += step) kernel.Run(row, default(OneThread));
    }

    /// <summary>A row a group and round; its threads share the columns. (All of them make the same rounds, so they meet at every barrier.)</summary>
    public static void RowPerGroup<TKernel>(TKernel kernel, int rows) where TKernel : struct, IRowKernel
    {
        for (var row = Grid.IdxX; row < rows; row += Grid.DimX) kernel.Run(row, default(WholeGroup));
    }

    /// <summary>Sums over rows: a thread has a few columns of one part. Parts lie along the grid's second axis.</summary>
    public static void ColumnPerThread<TKernel>(TKernel kernel, int parts) where TKernel : struct, IRowKernel
    {
        var lanes = new SomeColumns((Grid.IdxX * Group.DimX) + Group.IdxX, Grid.DimX * Group.DimX);
        for (var part = Grid.IdxY; part < parts; part += Grid.DimY) kernel.Run(part, lanes);
    }

    /// <summary>Stores that add to places that other rows add to as well: one thread goes through a stretch of rows in order, and no two stretches meet.</summary>
    public static void InOrder<TKernel>(TKernel kernel, int stretches, int rows) where TKernel : struct, IRowKernel
    {
        var step = Grid.DimX * Group.DimX;
        for (var stretch = (Grid.IdxX * Group.DimX) + Group.IdxX; stretch < stretches; stretch += step)
        {
            for (var row = stretch * rows; row < (stretch + 1) * rows; row++) kernel.Run(row, default(OneThread));
        }
    }
}
