using System.Runtime.InteropServices;

namespace FeedbackNN;

/// <summary>
/// The gradients of a net. Those that a training step has used up on their tiles may be missing in the memory (<see cref="LazyGradient"/>); they are computed before anybody sees it.
/// </summary>
/// <remarks>
/// Once somebody has looked, all are stored again: who looks in each step would pay twice, and who keeps a <see cref="ParameterTensor.Gradient"/> is promised the numbers of later steps in it.
/// </remarks>
internal sealed unsafe class GradientStorage(DeviceMemory memory) : IDisposable
{
    private readonly List<LazyGradient> _lazy = [];
    private readonly Lock _completing = new();

    // The only ones by which gradients may be missing.
    private ParameterUpdates? _updates;

    /// <summary>Where they are. For what a training does with gradients behind a program: that program has stored all of them but those it has used up itself.</summary>
    public DeviceMemory Memory => memory;

    /// <summary>Whether somebody has looked.</summary>
    public bool IsSeen { get; private set; }

    /// <summary>The one that begins at a float of the memory.</summary>
    public LazyGradient Lazy(long start)
    {
        var found = _lazy.Find(gradient => gradient.Start == start);
        if (found is null) _lazy.Add(found = new LazyGradient(this, start));
        return found;
    }

    /// <summary>The host's address, with the gradients of the last runs.</summary>
    public void* ForReading()
    {
        IsSeen = true;
        Complete();
        return memory.ForReading();
    }

    /// <summary>Sets all to zero.</summary>
    public void Clear()
    {
        Complete();
        NativeMemory.Clear(memory.ForWriting(), (nuint)memory.ByteLength);
    }

    /// <summary>What a call carries, for a program that writes gradients.</summary>
    /// <param name="updates">How it changes parameters, where it does.</param>
    public void* ForProgram(ParameterUpdates? updates)
    {
        // Another program would store a gradient without a word, and what is missing would take its place later.
        if (updates != _updates) Complete();
        _updates = updates;
        return memory.ForProgram(writes: true);
    }

    public void Dispose()
    {
        foreach (var gradient in _lazy) gradient.Dispose();
        memory.Dispose();
    }

    // Several threads may read at once.
    private void Complete()
    {
        lock (_completing)
        {
            foreach (var gradient in _lazy) gradient.Complete();
        }
    }
}
