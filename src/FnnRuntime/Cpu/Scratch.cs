using System.Runtime.InteropServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Memory that a kernel needs for a moment: each thread keeps one block and lends it out, so that nothing is allocated once it has
/// grown. Who asks while the thread's block is lent (a product inside another one's epilogue) gets a block of its own.
/// </summary>
internal unsafe ref struct Scratch : IDisposable
{
    // For reads over the end, and because packed tiles are written in whole vectors.
    private const nint Slack = 256;

    [ThreadStatic]
    private static Block? _threadBlock;

    private readonly Block? _block;

    private Scratch(float* pointer, Block? block)
    {
        Pointer = pointer;
        _block = block;
    }

    /// <summary>Aligned to 64 bytes; what is in it means nothing.</summary>
    public float* Pointer { get; private set; }

    public static Scratch Borrow(nint floats)
    {
        var block = _threadBlock ??= new Block();
        return block.IsLent ? new Scratch(Allocate(floats), null) : new Scratch(block.Lend(floats), block);
    }

    public void Dispose()
    {
        if (_block is not null) _block.IsLent = false;
        else NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }

    private static float* Allocate(nint floats) => (float*)NativeMemory.AlignedAlloc((nuint)((floats * sizeof(float)) + Slack), 64);

    private sealed class Block
    {
        private float* _memory;
        private nint _floats;

        ~Block() => NativeMemory.AlignedFree(_memory);

        public bool IsLent { get; set; }

        public float* Lend(nint floats)
        {
            if (floats > _floats)
            {
                NativeMemory.AlignedFree(_memory);
                _memory = null;
                _floats = 0;
                _memory = Allocate(floats);
                _floats = floats;
            }

            IsLent = true;
            return _memory;
        }
    }
}
