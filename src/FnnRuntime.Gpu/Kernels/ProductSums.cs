using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>4 x 4 sums of a thread, in registers.</summary>
internal struct Sums4x4
{
    private Four<float> _row0, _row1, _row2, _row3;

    /// <summary>Adds one column's products.</summary>
    /// <param name="left">The left operand's tile from the thread's rows on, four rows an element.</param>
    /// <param name="right">The right operand's.</param>
    /// <param name="place">Where the column begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place)
    {
        var (l, r) = (left[place], right[place]);
        _row0.Add(l.X, r);
        _row1.Add(l.Y, r);
        _row2.Add(l.Z, r);
        _row3.Add(l.W, r);
    }

    /// <summary>Writes them to a part of the finished square.</summary>
    /// <param name="part">Four columns an element.</param>
    /// <param name="columns">Quads of a row.</param>
    /// <param name="x">The thread's quad of columns.</param>
    /// <param name="y">The thread's quad of rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<float>> part, int columns, int x, int y)
    {
        var place = (y * 4 * columns) + x;
        part[place] = _row0;
        part[place + columns] = _row1;
        part[place + (2 * columns)] = _row2;
        part[place + (3 * columns)] = _row3;
    }
}

/// <summary>8 x 8 sums of a thread, in registers: two quads of rows and two of columns, half a square of 128 apart.</summary>
internal struct Sums8x8
{
    // Quads in half a row of the square.
    private const int Half = 16;

    private Four<float> _row0, _row1, _row2, _row3, _row4, _row5, _row6, _row7;
    private Four<float> _end0, _end1, _end2, _end3, _end4, _end5, _end6, _end7;

    /// <inheritdoc cref="Sums4x4.Add"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(ArrayView<Four<float>> left, ArrayView<Four<float>> right, int place)
    {
        var (l, r) = (left[place], right[place]);
        var (lower, end) = (left[place + Half], right[place + Half]);
        _row0.Add(l.X, r);
        _row1.Add(l.Y, r);
        _row2.Add(l.Z, r);
        _row3.Add(l.W, r);
        _row4.Add(lower.X, r);
        _row5.Add(lower.Y, r);
        _row6.Add(lower.Z, r);
        _row7.Add(lower.W, r);
        _end0.Add(l.X, end);
        _end1.Add(l.Y, end);
        _end2.Add(l.Z, end);
        _end3.Add(l.W, end);
        _end4.Add(lower.X, end);
        _end5.Add(lower.Y, end);
        _end6.Add(lower.Z, end);
        _end7.Add(lower.W, end);
    }

    /// <inheritdoc cref="Sums4x4.Store"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(ArrayView<Four<float>> part, int x, int y)
    {
        // Four rows of the upper half; those of the lower one are 16 rows behind them in the part.
        const int row = 2 * Half, lower = 16 * row;
        var place = (y * 4 * row) + x;
        part[place] = _row0;
        part[place + Half] = _end0;
        part[place + row] = _row1;
        part[place + row + Half] = _end1;
        part[place + (2 * row)] = _row2;
        part[place + (2 * row) + Half] = _end2;
        part[place + (3 * row)] = _row3;
        part[place + (3 * row) + Half] = _end3;
        part[place + lower] = _row4;
        part[place + lower + Half] = _end4;
        part[place + lower + row] = _row5;
        part[place + lower + row + Half] = _end5;
        part[place + lower + (2 * row)] = _row6;
        part[place + lower + (2 * row) + Half] = _end6;
        part[place + lower + (3 * row)] = _row7;
        part[place + lower + (3 * row) + Half] = _end7;
    }
}
