namespace FeedbackNN;

/// <summary>Random orders of 0 … n-1 that depend on n and the seed only (Fisher and Yates, in Durstenfeld's form).</summary>
internal static class Permutation
{
    public static int[] Of(int count, ulong seed)
    {
        var order = new int[count];
        Fill(order, seed);
        return order;
    }

    public static void Fill(Span<int> order, ulong seed)
    {
        for (var i = 0; i < order.Length; i++)
            order[i] = i;

        var random = new SplitMix64(seed);
        for (var last = order.Length - 1; last > 0; last--)
        {
            var other = (int)random.Below((uint)last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }
    }
}
