using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace FeedbackNN.Gpu;

/// <summary>The generator of <see cref="Cpu.Philox"/> inside of kernels: the same numbers, bit for bit.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GpuPhilox
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Uniform(ulong seed, ulong step, uint site, long index)
    {
        var block = index >> 2;
        var high = (uint)(block >> 32);
        uint c0 = (uint)block, c1 = site, c2 = (uint)step, c3 = (uint)(step >> 32) ^ ((high << 16) | (high >> 16));
        uint k0 = (uint)seed, k1 = (uint)(seed >> 32);
        for (var round = 0; round < Rounds; round++)
        {
            var p0 = (ulong)c0 * Multiplier0;
            var p1 = (ulong)c2 * Multiplier1;
            c0 = (uint)(p1 >> 32) ^ c1 ^ k0;
            c2 = (uint)(p0 >> 32) ^ c3 ^ k1;
            c1 = (uint)p1;
            c3 = (uint)p0;
            unchecked
            {
                k0 += Weyl0;
                k1 += Weyl1;
            }
        }

        // The upper 24 bits of the word: every value is a float.
        var word = (index & 2) == 0 ? ((index & 1) == 0 ? c0 : c1) : (index & 1) == 0 ? c2 : c3;
        return (int)(word >> 8) * (1f / 16777216f);
    }
}
