using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace FeedbackNN;

/// <summary>
/// For generated code: a call during which no other thread may use what it is made of; <see cref="Dispose"/> ends it. Calls within it, on the same thread, are part of it.
/// </summary>
/// <remarks>It costs two atomic writes, and finds calls that overlap. Without it they would give wrong answers.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct ExclusiveUse
{
    // The thread that uses it, 0 for none; nothing for a call within another.
    private readonly ref int _user;

    private ExclusiveUse(ref int user) => _user = ref user;

    /// <param name="user">The thread that uses it at present.</param>
    /// <param name="kind">What it is: <c>model</c>.</param>
    /// <param name="name">Which one.</param>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    internal static ExclusiveUse Begin(ref int user, string kind, string name)
    {
        var thread = Environment.CurrentManagedThreadId;
        // Nobody but this thread writes its number.
        if (user == thread) return default;
        if (Interlocked.CompareExchange(ref user, thread, 0) != 0) ThrowInUse(kind, name);
        return new ExclusiveUse(ref user);
    }

    /// <summary>Whether it is a call within another, on the same thread: there is nothing to end.</summary>
    internal bool IsPartOfAnother => Unsafe.IsNullRef(ref _user);

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (!IsPartOfAnother) Volatile.Write(ref _user, 0);
    }

    [DoesNotReturn]
    private static void ThrowInUse(string kind, string name) => throw new InvalidOperationException(
        $"The {kind} {name} is being used by another thread. It computes in memory of its own, so that it serves one thread at a time: give each thread one of its own (networks take over weights by CopyFrom), or take a lock around each call.");
}
