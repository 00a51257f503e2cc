using System.Runtime.InteropServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Memory that a kernel needs for a moment: each thread keeps what it has lent out before, so that nothing is allocated once it has
/// grown. Who asks while a block is lent (a product's inner loop, a product inside another one's epilogue) gets the thread's next one.
/// </summary>
internal unsafe ref struct Scratch : IDisposable
{
    // For reads over the end, and because packed tiles are written in whole vectors.
    private const nint Slack = 256;

    [ThreadStatic]
    private static Block? _threadBlock;

    [ThreadStatic]
    private static Block? _threadTicketBlock;

    private Block? _block;

    /// <summary>Aligned to 64 bytes; what is in it means nothing.</summary>
    public float* Pointer { readonly get; private set; }

    public static Scratch Borrow(nint floats) => floats == 0 ? default : Lend(_threadBlock ??= new Block(), floats);

    /// <summary>
    /// Memory that this thread may have borrowed, and filled, with the same ticket before: then <paramref name="isFilled"/>, and what it wrote is still there. Tickets are above 0.
    /// </summary>
    public static Scratch Borrow(nint floats, long ticket, out bool isFilled)
    {
        isFilled = true;
        if (floats == 0) return default;
        var scratch = Lend(_threadTicketBlock ??= new Block(), floats);
        isFilled = scratch._block!.Ticket == ticket;
        scratch._block.Ticket = ticket;
        return scratch;
    }

    public void Dispose()
    {
        if (_block is not null) _block.IsLent = false;
        _block = null;
    }

    private static Scratch Lend(Block block, nint floats)
    {
        while (block.IsLent) block = block.Next ??= new Block();
        return new Scratch { Pointer = block.Lend(floats), _block = block };
    }

    private sealed class Block
    {
        private float* _memory;
        private nint _floats;

        ~Block() => NativeMemory.AlignedFree(_memory);

        public bool IsLent { get; set; }

        public Block? Next { get; set; }

        public long Ticket { get; set; }

        public float* Lend(nint floats)
        {
            if (floats > _floats)
            {
                NativeMemory.AlignedFree(_memory);
                _memory = null;
                _floats = 0;
                _memory = (float*)NativeMemory.AlignedAlloc((nuint)((floats * sizeof(float)) + Slack), 64);
                _floats = floats;
            }

            IsLent = true;
            return _memory;
        }
    }
}
