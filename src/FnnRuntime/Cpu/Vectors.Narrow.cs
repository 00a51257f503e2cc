using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

// Vectors of 128 bits. Not all machines with those have a fused multiply-add (ARM has, x86 without AVX2 hasn't): elsewhere the product is rounded too.

/// <summary>16 numbers in vectors of 128 bits.</summary>
internal unsafe struct FourOf128 : IVectors<FourOf128, Vector128<float>>
{
    private Vector128<float> _first, _second, _third, _fourth;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* x) => Vector128.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first = Vector128.Load(p);
        _second = Vector128.Load(p + 4);
        _third = Vector128.Load(p + 8);
        _fourth = Vector128.Load(p + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<float> x, in FourOf128 b)
    {
        _first = Vector128.MultiplyAddEstimate(x, b._first, _first);
        _second = Vector128.MultiplyAddEstimate(x, b._second, _second);
        _third = Vector128.MultiplyAddEstimate(x, b._third, _third);
        _fourth = Vector128.MultiplyAddEstimate(x, b._fourth, _fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in FourOf128 a, in FourOf128 b)
    {
        _first = Vector128.MultiplyAddEstimate(a._first, b._first, _first);
        _second = Vector128.MultiplyAddEstimate(a._second, b._second, _second);
        _third = Vector128.MultiplyAddEstimate(a._third, b._third, _third);
        _fourth = Vector128.MultiplyAddEstimate(a._fourth, b._fourth, _fourth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + 4);
        _third.Store(p + 8);
        _fourth.Store(p + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => (_first + _third) + (_second + _fourth);
}

/// <summary>8 numbers in vectors of 128 bits.</summary>
internal unsafe struct TwoOf128 : IVectors<TwoOf128, Vector128<float>>
{
    private Vector128<float> _first, _second;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* x) => Vector128.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first = Vector128.Load(p);
        _second = Vector128.Load(p + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<float> x, in TwoOf128 b)
    {
        _first = Vector128.MultiplyAddEstimate(x, b._first, _first);
        _second = Vector128.MultiplyAddEstimate(x, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in TwoOf128 a, in TwoOf128 b)
    {
        _first = Vector128.MultiplyAddEstimate(a._first, b._first, _first);
        _second = Vector128.MultiplyAddEstimate(a._second, b._second, _second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => _first + _second;
}

/// <summary>4 numbers in a vector of 128 bits.</summary>
internal unsafe struct OneOf128 : IVectors<OneOf128, Vector128<float>>
{
    private Vector128<float> _first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* x) => Vector128.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _first = Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<float> x, in OneOf128 b) => _first = Vector128.MultiplyAddEstimate(x, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf128 a, in OneOf128 b) => _first = Vector128.MultiplyAddEstimate(a._first, b._first, _first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _first.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => _first;
}
