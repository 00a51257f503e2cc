using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>
/// <c>Result[b, m, n] = Σ_k Left[b*LeftBatch + m*LeftRow + k*LeftColumn] * Right[b*RightBatch + n*RightRow + k*RightColumn]</c>.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MatrixProductArguments
{
    /// <summary>A product of one batch with the given sizes still needs its pointers and strides.</summary>
    public MatrixProductArguments() => Batch = 1;

    /// <summary>How many products; 1 unless set, when made with <c>new</c>.</summary>
    public nint Batch;

    /// <summary>Rows of the result.</summary>
    public nint M;

    /// <summary>Columns of the result.</summary>
    public nint N;

    /// <summary>Length of the sums; with 0 the result is all zeros.</summary>
    public nint K;

    /// <summary>The left matrix.</summary>
    public float* Left;

    /// <summary>Distances in elements in the left matrix: to the next product of the batch, to the next m, to the next k. Any of them may be 0.</summary>
    public nint LeftBatch, LeftRow, LeftColumn;

    /// <summary>
    /// The axes that the rows or columns of the left matrix run through, where they are several; null where they lie a stride apart. A matrix with axes, such as the windows
    /// of a convolution, is read where it lies or packed straight into tiles, and never lies in memory as a matrix.
    /// </summary>
    public MatrixAxes* LeftRows, LeftColumns;

    /// <summary>The right matrix.</summary>
    public float* Right;

    /// <summary>Distances in elements in the right matrix: to the next product of the batch, to the next n, to the next k. Any of them may be 0.</summary>
    public nint RightBatch, RightRow, RightColumn;

    /// <summary>The same for the right matrix.</summary>
    public MatrixAxes* RightRows, RightColumns;

    /// <summary>The right matrix as <see cref="MatrixProduct.Pack"/> has packed it for a product with these sizes and strides; null when it hasn't.</summary>
    public float* PackedRight;

    /// <summary>Contiguous [batch, m, n]; may be null when there is an epilogue.</summary>
    public float* Result;

    // Where the sums begin along the columns' axes, and whether they are one part of longer sums.
    internal nint FirstK;
    internal bool IsPart;

    internal readonly bool HasAxes => LeftRows != null || LeftColumns != null || RightRows != null || RightColumns != null;
}

/// <summary>The same in float64.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe struct MatrixProductArguments64
{
    /// <summary>A product of one batch with the given sizes still needs its pointers and strides.</summary>
    public MatrixProductArguments64() => Batch = 1;

    /// <inheritdoc cref="MatrixProductArguments.Batch"/>
    public nint Batch;

    /// <inheritdoc cref="MatrixProductArguments.M"/>
    public nint M;

    /// <inheritdoc cref="MatrixProductArguments.N"/>
    public nint N;

    /// <inheritdoc cref="MatrixProductArguments.K"/>
    public nint K;

    /// <inheritdoc cref="MatrixProductArguments.Left"/>
    public double* Left;

    /// <inheritdoc cref="MatrixProductArguments.LeftBatch"/>
    public nint LeftBatch, LeftRow, LeftColumn;

    /// <inheritdoc cref="MatrixProductArguments.Right"/>
    public double* Right;

    /// <inheritdoc cref="MatrixProductArguments.RightBatch"/>
    public nint RightBatch, RightRow, RightColumn;

    /// <summary>Contiguous [batch, m, n].</summary>
    public double* Result;
}
