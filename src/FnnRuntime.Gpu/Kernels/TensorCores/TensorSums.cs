using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>A lane's sums, which are in registers that only instructions name: 16 for each 16 rows of its warp, by 32 columns.</summary>
internal static class TensorSums
{
    private const string Begin = "{ .reg .u32 first, place; mov.u32 first, __shared_alloca0; ";

    private const string Row0 = Begin
        + "add.u32 place, first, %0; st.shared.v2.f32 [place], {sum0, sum1}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum2, sum3}; "
        + "add.u32 place, first, %1; st.shared.v2.f32 [place], {sum4, sum5}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum6, sum7}; "
        + "add.u32 place, first, %2; st.shared.v2.f32 [place], {sum8, sum9}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum10, sum11}; "
        + "add.u32 place, first, %3; st.shared.v2.f32 [place], {sum12, sum13}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum14, sum15};"
        + TensorText.End;

    private const string Row1 = Begin
        + "add.u32 place, first, %0; st.shared.v2.f32 [place], {sum16, sum17}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum18, sum19}; "
        + "add.u32 place, first, %1; st.shared.v2.f32 [place], {sum20, sum21}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum22, sum23}; "
        + "add.u32 place, first, %2; st.shared.v2.f32 [place], {sum24, sum25}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum26, sum27}; "
        + "add.u32 place, first, %3; st.shared.v2.f32 [place], {sum28, sum29}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum30, sum31};"
        + TensorText.End;

    private const string Row2 = Begin
        + "add.u32 place, first, %0; st.shared.v2.f32 [place], {sum32, sum33}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum34, sum35}; "
        + "add.u32 place, first, %1; st.shared.v2.f32 [place], {sum36, sum37}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum38, sum39}; "
        + "add.u32 place, first, %2; st.shared.v2.f32 [place], {sum40, sum41}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum42, sum43}; "
        + "add.u32 place, first, %3; st.shared.v2.f32 [place], {sum44, sum45}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum46, sum47};"
        + TensorText.End;

    private const string Row3 = Begin
        + "add.u32 place, first, %0; st.shared.v2.f32 [place], {sum48, sum49}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum50, sum51}; "
        + "add.u32 place, first, %1; st.shared.v2.f32 [place], {sum52, sum53}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum54, sum55}; "
        + "add.u32 place, first, %2; st.shared.v2.f32 [place], {sum56, sum57}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum58, sum59}; "
        + "add.u32 place, first, %3; st.shared.v2.f32 [place], {sum60, sum61}; add.u32 place, place, %4; st.shared.v2.f32 [place], {sum62, sum63};"
        + TensorText.End;

    private const string Zero = "mov.f32 sum0, 0f00000000; mov.f32 sum1, 0f00000000; mov.f32 sum2, 0f00000000; mov.f32 sum3, 0f00000000; mov.f32 sum4, 0f00000000; mov.f32 sum5, 0f00000000; mov.f32 sum6, 0f00000000; mov.f32 sum7, 0f00000000; "
        + "mov.f32 sum8, 0f00000000; mov.f32 sum9, 0f00000000; mov.f32 sum10, 0f00000000; mov.f32 sum11, 0f00000000; mov.f32 sum12, 0f00000000; mov.f32 sum13, 0f00000000; mov.f32 sum14, 0f00000000; mov.f32 sum15, 0f00000000; "
        + "mov.f32 sum16, 0f00000000; mov.f32 sum17, 0f00000000; mov.f32 sum18, 0f00000000; mov.f32 sum19, 0f00000000; mov.f32 sum20, 0f00000000; mov.f32 sum21, 0f00000000; mov.f32 sum22, 0f00000000; mov.f32 sum23, 0f00000000; "
        + "mov.f32 sum24, 0f00000000; mov.f32 sum25, 0f00000000; mov.f32 sum26, 0f00000000; mov.f32 sum27, 0f00000000; mov.f32 sum28, 0f00000000; mov.f32 sum29, 0f00000000; mov.f32 sum30, 0f00000000; mov.f32 sum31, 0f00000000; "
        + "mov.f32 sum32, 0f00000000; mov.f32 sum33, 0f00000000; mov.f32 sum34, 0f00000000; mov.f32 sum35, 0f00000000; mov.f32 sum36, 0f00000000; mov.f32 sum37, 0f00000000; mov.f32 sum38, 0f00000000; mov.f32 sum39, 0f00000000; "
        + "mov.f32 sum40, 0f00000000; mov.f32 sum41, 0f00000000; mov.f32 sum42, 0f00000000; mov.f32 sum43, 0f00000000; mov.f32 sum44, 0f00000000; mov.f32 sum45, 0f00000000; mov.f32 sum46, 0f00000000; mov.f32 sum47, 0f00000000; "
        + "mov.f32 sum48, 0f00000000; mov.f32 sum49, 0f00000000; mov.f32 sum50, 0f00000000; mov.f32 sum51, 0f00000000; mov.f32 sum52, 0f00000000; mov.f32 sum53, 0f00000000; mov.f32 sum54, 0f00000000; mov.f32 sum55, 0f00000000; "
        + "mov.f32 sum56, 0f00000000; mov.f32 sum57, 0f00000000; mov.f32 sum58, 0f00000000; mov.f32 sum59, 0f00000000; mov.f32 sum60, 0f00000000; mov.f32 sum61, 0f00000000; mov.f32 sum62, 0f00000000; mov.f32 sum63, 0f00000000;";

    /// <summary>They are named, and 0; once in a kernel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear()
    {
        CudaAsm.Emit(TensorText.Registers);
        CudaAsm.Emit(Zero);
    }

    /// <summary>Writes those of 16 rows to half of the finished square.</summary>
    /// <param name="row">Which 16 of the warp's rows.</param>
    /// <param name="place">The half's byte of shared memory.</param>
    /// <param name="side">Columns of the square.</param>
    /// <param name="column">The warp's first column.</param>
    /// <param name="lane">Of the warp.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int row, int place, int side, int column, int lane)
    {
        var rowOfLane = (TensorPlaces.Rows * row) + TensorPlaces.SumRow(lane);
        var columnOfLane = column + TensorPlaces.SumColumn(lane);
        var a = place + (4 * TensorPlaces.Finished(rowOfLane, columnOfLane, side));
        var b = place + (4 * TensorPlaces.Finished(rowOfLane, columnOfLane + TensorPlaces.Columns, side));
        var c = place + (4 * TensorPlaces.Finished(rowOfLane, columnOfLane + (2 * TensorPlaces.Columns), side));
        var d = place + (4 * TensorPlaces.Finished(rowOfLane, columnOfLane + (3 * TensorPlaces.Columns), side));
        // Eight rows below.
        var below = 4 * 8 * side;
        if (row == 0) CudaAsm.Emit(Row0, a, b, c, d, below);
        else if (row == 1) CudaAsm.Emit(Row1, a, b, c, d, below);
        else if (row == 2) CudaAsm.Emit(Row2, a, b, c, d, below);
        else CudaAsm.Emit(Row3, a, b, c, d, below);
    }
}
