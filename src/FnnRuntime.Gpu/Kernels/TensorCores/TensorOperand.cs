using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>
/// An operand's way into a tile for tensor cores and from there into registers. Numbers of tf32 are copied to their place by themselves while the tile before is multiplied, and rounded in registers, but for quads of rows, which
/// would be copied one by one; everything else is read as for the portable kernel, kept meanwhile, rounded and written. Of 16 bits, the rows of a tile lie side by side where those of the operand do, and <c>ldmatrix</c> turns them.
/// </summary>
internal static class TensorOperand
{
    /// <summary>It is copied by itself.</summary>
    public static bool IsCopied<TFormat, TLie>()
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie =>
        TFormat.ElementBytes == 4 && TLie.CopiedBytes > 0;

    /// <summary>The rows of its tile lie side by side.</summary>
    public static bool IsTurned<TFormat, TLie>()
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie =>
        TFormat.ElementBytes == 2 && TLie.IsOfRows;

    /// <summary>Begins to copy a reader's four numbers to their places; columns behind the last are 0.</summary>
    /// <param name="place">The tile's byte of shared memory.</param>
    /// <param name="address">The operand's.</param>
    /// <param name="row">Where the row lies.</param>
    /// <param name="columns">Where the tile's columns lie.</param>
    /// <param name="rest">Columns from the tile's first to the operand's last.</param>
    /// <param name="reader">Of the tile's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<TTile, TFormat, TLie>(int place, long address, int row, ArrayView<int> columns, int rest, int reader)
        where TTile : struct, ITileGeometry
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie
    {
        var (rowOfTile, column) = (TLie.Row<TTile>(reader), TLie.Column<TTile>(reader));
        if (TLie.CopiedBytes == 16)
        {
            place += TensorPlaces.Straight(rowOfTile, column, 4);
            if (column < rest) CudaAsm.Emit(TensorText.AtPlace + "cp.async.cg.shared.global [place], [%1], 16;" + TensorText.End, place, address + (4L * (row + columns[column])));
            else TFormat.Store(place, default(Four<float>));
            return;
        }
        for (var i = 0; i < 4; i++)
        {
            var placeOfOne = place + TensorPlaces.Straight(rowOfTile, column, 4);
            if (column < rest) CudaAsm.Emit(TensorText.AtPlace + "cp.async.ca.shared.global [place], [%1], 4;" + TensorText.End, placeOfOne, address + (4L * (row + columns[column])));
            else TFormat.Store(placeOfOne, 0f);
            column += TLie.Step<TTile>();
        }
    }

    /// <summary>All copies that this thread has begun are waited for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WaitForCopies()
    {
        CudaAsm.Emit("cp.async.commit_group;");
        CudaAsm.Emit("cp.async.wait_group 0;");
    }

    /// <summary>Rounds four numbers and writes them: neighbouring columns of a row.</summary>
    /// <param name="place">The tile's byte of shared memory.</param>
    /// <param name="values">The numbers.</param>
    /// <param name="row">Of the tile.</param>
    /// <param name="column">The first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreColumns<TFormat>(int place, Four<float> values, int row, int column) where TFormat : struct, ITensorFormat =>
        TFormat.Store(place + TensorPlaces.Straight(row, column, TFormat.ElementBytes), values);

    /// <summary>Neighbouring rows of a column.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRows<TTile, TFormat>(int place, Four<float> values, int row, int column)
        where TTile : struct, ITileGeometry
        where TFormat : struct, ITensorFormat
    {
        if (TFormat.ElementBytes == 2)
        {
            TFormat.Store(place + TensorPlaces.Turned(row, column, TTile.Side), values);
            return;
        }
        TFormat.Store(place + TensorPlaces.Straight(row, column, 4), values.X);
        TFormat.Store(place + TensorPlaces.Straight(row + 1, column, 4), values.Y);
        TFormat.Store(place + TensorPlaces.Straight(row + 2, column, 4), values.Z);
        TFormat.Store(place + TensorPlaces.Straight(row + 3, column, 4), values.W);
    }

    /// <summary>One number, of an operand whose rows lie side by side, or nothing does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreOne<TTile, TFormat>(int place, float value, int row, int column)
        where TTile : struct, ITileGeometry
        where TFormat : struct, ITensorFormat =>
        TFormat.Store(place + (TFormat.ElementBytes == 2 ? TensorPlaces.Turned(row, column, TTile.Side) : TensorPlaces.Straight(row, column, 4)), value);

    /// <summary>What a lane names of 16 rows of the left tile, 32 bytes of each.</summary>
    /// <param name="place">The tile's byte of shared memory.</param>
    /// <param name="row">The first of them.</param>
    /// <param name="step">Which 32 bytes.</param>
    /// <param name="lane">Of the warp.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Left<TTile, TFormat, TLie>(int place, int row, int step, int lane)
        where TTile : struct, ITileGeometry
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie =>
        place + (IsTurned<TFormat, TLie>()
            ? TensorPlaces.Turned(row + TensorPlaces.TurnedLeftRow(lane), TensorPlaces.TurnedLeftColumn(lane), TTile.Side)
            : TensorPlaces.Straight(row + TensorPlaces.LeftRow(lane), TensorPlaces.Column(step, TensorPlaces.LeftChunk(lane), TFormat.ElementBytes), TFormat.ElementBytes));

    /// <summary>What a lane names of 16 rows of the right tile.</summary>
    /// <inheritdoc cref="Left"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Right<TTile, TFormat, TLie>(int place, int row, int step, int lane)
        where TTile : struct, ITileGeometry
        where TFormat : struct, ITensorFormat
        where TLie : struct, IOperandLie =>
        place + (IsTurned<TFormat, TLie>()
            ? TensorPlaces.Turned(row + TensorPlaces.TurnedRightRow(lane), TensorPlaces.TurnedRightColumn(lane), TTile.Side)
            : TensorPlaces.Straight(row + TensorPlaces.RightRow(lane), TensorPlaces.Column(step, TensorPlaces.RightChunk(lane), TFormat.ElementBytes), TFormat.ElementBytes));
}
