using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
/// a number is a function of where it is used, so draws are the same for any number of threads and in any order.
/// </summary>
/// <remarks>
/// The key is the seed. The counter is (block, site, step), block = index / 4: word 0 the low half of the block, word 1 the site,
/// word 2 the low half of the step, word 3 its high half xor the block's high half with its 16-bit halves swapped. Number <c>index</c>
/// is word index % 4 of the block's result. No two numbers share a counter and word as long as step and block are below 2^48.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class Philox
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>A number from [0, 1), a multiple of 2^-24.</summary>
    /// <param name="seed">The model's seed.</param>
    /// <param name="step">The training step.</param>
    /// <param name="site">Which draw of the program.</param>
    /// <param name="index">Which element of the draw, from 0 on.</param>
    public static float Uniform(ulong seed, ulong step, uint site, long index)
    {
        var counter = Counter(step, site, index >> 2);
        var words = Block(counter, seed);
        return ToUnitInterval(words[(int)(index & 3)]);
    }

    /// <summary>The numbers with indices <paramref name="start"/> to start + 15: bit for bit those of <see cref="Uniform"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Uniform16(ulong seed, ulong step, uint site, long start) =>
        (start & 3) == 0 ? AlignedUniform16(seed, step, site, start) : UnalignedUniform16(seed, step, site, start);

    /// <summary>One evaluation of the function: what the published test vectors are about.</summary>
    internal static Vector128<uint> Block(Vector128<uint> counter, ulong seed)
    {
        var (c0, c1, c2, c3) = (counter[0], counter[1], counter[2], counter[3]);
        var (k0, k1) = ((uint)seed, (uint)(seed >> 32));
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = (ulong)Multiplier0 * c0;
            var p1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            unchecked
            {
                k0 += Weyl0;
                k1 += Weyl1;
            }
        }

        return Vector128.Create(c0, c1, c2, c3);
    }

    private static Vector128<uint> Counter(ulong step, uint site, long block)
    {
        var high = (uint)(block >> 32);
        return Vector128.Create((uint)block, site, (uint)step, (uint)(step >> 32) ^ ((high << 16) | (high >> 16)));
    }

    // The upper 24 bits: every value is a float.
    private static float ToUnitInterval(uint word) => (word >> 8) * (1f / 16777216f);

    // Four blocks side by side, one in each quarter of the vector: their words are sixteen numbers in order. A round multiplies words 0
    // and 2 (the even ones, which is what the widening multiplication takes), turns (lo0, hi0, lo1, hi1) round and mixes in words 1 and 3.
    // Optimized from the first call on: constructing a model draws all of its first values.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector512<float> AlignedUniform16(ulong seed, ulong step, uint site, long start)
    {
        var block = start >> 2;
        var counter = Vector512.Create(
            Vector256.Create(Counter(step, site, block), Counter(step, site, block + 1)),
            Vector256.Create(Counter(step, site, block + 2), Counter(step, site, block + 3)));
        var multiplier = InEveryQuarter(Multiplier0, Multiplier1);
        var key = InEveryQuarter((uint)seed, (uint)(seed >> 32));
        var weyl = InEveryQuarter(Weyl0, Weyl1);
        for (var round = 0; round < Rounds; round++)
        {
            var product = MultiplyEven(counter, multiplier).AsUInt32();
            var odd = (counter.AsUInt64() >> 32).AsUInt32();
            counter = ReverseQuarters(product) ^ odd ^ key;
            key += weyl;
        }

        return Vector512.ConvertToSingle((counter >> 8).AsInt32()) * Vector512.Create(1f / 16777216f);
    }

    private static Vector512<float> UnalignedUniform16(ulong seed, ulong step, uint site, long start)
    {
        var numbers = stackalloc float[32];
        var aligned = start & ~3L;
        AlignedUniform16(seed, step, site, aligned).Store(numbers);
        AlignedUniform16(seed, step, site, aligned + 16).Store(numbers + 16);
        return Vector512.Load(numbers + (start & 3));
    }

    private static Vector512<uint> InEveryQuarter(uint word0, uint word2)
    {
        var quarter = Vector128.Create(word0, 0, word2, 0);
        var half = Vector256.Create(quarter, quarter);
        return Vector512.Create(half, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> MultiplyEven(Vector512<uint> a, Vector512<uint> b)
    {
        if (Avx512F.IsSupported) return Avx512F.Multiply(a, b);
        if (Avx2.IsSupported) return Vector512.Create(Avx2.Multiply(a.GetLower(), b.GetLower()), Avx2.Multiply(a.GetUpper(), b.GetUpper()));
        return (a.AsUInt64() & Vector512.Create((ulong)uint.MaxValue)) * b.AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> ReverseQuarters(Vector512<uint> v) =>
        Vector512.Shuffle(v, Vector512.Create(3u, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
}
