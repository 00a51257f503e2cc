namespace FeedbackNN.Cpu;

/// <summary>A vector that is read, added, halved and written: what transforms of windows need. Written once for all machines.</summary>
/// <typeparam name="TSelf">The implementation.</typeparam>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>The numbers from <paramref name="p"/> on.</summary>
    static abstract TSelf Read(float* p);

    /// <summary>The sums.</summary>
    static abstract TSelf operator +(TSelf a, TSelf b);

    /// <summary>The differences.</summary>
    static abstract TSelf operator -(TSelf a, TSelf b);

    /// <summary>The halves.</summary>
    static abstract TSelf Half(TSelf a);

    /// <summary>Writes the numbers from <paramref name="p"/> on.</summary>
    void Store(float* p);
}
