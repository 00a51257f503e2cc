namespace FeedbackNN.Gpu;

/// <summary>
/// The text of instructions of CUDA that ILGPU has no method for. What they give stays in registers with names of their own, and goes on to shared memory from there: what ILGPU is given back goes through local memory.
/// Shared memory is named by ILGPU's name for a kernel's first allocation, because a pointer does not become a number, so such kernels have one allocation.
/// </summary>
internal static class TensorText
{
    /// <summary>A lane's sums, 16 for each 16 rows of its warp, and its part of 32 rows of the right tile.</summary>
    public const string Registers = ".reg .f32 sum<64>; .reg .b32 right<8>;";

    /// <summary>Begins a block with a place of shared memory: the instruction's first operand, in bytes.</summary>
    public const string AtPlace = "{ .reg .u32 place; mov.u32 place, __shared_alloca0; add.u32 place, place, %0; ";

    /// <summary>Ends it.</summary>
    public const string End = " }";

    /// <summary>Four matrices of 8 x 16 bytes, whose rows eight lanes each name.</summary>
    public const string Load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";

    /// <summary>The same, of 2-byte elements, with rows and columns exchanged.</summary>
    public const string LoadTurned = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 ";

    /// <summary>What is loaded of the left tile.</summary>
    public const string Left = ".reg .b32 left<4>; ";

    public const string ToLeft = Lefts + ", [place]; ";
    public const string ToRight = "{right0, right1, right2, right3}, [place];";
    public const string ToRightEnd = "{right4, right5, right6, right7}, [place];";

    private const string Lefts = "{left0, left1, left2, left3}";

    // An instruction's operands: the sums, the left matrix, the right one, the sums.
    private const string With0 = ", " + Lefts + ", {right0, right1}, ";
    private const string With1 = ", " + Lefts + ", {right2, right3}, ";
    private const string With2 = ", " + Lefts + ", {right4, right5}, ";
    private const string With3 = ", " + Lefts + ", {right6, right7}, ";

    private const string Sums0 = "{sum0, sum1, sum2, sum3}";
    private const string Sums1 = "{sum4, sum5, sum6, sum7}";
    private const string Sums2 = "{sum8, sum9, sum10, sum11}";
    private const string Sums3 = "{sum12, sum13, sum14, sum15}";
    private const string Sums4 = "{sum16, sum17, sum18, sum19}";
    private const string Sums5 = "{sum20, sum21, sum22, sum23}";
    private const string Sums6 = "{sum24, sum25, sum26, sum27}";
    private const string Sums7 = "{sum28, sum29, sum30, sum31}";
    private const string Sums8 = "{sum32, sum33, sum34, sum35}";
    private const string Sums9 = "{sum36, sum37, sum38, sum39}";
    private const string Sums10 = "{sum40, sum41, sum42, sum43}";
    private const string Sums11 = "{sum44, sum45, sum46, sum47}";
    private const string Sums12 = "{sum48, sum49, sum50, sum51}";
    private const string Sums13 = "{sum52, sum53, sum54, sum55}";
    private const string Sums14 = "{sum56, sum57, sum58, sum59}";
    private const string Sums15 = "{sum60, sum61, sum62, sum63}";

    /// <summary>The operands of a row of four instructions: 16 rows of the left tile by 32 of the right one.</summary>
    public const string Row0Column0 = Sums0 + With0 + Sums0 + "; ";
    public const string Row0Column1 = Sums1 + With1 + Sums1 + "; ";
    public const string Row0Column2 = Sums2 + With2 + Sums2 + "; ";
    public const string Row0Column3 = Sums3 + With3 + Sums3 + ";";
    public const string Row1Column0 = Sums4 + With0 + Sums4 + "; ";
    public const string Row1Column1 = Sums5 + With1 + Sums5 + "; ";
    public const string Row1Column2 = Sums6 + With2 + Sums6 + "; ";
    public const string Row1Column3 = Sums7 + With3 + Sums7 + ";";
    public const string Row2Column0 = Sums8 + With0 + Sums8 + "; ";
    public const string Row2Column1 = Sums9 + With1 + Sums9 + "; ";
    public const string Row2Column2 = Sums10 + With2 + Sums10 + "; ";
    public const string Row2Column3 = Sums11 + With3 + Sums11 + ";";
    public const string Row3Column0 = Sums12 + With0 + Sums12 + "; ";
    public const string Row3Column1 = Sums13 + With1 + Sums13 + "; ";
    public const string Row3Column2 = Sums14 + With2 + Sums14 + "; ";
    public const string Row3Column3 = Sums15 + With3 + Sums15 + ";";
}
