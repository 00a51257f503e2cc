using System.ComponentModel;

namespace FeedbackNN.Gpu;

/// <summary>Where the rows and columns of a product's operands lie, each as a distance from the operand's first element.</summary>
internal interface IProductPlaces
{
    /// <summary>Row m of the left matrix.</summary>
    int LeftRow(int m);

    /// <summary>Column k of the left matrix.</summary>
    int LeftColumn(int k);

    /// <summary>Row n of the right matrix.</summary>
    int RightRow(int n);

    /// <summary>Column k of the right matrix.</summary>
    int RightColumn(int k);

    /// <summary>How the left matrix lies, for the host.</summary>
    /// <param name="sizes">Of the product.</param>
    /// <param name="first">Where its first element lies, counted from a place that is good for any access.</param>
    OperandLie LieOfLeft(ProductSizes sizes, long first);

    /// <summary>How the right matrix lies.</summary>
    /// <inheritdoc cref="LieOfLeft"/>
    OperandLie LieOfRight(ProductSizes sizes, long first);
}

/// <summary>Rows and columns that lie a stride apart.</summary>
internal readonly struct ProductStrides(ProductSizes sizes) : IProductPlaces
{
    private readonly int _leftRow = sizes.LeftRow, _leftColumn = sizes.LeftColumn, _rightRow = sizes.RightRow, _rightColumn = sizes.RightColumn;

    public int LeftRow(int m) => m * _leftRow;

    public int LeftColumn(int k) => k * _leftColumn;

    public int RightRow(int n) => n * _rightRow;

    public int RightColumn(int k) => k * _rightColumn;

    public OperandLie LieOfLeft(ProductSizes sizes, long first) =>
        OperandLies.Of(new([sizes.M, sizes.LeftRow]), sizes.M, new([sizes.K, sizes.LeftColumn]), sizes.K, sizes.LeftBatch, first);

    public OperandLie LieOfRight(ProductSizes sizes, long first) =>
        OperandLies.Of(new([sizes.N, sizes.RightRow]), sizes.N, new([sizes.K, sizes.RightColumn]), sizes.K, sizes.RightBatch, first);
}

/// <summary>Rows and columns that run through several axes in memory, such as the windows of a convolution.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public struct ProductAxes : IProductPlaces
{
    /// <summary>The axes of the left matrix' rows.</summary>
    public OperandAxes LeftRows;

    /// <summary>The axes of the left matrix' columns.</summary>
    public OperandAxes LeftColumns;

    /// <summary>The axes of the right matrix' rows.</summary>
    public OperandAxes RightRows;

    /// <summary>The axes of the right matrix' columns.</summary>
    public OperandAxes RightColumns;

    /// <inheritdoc/>
    public readonly int LeftRow(int m) => LeftRows.Offset(m);

    /// <inheritdoc/>
    public readonly int LeftColumn(int k) => LeftColumns.Offset(k);

    /// <inheritdoc/>
    public readonly int RightRow(int n) => RightRows.Offset(n);

    /// <inheritdoc/>
    public readonly int RightColumn(int k) => RightColumns.Offset(k);

    readonly OperandLie IProductPlaces.LieOfLeft(ProductSizes sizes, long first) => OperandLies.Of(LeftRows, sizes.M, LeftColumns, sizes.K, sizes.LeftBatch, first);

    readonly OperandLie IProductPlaces.LieOfRight(ProductSizes sizes, long first) => OperandLies.Of(RightRows, sizes.N, RightColumns, sizes.K, sizes.RightBatch, first);
}

/// <summary>Up to six axes in memory, the innermost first; an index counts through them, the innermost fastest.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct OperandAxes
{
    private readonly int _length0, _length1, _length2, _length3, _length4;
    private readonly int _stride0, _stride1, _stride2, _stride3, _stride4, _stride5;

    /// <summary>Axes given as length, stride, length, stride, …, the outermost first.</summary>
    /// <exception cref="ArgumentException">There are more than six.</exception>
    public OperandAxes(ReadOnlySpan<int> lengthsAndStrides)
    {
        if (lengthsAndStrides.Length > 12 || lengthsAndStrides.Length % 2 != 0) throw new ArgumentException($"At most six lengths with strides, not {lengthsAndStrides.Length} numbers.", nameof(lengthsAndStrides));
        // Behind the outermost axis there is nothing left to count.
        Span<int> lengths = [1, 1, 1, 1, 1, 1];
        Span<int> strides = [0, 0, 0, 0, 0, 0];
        var count = lengthsAndStrides.Length / 2;
        for (var axis = 0; axis < count; axis++)
        {
            lengths[axis] = axis == count - 1 ? int.MaxValue : lengthsAndStrides[2 * (count - 1 - axis)];
            strides[axis] = lengthsAndStrides[(2 * (count - 1 - axis)) + 1];
        }

        (_length0, _length1, _length2, _length3, _length4) = (lengths[0], lengths[1], lengths[2], lengths[3], lengths[4]);
        (_stride0, _stride1, _stride2, _stride3, _stride4, _stride5) = (strides[0], strides[1], strides[2], strides[3], strides[4], strides[5]);
    }

    /// <summary>Neighbours lie side by side.</summary>
    internal bool AreNeighbours => _stride0 == 1;

    /// <summary>Each lies at a multiple of four.</summary>
    internal bool AreMultiplesOfFour => ((_stride0 | _stride1 | _stride2 | _stride3 | _stride4 | _stride5) & 3) == 0;

    /// <summary>Each four of them lie side by side, at a multiple of four.</summary>
    /// <param name="count">How many there are.</param>
    internal bool AreQuads(int count) =>
        AreNeighbours && count % 4 == 0 && (_length0 == int.MaxValue || _length0 % 4 == 0) && ((_stride1 | _stride2 | _stride3 | _stride4 | _stride5) & 3) == 0;

    internal int Offset(int index)
    {
        var rest = index / _length0;
        var offset = (index - (rest * _length0)) * _stride0;
        index = rest;
        rest = index / _length1;
        offset += (index - (rest * _length1)) * _stride1;
        index = rest;
        rest = index / _length2;
        offset += (index - (rest * _length2)) * _stride2;
        index = rest;
        rest = index / _length3;
        offset += (index - (rest * _length3)) * _stride3;
        index = rest;
        rest = index / _length4;
        return offset + ((index - (rest * _length4)) * _stride4) + (rest * _stride5);
    }
}
