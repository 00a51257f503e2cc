using System.ComponentModel;

namespace FeedbackNN.Cpu;

/// <summary>The right matrix of several products, packed once, in memory that is lent until this is disposed of, on the thread that made it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public unsafe ref struct PackedMatrix : IDisposable
{
    private Scratch _scratch;

    internal PackedMatrix(nint floats) => _scratch = Scratch.Borrow(floats);

    /// <summary>For <see cref="MatrixProductArguments.PackedRight"/>; null when the products don't pack their right matrix.</summary>
    public readonly float* Pointer => _scratch.Pointer;

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _scratch.Dispose();
}
