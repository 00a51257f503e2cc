using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Vectors side by side in registers: a row of a tile. Implementations differ in the width of the vectors and in their number, so that a kernel is
/// written once for all machines.
/// </summary>
/// <remarks>
/// Changed in place, and the broadcast number is a vector: where vectors were returned, or where the number was read inside of <c>Add</c>, the
/// compiler took a move and a load more for each sum. As they are, kernels come out as if written with the vectors themselves.
/// </remarks>
/// <typeparam name="TSelf">The implementation.</typeparam>
/// <typeparam name="TVector">Its vectors.</typeparam>
internal unsafe interface IVectors<TSelf, TVector>
    where TSelf : unmanaged, IVectors<TSelf, TVector>
{
    /// <summary>A vector of one number.</summary>
    static abstract TVector Broadcast(float* x);

    /// <summary>Takes the numbers from <paramref name="p"/> on.</summary>
    void Load(float* p);

    /// <summary>Adds <c>x * b</c>, rounded once with the sum where the machine can.</summary>
    void Add(TVector x, in TSelf b);

    /// <summary>Adds <c>a * b</c>, rounded once with the sum where the machine can.</summary>
    void Add(in TSelf a, in TSelf b);

    /// <summary>Writes the numbers from <paramref name="p"/> on.</summary>
    void Store(float* p);

    /// <summary>Four sums of the numbers: halves are added until four are left.</summary>
    Vector128<float> Quarter();
}

/// <summary>32 numbers in vectors of 512 bits.</summary>
internal unsafe struct TwoOf512 : IVectors<TwoOf512, Vector512<float>>
{
    private Vector512<float> _first, _second;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* x) => Vector512.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first = Vector512.Load(p);
        _second = Vector512.Load(p + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> x, in TwoOf512 b)
    {
        _first = Vector512.FusedMultiplyAdd(x, b._first, _first);
        _second = Vector512.FusedMultiplyAdd(x, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in TwoOf512 a, in TwoOf512 b)
    {
        _first = Vector512.FusedMultiplyAdd(a._first, b._first, _first);
        _second = Vector512.FusedMultiplyAdd(a._second, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter()
    {
        var all = _first + _second;
        var half = all.GetLower() + all.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}

/// <summary>16 numbers in a vector of 512 bits.</summary>
internal unsafe struct OneOf512 : IVectors<OneOf512, Vector512<float>>
{
    private Vector512<float> _first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* x) => Vector512.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _first = Vector512.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> x, in OneOf512 b) => _first = Vector512.FusedMultiplyAdd(x, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf512 a, in OneOf512 b) => _first = Vector512.FusedMultiplyAdd(a._first, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _first.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter()
    {
        var half = _first.GetLower() + _first.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}

/// <summary>16 numbers in vectors of 256 bits.</summary>
internal unsafe struct TwoOf256 : IVectors<TwoOf256, Vector256<float>>
{
    private Vector256<float> _first, _second;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* x) => Vector256.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first = Vector256.Load(p);
        _second = Vector256.Load(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<float> x, in TwoOf256 b)
    {
        _first = Vector256.FusedMultiplyAdd(x, b._first, _first);
        _second = Vector256.FusedMultiplyAdd(x, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in TwoOf256 a, in TwoOf256 b)
    {
        _first = Vector256.FusedMultiplyAdd(a._first, b._first, _first);
        _second = Vector256.FusedMultiplyAdd(a._second, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter()
    {
        var half = _first + _second;
        return half.GetLower() + half.GetUpper();
    }
}

/// <summary>8 numbers in a vector of 256 bits.</summary>
internal unsafe struct OneOf256 : IVectors<OneOf256, Vector256<float>>
{
    private Vector256<float> _first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* x) => Vector256.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _first = Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<float> x, in OneOf256 b) => _first = Vector256.FusedMultiplyAdd(x, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf256 a, in OneOf256 b) => _first = Vector256.FusedMultiplyAdd(a._first, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _first.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => _first.GetLower() + _first.GetUpper();
}
