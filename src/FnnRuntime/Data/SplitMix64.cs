namespace FeedbackNN;

/// <summary>
/// Our own random numbers for orders and splits, so that they never change with the platform: SplitMix64 of Steele, Lea and Flood,
/// "Fast splittable pseudorandom number generators", OOPSLA 2014.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong GoldenGamma = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    public ulong Next() => Mix(_state += GoldenGamma);

    /// <summary>A number in [0, bound), each as likely as the others: the multiplication method of Lemire, "Fast random integer generation in an interval", 2019.</summary>
    public uint Below(uint bound)
    {
        var product = (Next() >> 32) * bound;
        if ((uint)product < bound)
        {
            var threshold = (0u - bound) % bound;
            while ((uint)product < threshold)
                product = (Next() >> 32) * bound;
        }
        return (uint)(product >> 32);
    }

    /// <summary>Two numbers made into one seed, so that neighbours in either have nothing in common.</summary>
    public static ulong Combine(ulong first, ulong second) => Mix(Mix(first + GoldenGamma) + second);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
