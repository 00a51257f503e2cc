using System.Diagnostics;
using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>The pool: every iteration once, in aligned ranges, whatever happens at the same time.</summary>
public sealed unsafe class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void RunsEveryIterationOnceInAlignedRanges(int threads)
    {
        using var pool = new WorkerPool(threads);
        var random = new Random(threads);
        for (var round = 0; round < 500; round++)
        {
            nint count = random.Next(0, 2000), grain = round % 2 == 0 ? random.Next(1, 100) : 64 * random.Next(1, 4);
            var counts = new int[count + 1];
            fixed (int* p = counts)
            {
                var bad = 0;
                pool.For(new Count(p, grain, count, &bad), count, grain);
                Assert.Equal(0, bad);
            }

            Assert.True(counts.AsSpan(0, (int)count).IndexOfAnyExcept(1) < 0);
            Assert.Equal(0, counts[count]);
        }
    }

    [Fact]
    public void SeveralCallersAtOnceAllGetTheirWorkDone()
    {
        using var pool = new WorkerPool(3);
        var failures = 0;
        var callers = Enumerable.Range(0, 4).Select(seed => new Thread(() =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 2000; round++)
            {
                nint count = random.Next(1, 300);
                var counts = new int[count];
                fixed (int* p = counts)
                {
                    var bad = 0;
                    pool.For(new Count(p, 1, count, &bad), count, 1);
                }

                if (counts.AsSpan().IndexOfAnyExcept(1) >= 0) Interlocked.Increment(ref failures);
            }
        })).ToArray();
        foreach (var caller in callers) caller.Start();
        foreach (var caller in callers) caller.Join();
        Assert.Equal(0, failures);
    }

    [Fact]
    public void WorkersThatHaveParkedWakeUpAgain()
    {
        using var pool = new WorkerPool(3);
        for (var round = 0; round < 20; round++)
        {
            if (round % 4 == 3) Thread.Sleep(5); // far longer than workers spin
            var counts = new int[64];
            fixed (int* p = counts)
            {
                var bad = 0;
                pool.For(new Count(p, 1, 64, &bad), 64, 1);
            }

            Assert.True(counts.AsSpan().IndexOfAnyExcept(1) < 0);
        }
    }

    [Fact]
    public void OtherThreadsTakePart()
    {
        using var pool = new WorkerPool(2);
        var caller = Environment.CurrentManagedThreadId;
        var others = 0;
        for (var begin = Stopwatch.GetTimestamp(); others == 0 && Stopwatch.GetElapsedTime(begin).TotalSeconds < 20;) pool.For(new CountOthers(caller, &others), 2, 1);
        Assert.True(others > 0);
    }

    [Fact]
    public void ALoopInsideALoopRunsToo()
    {
        using var pool = new WorkerPool(2);
        var counts = new int[40 * 50];
        fixed (int* p = counts) pool.For(new Outer(pool, p), 40, 1);
        Assert.True(counts.AsSpan().IndexOfAnyExcept(1) < 0);
    }

    [Fact]
    public void AnExceptionReachesTheCallerAndThePoolGoesOn()
    {
        using var pool = new WorkerPool(3);
        for (nint bad = 0; bad < 100; bad++)
        {
            var exception = Assert.Throws<InvalidOperationException>(() => pool.For(new Throw(bad), 100, 1));
            Assert.Equal($"iteration {bad}", exception.Message);
            var counts = new int[100];
            fixed (int* p = counts)
            {
                var wrong = 0;
                pool.For(new Count(p, 1, 100, &wrong), 100, 1);
            }

            Assert.True(counts.AsSpan().IndexOfAnyExcept(1) < 0);
        }
    }

    [Fact]
    public void ALoopAllocatesNothing()
    {
        using var pool = new WorkerPool(2);
        var counts = new int[1000];
        fixed (int* p = counts)
        {
            var bad = 0;
            pool.For(new Count(p, 1, 1000, &bad), 1000, 1);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) pool.For(new Count(p, 1, 1000, &bad), 1000, 1);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void ThereIsAtLeastOneThread()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
        Assert.True(WorkerPool.Shared.Threads >= 1);
    }

    private readonly struct Count(int* counts, nint grain, nint count, int* bad) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            if (grain % 64 == 0 && (begin % 64 != 0 || (end % 64 != 0 && end != count))) Interlocked.Increment(ref *bad);
            for (var i = begin; i < end; i++) Interlocked.Increment(ref counts[i]);
        }
    }

    private readonly struct CountOthers(int caller, int* others) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            if (Environment.CurrentManagedThreadId != caller) Interlocked.Increment(ref *others);
            else Thread.Yield();
        }
    }

    private readonly struct Outer(WorkerPool pool, int* counts) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var i = begin; i < end; i++)
            {
                var bad = 0;
                pool.For(new Count(counts + (i * 50), 1, 50, &bad), 50, 1);
            }
        }
    }

    private readonly struct Throw(nint bad) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            if (begin <= bad && bad < end) throw new InvalidOperationException($"iteration {bad}");
        }
    }
}
