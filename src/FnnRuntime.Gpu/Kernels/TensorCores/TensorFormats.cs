using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <summary>A format of which tensor cores multiply numbers; the sums are float32. What is constant of the arguments chooses the instructions when a kernel is compiled.</summary>
internal interface ITensorFormat
{
    /// <summary>Of a number in shared memory: 2 or 4.</summary>
    static abstract int ElementBytes { get; }

    /// <summary>Rounds four numbers and writes them side by side.</summary>
    /// <param name="place">A byte of shared memory.</param>
    /// <param name="values">The numbers.</param>
    static abstract void Store(int place, Four<float> values);

    /// <summary>Rounds a number and writes it.</summary>
    static abstract void Store(int place, float value);

    /// <summary>Loads 32 rows of the right tile into the registers of that name.</summary>
    /// <param name="place">What this lane names of the first 16 rows.</param>
    /// <param name="end">Of the other 16.</param>
    /// <param name="isTurned">The tile's rows lie side by side (<see cref="TensorPlaces.Turned"/>).</param>
    /// <param name="isRounded">They have been rounded already.</param>
    static abstract void LoadRight(int place, int end, bool isTurned, bool isRounded);

    /// <summary>Adds the products of 16 rows of the left tile with them.</summary>
    /// <param name="row">Which 16 of the warp's rows.</param>
    /// <param name="place">What this lane names of them.</param>
    /// <param name="isTurned">As for the right tile.</param>
    /// <param name="isRounded">As for the right tile.</param>
    static abstract void Multiply(int row, int place, bool isTurned, bool isRounded);
}

/// <summary><see cref="OperandFormat.BFloat16"/>: the nearest number, and of two the even one, as <see cref="InBFloat16"/>.</summary>
internal readonly struct TensorBFloat16 : ITensorFormat
{
    private const string Instruction = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";
    private const string Load = TensorText.AtPlace + TensorText.Left + TensorText.Load + TensorText.ToLeft;
    private const string LoadTurned = TensorText.AtPlace + TensorText.Left + TensorText.LoadTurned + TensorText.ToLeft;
    private const string Row0 = Instruction + TensorText.Row0Column0 + Instruction + TensorText.Row0Column1 + Instruction + TensorText.Row0Column2 + Instruction + TensorText.Row0Column3 + TensorText.End;
    private const string Row1 = Instruction + TensorText.Row1Column0 + Instruction + TensorText.Row1Column1 + Instruction + TensorText.Row1Column2 + Instruction + TensorText.Row1Column3 + TensorText.End;
    private const string Row2 = Instruction + TensorText.Row2Column0 + Instruction + TensorText.Row2Column1 + Instruction + TensorText.Row2Column2 + Instruction + TensorText.Row2Column3 + TensorText.End;
    private const string Row3 = Instruction + TensorText.Row3Column0 + Instruction + TensorText.Row3Column1 + Instruction + TensorText.Row3Column2 + Instruction + TensorText.Row3Column3 + TensorText.End;

    public static int ElementBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, Four<float> values) => CudaAsm.Emit(
        TensorText.AtPlace + ".reg .b32 low, high; cvt.rn.bf16x2.f32 low, %2, %1; cvt.rn.bf16x2.f32 high, %4, %3; st.shared.v2.b32 [place], {low, high};" + TensorText.End,
        place, values.X, values.Y, values.Z, values.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, float value) =>
        CudaAsm.Emit(TensorText.AtPlace + ".reg .b32 pair; cvt.rn.bf16x2.f32 pair, %1, %1; st.shared.b16 [place], pair;" + TensorText.End, place, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadRight(int place, int end, bool isTurned, bool isRounded)
    {
        if (isTurned)
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.LoadTurned + TensorText.ToRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.LoadTurned + TensorText.ToRightEnd + TensorText.End, end);
        }
        else
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRightEnd + TensorText.End, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(int row, int place, bool isTurned, bool isRounded)
    {
        if (row == 0)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row0, place);
            else CudaAsm.Emit(Load + Row0, place);
        }
        else if (row == 1)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row1, place);
            else CudaAsm.Emit(Load + Row1, place);
        }
        else if (row == 2)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row2, place);
            else CudaAsm.Emit(Load + Row2, place);
        }
        else
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row3, place);
            else CudaAsm.Emit(Load + Row3, place);
        }
    }
}

/// <summary><see cref="OperandFormat.Float16"/>: the nearest number, and of two the even one, as <see cref="InFloat16"/>.</summary>
internal readonly struct TensorFloat16 : ITensorFormat
{
    private const string Instruction = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 ";
    private const string Load = TensorText.AtPlace + TensorText.Left + TensorText.Load + TensorText.ToLeft;
    private const string LoadTurned = TensorText.AtPlace + TensorText.Left + TensorText.LoadTurned + TensorText.ToLeft;
    private const string Row0 = Instruction + TensorText.Row0Column0 + Instruction + TensorText.Row0Column1 + Instruction + TensorText.Row0Column2 + Instruction + TensorText.Row0Column3 + TensorText.End;
    private const string Row1 = Instruction + TensorText.Row1Column0 + Instruction + TensorText.Row1Column1 + Instruction + TensorText.Row1Column2 + Instruction + TensorText.Row1Column3 + TensorText.End;
    private const string Row2 = Instruction + TensorText.Row2Column0 + Instruction + TensorText.Row2Column1 + Instruction + TensorText.Row2Column2 + Instruction + TensorText.Row2Column3 + TensorText.End;
    private const string Row3 = Instruction + TensorText.Row3Column0 + Instruction + TensorText.Row3Column1 + Instruction + TensorText.Row3Column2 + Instruction + TensorText.Row3Column3 + TensorText.End;

    public static int ElementBytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, Four<float> values) => CudaAsm.Emit(
        TensorText.AtPlace + ".reg .b32 low, high; cvt.rn.f16x2.f32 low, %2, %1; cvt.rn.f16x2.f32 high, %4, %3; st.shared.v2.b32 [place], {low, high};" + TensorText.End,
        place, values.X, values.Y, values.Z, values.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, float value) =>
        CudaAsm.Emit(TensorText.AtPlace + ".reg .b32 pair; cvt.rn.f16x2.f32 pair, %1, %1; st.shared.b16 [place], pair;" + TensorText.End, place, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadRight(int place, int end, bool isTurned, bool isRounded)
    {
        if (isTurned)
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.LoadTurned + TensorText.ToRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.LoadTurned + TensorText.ToRightEnd + TensorText.End, end);
        }
        else
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRightEnd + TensorText.End, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(int row, int place, bool isTurned, bool isRounded)
    {
        if (row == 0)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row0, place);
            else CudaAsm.Emit(Load + Row0, place);
        }
        else if (row == 1)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row1, place);
            else CudaAsm.Emit(Load + Row1, place);
        }
        else if (row == 2)
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row2, place);
            else CudaAsm.Emit(Load + Row2, place);
        }
        else
        {
            if (isTurned) CudaAsm.Emit(LoadTurned + Row3, place);
            else CudaAsm.Emit(Load + Row3, place);
        }
    }
}

/// <summary>
/// <see cref="OperandFormat.TensorFloat32"/>: the nearest number, and of two the one that is farther from 0, which is what devices offer. Of two equally near numbers <see cref="InTensorFloat32"/> takes the even one.
/// </summary>
internal readonly struct TensorFloat32 : ITensorFormat
{
    private const string Instruction = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Load = TensorText.AtPlace + TensorText.Left + TensorText.Load + TensorText.ToLeft;
    private const string RoundLeft = "cvt.rna.tf32.f32 left0, left0; cvt.rna.tf32.f32 left1, left1; cvt.rna.tf32.f32 left2, left2; cvt.rna.tf32.f32 left3, left3; ";
    private const string RoundRight = " cvt.rna.tf32.f32 right0, right0; cvt.rna.tf32.f32 right1, right1; cvt.rna.tf32.f32 right2, right2; cvt.rna.tf32.f32 right3, right3;";
    private const string RoundRightEnd = " cvt.rna.tf32.f32 right4, right4; cvt.rna.tf32.f32 right5, right5; cvt.rna.tf32.f32 right6, right6; cvt.rna.tf32.f32 right7, right7;";
    private const string Row0 = Instruction + TensorText.Row0Column0 + Instruction + TensorText.Row0Column1 + Instruction + TensorText.Row0Column2 + Instruction + TensorText.Row0Column3 + TensorText.End;
    private const string Row1 = Instruction + TensorText.Row1Column0 + Instruction + TensorText.Row1Column1 + Instruction + TensorText.Row1Column2 + Instruction + TensorText.Row1Column3 + TensorText.End;
    private const string Row2 = Instruction + TensorText.Row2Column0 + Instruction + TensorText.Row2Column1 + Instruction + TensorText.Row2Column2 + Instruction + TensorText.Row2Column3 + TensorText.End;
    private const string Row3 = Instruction + TensorText.Row3Column0 + Instruction + TensorText.Row3Column1 + Instruction + TensorText.Row3Column2 + Instruction + TensorText.Row3Column3 + TensorText.End;

    public static int ElementBytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, Four<float> values) => CudaAsm.Emit(
        TensorText.AtPlace + ".reg .b32 a, b, c, d; cvt.rna.tf32.f32 a, %1; cvt.rna.tf32.f32 b, %2; cvt.rna.tf32.f32 c, %3; cvt.rna.tf32.f32 d, %4; st.shared.v4.b32 [place], {a, b, c, d};" + TensorText.End,
        place, values.X, values.Y, values.Z, values.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int place, float value) =>
        CudaAsm.Emit(TensorText.AtPlace + ".reg .b32 rounded; cvt.rna.tf32.f32 rounded, %1; st.shared.b32 [place], rounded;" + TensorText.End, place, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadRight(int place, int end, bool isTurned, bool isRounded)
    {
        if (isRounded)
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRightEnd + TensorText.End, end);
        }
        else
        {
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRight + RoundRight + TensorText.End, place);
            CudaAsm.Emit(TensorText.AtPlace + TensorText.Load + TensorText.ToRightEnd + RoundRightEnd + TensorText.End, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(int row, int place, bool isTurned, bool isRounded)
    {
        if (row == 0)
        {
            if (isRounded) CudaAsm.Emit(Load + Row0, place);
            else CudaAsm.Emit(Load + RoundLeft + Row0, place);
        }
        else if (row == 1)
        {
            if (isRounded) CudaAsm.Emit(Load + Row1, place);
            else CudaAsm.Emit(Load + RoundLeft + Row1, place);
        }
        else if (row == 2)
        {
            if (isRounded) CudaAsm.Emit(Load + Row2, place);
            else CudaAsm.Emit(Load + RoundLeft + Row2, place);
        }
        else
        {
            if (isRounded) CudaAsm.Emit(Load + Row3, place);
            else CudaAsm.Emit(Load + RoundLeft + Row3, place);
        }
    }
}
