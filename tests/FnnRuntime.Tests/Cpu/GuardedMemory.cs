using System.Runtime.InteropServices;

namespace FeedbackNN.Runtime.Tests.Cpu;

/// <summary>Native memory for a test, with the slack behind it that kernels may read and a pattern there that they must not change.</summary>
internal sealed unsafe class GuardedMemory<T> : IDisposable
    where T : unmanaged
{
    private const int Slack = 64;
    private const byte Pattern = 0x5A;

    public GuardedMemory(nint length)
    {
        Length = length;
        Bytes = (byte*)NativeMemory.AlignedAlloc((nuint)((length * sizeof(T)) + (2 * Slack)), 64) + Slack;
        new Span<byte>(Bytes - Slack, (int)((length * sizeof(T)) + (2 * Slack))).Fill(Pattern);
    }

    public nint Length { get; }

    public T* Pointer => (T*)Bytes;

    public Span<T> Span => new(Bytes, (int)Length);

    private byte* Bytes { get; }

    /// <summary>True when nothing before or behind the memory has been written.</summary>
    public bool IsUntouchedOutside()
    {
        var length = Length * sizeof(T);
        return !new Span<byte>(Bytes - Slack, Slack).ContainsAnyExcept(Pattern) && !new Span<byte>(Bytes + length, Slack).ContainsAnyExcept(Pattern);
    }

    public void Dispose() => NativeMemory.AlignedFree(Bytes - Slack);
}
