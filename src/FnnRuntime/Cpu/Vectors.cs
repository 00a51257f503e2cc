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

    /// <summary>Writes the numbers from <paramref name="p"/> on.</summary>
    void Store(float* p);
}

/// <summary>Vectors whose products with each other are added up, too: what dot products need besides.</summary>
/// <typeparam name="TSelf">The implementation.</typeparam>
/// <typeparam name="TVector">Its vectors.</typeparam>
internal interface IDotVectors<TSelf, TVector> : IVectors<TSelf, TVector>
    where TSelf : unmanaged, IDotVectors<TSelf, TVector>
{
    /// <summary>Adds <c>a * b</c>, rounded once with the sum where the machine can.</summary>
    void Add(in TSelf a, in TSelf b);

    /// <summary>Adds others, one to each.</summary>
    void Add(in TSelf others);

    /// <summary>Four sums of the numbers: halves are added until four are left.</summary>
    Vector128<float> Quarter();
}

/// <summary>16 numbers in a vector of 512 bits.</summary>
internal unsafe struct OneOf512 : IDotVectors<OneOf512, Vector512<float>>, ILanes<OneOf512>
{
    private Vector512<float> _numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OneOf512(Vector512<float> numbers) => _numbers = numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf512 operator +(OneOf512 a, OneOf512 b) => new(a._numbers + b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf512 operator -(OneOf512 a, OneOf512 b) => new(a._numbers - b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf512 Half(OneOf512 a) => new(a._numbers * 0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf512 Read(float* p) => new(Vector512.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float* x) => Vector512.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _numbers = Vector512.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> x, in OneOf512 b) => _numbers = Vector512.FusedMultiplyAdd(x, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf512 a, in OneOf512 b) => _numbers = Vector512.FusedMultiplyAdd(a._numbers, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf512 others) => _numbers += others._numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _numbers.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter()
    {
        var half = _numbers.GetLower() + _numbers.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}

/// <summary>8 numbers in a vector of 256 bits.</summary>
internal unsafe struct OneOf256 : IDotVectors<OneOf256, Vector256<float>>, ILanes<OneOf256>
{
    private Vector256<float> _numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OneOf256(Vector256<float> numbers) => _numbers = numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf256 operator +(OneOf256 a, OneOf256 b) => new(a._numbers + b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf256 operator -(OneOf256 a, OneOf256 b) => new(a._numbers - b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf256 Half(OneOf256 a) => new(a._numbers * 0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf256 Read(float* p) => new(Vector256.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float* x) => Vector256.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _numbers = Vector256.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector256<float> x, in OneOf256 b) => _numbers = Vector256.FusedMultiplyAdd(x, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf256 a, in OneOf256 b) => _numbers = Vector256.FusedMultiplyAdd(a._numbers, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf256 others) => _numbers += others._numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _numbers.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => _numbers.GetLower() + _numbers.GetUpper();
}

/// <summary>4 numbers in a vector of 128 bits. Not all machines with those have a fused multiply-add (ARM has, x86 without AVX2 hasn't): there the product is rounded too.</summary>
internal unsafe struct OneOf128 : IDotVectors<OneOf128, Vector128<float>>, ILanes<OneOf128>
{
    private Vector128<float> _numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private OneOf128(Vector128<float> numbers) => _numbers = numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf128 operator +(OneOf128 a, OneOf128 b) => new(a._numbers + b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf128 operator -(OneOf128 a, OneOf128 b) => new(a._numbers - b._numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf128 Half(OneOf128 a) => new(a._numbers * 0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static OneOf128 Read(float* p) => new(Vector128.Load(p));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float* x) => Vector128.Create(*x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p) => _numbers = Vector128.Load(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector128<float> x, in OneOf128 b) => _numbers = Vector128.MultiplyAddEstimate(x, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf128 a, in OneOf128 b) => _numbers = Vector128.MultiplyAddEstimate(a._numbers, b._numbers, _numbers);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in OneOf128 others) => _numbers += others._numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p) => _numbers.Store(p);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter() => _numbers;
}

/// <summary>Twice as many numbers.</summary>
internal unsafe struct Two<THalf, TVector> : IDotVectors<Two<THalf, TVector>, TVector>
    where THalf : unmanaged, IDotVectors<THalf, TVector>
{
#pragma warning disable CS0649 // they are changed through their own methods
    private THalf _first, _second;
#pragma warning restore CS0649

    private static int Half
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(THalf) / sizeof(float);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Broadcast(float* x) => THalf.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first.Load(p);
        _second.Load(p + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(TVector x, in Two<THalf, TVector> b)
    {
        _first.Add(x, b._first);
        _second.Add(x, b._second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in Two<THalf, TVector> a, in Two<THalf, TVector> b)
    {
        _first.Add(a._first, b._first);
        _second.Add(a._second, b._second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in Two<THalf, TVector> others)
    {
        _first.Add(others._first);
        _second.Add(others._second);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Vector128<float> Quarter()
    {
        var sum = _first;
        sum.Add(_second);
        return sum.Quarter();
    }
}

/// <summary>Three times as many numbers.</summary>
internal unsafe struct Three<TThird, TVector> : IVectors<Three<TThird, TVector>, TVector>
    where TThird : unmanaged, IVectors<TThird, TVector>
{
#pragma warning disable CS0649 // they are changed through their own methods
    private TThird _first, _second, _third;
#pragma warning restore CS0649

    private static int Third
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(TThird) / sizeof(float);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Broadcast(float* x) => TThird.Broadcast(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* p)
    {
        _first.Load(p);
        _second.Load(p + Third);
        _third.Load(p + (2 * Third));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(TVector x, in Three<TThird, TVector> b)
    {
        _first.Add(x, b._first);
        _second.Add(x, b._second);
        _third.Add(x, b._third);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* p)
    {
        _first.Store(p);
        _second.Store(p + Third);
        _third.Store(p + (2 * Third));
    }
}
