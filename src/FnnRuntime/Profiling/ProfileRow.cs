namespace FeedbackNN;

/// <summary>One step of a profiled program, in all its rounds.</summary>
/// <param name="Source">The line it comes from: <c>digits.fnn(9): h = relu(fc1(x))</c>. Empty where there is none.</param>
/// <param name="Kernel">What runs: a kernel by the name it has in the generated code, <c>product</c> with what runs on its tiles, <c>fill</c>, <c>copy</c>, an optimizer.</param>
/// <param name="Sizes">Over what: rows and columns, for a product <c>M x N x K</c>, its batch before them.</param>
/// <param name="Rounds">How often a run of the program runs it; more than once in a loop.</param>
/// <param name="Microseconds">The time of all its rounds, the median of several runs.</param>
/// <param name="Flops">Operations on numbers in all rounds: two for each multiplication with its addition in a product, one for each function of an element. Those of optimizers are not counted.</param>
/// <param name="Bytes">Bytes that it reads and writes in all rounds, each tensor's once a round.</param>
/// <param name="FloorMicroseconds">The least time that takes on this machine: the longer of its operations at the peak of fused multiply-adds and its bytes at the speed of memory.</param>
public sealed record ProfileRow(string Source, string Kernel, string Sizes, long Rounds, double Microseconds, long Flops, long Bytes, double FloorMicroseconds)
{
    /// <summary>Billions of operations a second: GFLOP/s.</summary>
    public double Gigaflops => Rate(Flops);

    /// <summary>Billions of bytes a second: GB/s.</summary>
    public double Gigabytes => Rate(Bytes);

    /// <summary>The floor as a share of the time: 1 is as fast as the machine. Above 1 where what memory would have to give comes from a cache, and where a convolution takes fewer multiplications than its formula has.</summary>
    public double ShareOfFloor => Microseconds > 0 ? FloorMicroseconds / Microseconds : 0;

    private double Rate(long count) => Microseconds > 0 ? 1e-3 * count / Microseconds : 0;
}
