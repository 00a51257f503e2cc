using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// Threads that run parts of one loop at a time. Made for kernels that take microseconds: starting a loop wakes nobody as long as
/// the workers are still spinning from the last one, and costs no allocation.
/// </summary>
/// <remarks>
/// Every thread has its own share of the range, cut into chunks that it claims one by one; a thread that has finished its share
/// leaves the others a moment for theirs, then claims chunks of them. So the same thread sees the same rows in loop after loop (its
/// cache is warm, and lines do not move from core to core), and a thread that the operating system holds back holds nobody up: the
/// caller never waits for a worker to begin, only for one to end a chunk.
/// <para>
/// A short loop costs what its cache lines take from core to core, about 0.1 µs each time one goes. All that a worker must know of a loop is in the
/// line on which it waits; what a share has given away is in a line of its own, which only its owner writes unless others take over.
/// </para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class WorkerPool : IDisposable
{
    private const string Setting = "FNN_THREADS";
    private const int MostThreads = 1024;
    private const int ChunksPerThread = 4;

    // Ranges over elements begin at multiples of this: whole vectors and cache lines.
    private const nint Aligned = 64;

    // Distance of two counters that different threads write: two cache lines, because the prefetcher fetches lines in pairs.
    private const int Line = 128;

    // The state word: how many workers have entered the loop, above it how many have left it, whether others may enter, and the number of the loop.
    private const long Left = 1L << 15;
    private const long Open = 1L << 31;
    private const long NextLoop = 1L << 32;

    // What a share has given away: the number of the loop, and below it chunks.
    private const int ChunkBits = 16;

    // How long a thread that has finished leaves the others' shares to them. Longer than a worker takes to begin; far shorter than what
    // fetching from another core's cache costs when chunks change hands in every loop.
    private static readonly long GraceTicks = Stopwatch.Frequency / 500_000;

    // How long an idle worker spins before it parks, and how often it offers its core to others meanwhile.
    private static readonly long SpinTicks = Stopwatch.Frequency / 5_000;
    private const int PausesBetweenYields = 64;

    private static readonly Lazy<WorkerPool> SharedPool = new(() => new WorkerPool(DefaultThreads()));

    // The loop's line, the one of who calls, then one for each share.
    private readonly byte* _memory;
    private readonly Loop* _loop;
    private readonly int* _busy;
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _wake = new(0);
    private int _parked;
    private volatile bool _disposed;
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>Makes a pool of <paramref name="threads"/> threads, the calling one included.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than one or more than 1024 threads.</exception>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, MostThreads);
        Threads = threads;
        var bytes = (nuint)(Line * (threads + 2));
        _memory = (byte*)NativeMemory.AlignedAlloc(bytes, Line);
        NativeMemory.Clear(_memory, bytes);
        _loop = (Loop*)_memory;
        _busy = (int*)(_memory + Line);
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var index = i + 1;
            _workers[i] = new Thread(() => Work(index)) { IsBackground = true, Name = $"FeedbackNN worker {index}" };
            _workers[i].Start();
        }

        Precompilation.Begin(this);
    }

    /// <summary>
    /// The pool that all programs use unless told otherwise: as many threads as the process may use cores, or as many as the
    /// environment variable <c>FNN_THREADS</c> says.
    /// </summary>
    /// <exception cref="InvalidOperationException"><c>FNN_THREADS</c> is set to something else than a number from 1 to 1024.</exception>
    public static WorkerPool Shared => SharedPool.Value;

    /// <summary>How many threads run a loop, the caller included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Runs <paramref name="kernel"/> over [0, <paramref name="count"/>), cut into even shares for the threads, and these into ranges of
    /// <paramref name="grain"/> or more where the share has as many; if the grain is a multiple of 64, they begin at multiples of 64. Returns when all of it is
    /// done. Runs everything on the caller when that is one grain or less, when the pool has one thread, and when the pool is busy (with a loop of another thread, or with the one that calls this).
    /// </summary>
    /// <remarks>What one range throws is thrown here; which of the other ranges have run is then open.</remarks>
    public void For<TKernel>(in TKernel kernel, nint count, nint grain)
        where TKernel : struct, IRangeKernel
    {
        if (count <= 0) return;
        if (grain < 1) grain = 1;
        if (count <= grain || Threads == 1 || Interlocked.CompareExchange(ref *_busy, 1, 0) != 0)
        {
            Unsafe.AsRef(in kernel).Run(0, count);
            return;
        }

        try
        {
            var copy = kernel; // on this stack: nothing moves it while workers hold its address
            Fork(&Body<TKernel>, Unsafe.AsPointer(ref copy), count, grain);
        }
        finally
        {
            Volatile.Write(ref *_busy, 0);
        }
    }

    /// <summary>Ends the workers. A loop that runs must have ended before.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        if (SharedPool.IsValueCreated && ReferenceEquals(this, SharedPool.Value)) return; // others use it
        _disposed = true;
        _wake.Release(Threads);
        foreach (var worker in _workers) worker.Join();
        NativeMemory.AlignedFree(_memory);
        _wake.Dispose();
    }

    // The processor count is the process's: the system's affinity masks and limits of containers are in it.
    private static int DefaultThreads()
    {
        var setting = Environment.GetEnvironmentVariable(Setting);
        if (string.IsNullOrEmpty(setting)) return Math.Clamp(Environment.ProcessorCount, 1, MostThreads);
        if (int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) && threads is >= 1 and <= MostThreads) return threads;
        throw new InvalidOperationException($"{Setting} is '{setting}', but must be a number of threads from 1 to {MostThreads}; without it there are as many as the process may use cores.");
    }

    private static void Body<TKernel>(void* kernel, nint begin, nint end)
        where TKernel : struct, IRangeKernel =>
        Unsafe.AsRef<TKernel>(kernel).Run(begin, end);

    private ref long Claimed(int share) => ref *(long*)(_memory + (Line * (share + 2)));

    private void Fork(delegate*<void*, nint, nint, void> body, void* kernel, nint count, nint grain)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is not null) _failure = null;
        var loop = _loop;
        loop->Body = body;
        loop->Kernel = kernel;
        loop->Count = count;
        // Shares of rows are even whatever the grain: loops over the same rows, of different kernels, give a thread the same ones.
        loop->Unit = grain % Aligned == 0 ? Aligned : 1;
        loop->Units = (count + loop->Unit - 1) / loop->Unit;
        loop->UnitsInChunk = Math.Max(1, Math.Max(loop->Units / (Threads * ChunksPerThread), Math.Min(grain / loop->Unit, loop->Units / Threads)));
        loop->Number++;
        Interlocked.Exchange(ref loop->State, (loop->Number * NextLoop) | Open);
        if (Volatile.Read(ref _parked) != 0)
        {
            var parked = Interlocked.Exchange(ref _parked, 0);
            if (parked > 0) _wake.Release(parked);
        }

        RunShares(0);

        // When all workers are inside or have been, nobody else can enter. Else nobody else may. Then wait for those who are inside, whose chunks are the last ones.
        if (Entered(Volatile.Read(ref loop->State)) != _workers.Length) Interlocked.And(ref loop->State, ~Open);
        for (var spins = 0; ; spins++)
        {
            var state = Volatile.Read(ref loop->State);
            if (Entered(state) == (state & (Open - 1)) / Left) break;
            Pause(spins);
        }

        _failure?.Throw();
    }

    private static long Entered(long state) => state & (Left - 1);

    private void RunShares(int self)
    {
        var leftUntil = 0L;
        var loop = *_loop;
        try
        {
            for (var i = 0; i < Threads; i++)
            {
                var share = self + i < Threads ? self + i : self + i - Threads;
                nint begin = loop.Units * share / Threads, end = loop.Units * (share + 1) / Threads;
                if (begin == end) continue;
                var chunks = (end - begin + loop.UnitsInChunk - 1) / loop.UnitsInChunk;
                if (i > 0)
                {
                    // The caller has the only chunk of its own share, and takes over those of workers that don't come.
                    if (self != 0 && chunks == 1) continue;
                    LeaveTo(ref Claimed(share), (loop.Number << ChunkBits) + chunks, ref leftUntil);
                }

                for (nint chunk; (chunk = Claim(ref Claimed(share), loop.Number << ChunkBits, chunks)) < chunks;)
                {
                    var from = begin + (chunk * loop.UnitsInChunk);
                    loop.Body(loop.Kernel, from * loop.Unit, Math.Min(Math.Min(from + loop.UnitsInChunk, end) * loop.Unit, loop.Count));
                }
            }
        }
        catch (Exception exception)
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
            for (var share = 0; share < Threads; share++) Volatile.Write(ref Claimed(share), (loop.Number + 1) << ChunkBits);
        }
    }

    // The next chunk of a share. Nobody sets shares up for a loop: who comes first finds a number of a loop before.
    private static nint Claim(ref long claimed, long first, nint chunks)
    {
        for (var seen = Volatile.Read(ref claimed); seen < first + chunks;)
        {
            var next = Math.Max(seen, first);
            var was = Interlocked.CompareExchange(ref claimed, next + 1, seen);
            if (was == seen) return (nint)(next - first);
            seen = was;
        }

        return chunks;
    }

    // Returns when the share's owner has claimed all of it, or the owners of all shares together have had their time.
    private static void LeaveTo(ref long claimed, long end, ref long until)
    {
        for (var spins = 0; Volatile.Read(ref claimed) < end; spins++)
        {
            var now = Stopwatch.GetTimestamp();
            if (until == 0) until = now + GraceTicks;
            else if (now > until) return;
            Pause(spins);
        }
    }

    private void Work(int self)
    {
        var last = 0L;
        while (!_disposed)
        {
            var state = Volatile.Read(ref _loop->State);
            if ((state & Open) == 0 || (state & ~(NextLoop - 1)) == last)
            {
                WaitForLoop(last);
                continue;
            }

            if (Interlocked.CompareExchange(ref _loop->State, state + 1, state) != state) continue;
            last = state & ~(NextLoop - 1);
            RunShares(self);
            Interlocked.Add(ref _loop->State, Left);
        }
    }

    private bool LoopWaits(long last)
    {
        var state = Volatile.Read(ref _loop->State);
        return (state & Open) != 0 && (state & ~(NextLoop - 1)) != last;
    }

    private void WaitForLoop(long last)
    {
        var until = 0L;
        for (var spins = 1; ; spins++)
        {
            if (LoopWaits(last) || _disposed) return;
            Pause(spins);
            if (spins % PausesBetweenYields != 0) continue;
            var now = Stopwatch.GetTimestamp();
            if (until == 0) until = now + SpinTicks;
            else if (now > until) break;
        }

        // Counted as parked before the last look, and the caller opens a loop before it looks who is parked: one of the two sees the other.
        // A caller that has taken the count leaves a token behind; at worst the next wait ends early.
        Interlocked.Increment(ref _parked);
        if (!LoopWaits(last) && !_disposed)
        {
            _wake.Wait();
            return;
        }

        int parked;
        while ((parked = Volatile.Read(ref _parked)) > 0 && Interlocked.CompareExchange(ref _parked, parked - 1, parked) != parked)
        {
        }
    }

    private static void Pause(int spins)
    {
        if (spins % PausesBetweenYields == PausesBetweenYields - 1) Thread.Yield();
        else if (X86Base.IsSupported) X86Base.Pause();
        else Thread.SpinWait(1);
    }

    // All that a worker must know of a loop, in one line. Written by the caller while no worker is inside.
    [StructLayout(LayoutKind.Sequential)]
    private struct Loop
    {
        public long State, Number;
        public delegate*<void*, nint, nint, void> Body;
        public void* Kernel;
        public nint Count, Unit, Units, UnitsInChunk;
    }
}
