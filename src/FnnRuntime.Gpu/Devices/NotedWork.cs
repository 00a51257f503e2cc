using System.Runtime.CompilerServices;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>Work for a device's stream that has not been put there yet, in its order.</summary>
internal sealed class NotedWork
{
    private readonly List<Action<AcceleratorStream>> _work = [];
    private readonly List<CudaEvent> _marks = [];
    private HashCode _kinds;

    /// <summary>Nothing waits to be handed over.</summary>
    public bool IsEmpty => _work.Count == 0 && _marks.Count == 0;

    /// <summary>A part has been handed over already, because somebody needed the stream.</summary>
    public bool IsInterrupted { get; private set; }

    /// <summary>The same for work of the same kinds in the same order, as a rule with other arguments.</summary>
    public (int Count, int Hash) Kind => (_work.Count, _kinds.ToHashCode());

    /// <param name="kind">The kernel's launcher, or another object that stands for what is done.</param>
    /// <param name="work">Puts it on a stream.</param>
    public void Add(object kind, Action<AcceleratorStream> work)
    {
        _work.Add(work);
        _kinds.Add(RuntimeHelpers.GetHashCode(kind));
    }

    /// <summary>An event that is recorded behind the work.</summary>
    public void AddMark(CudaEvent mark) => _marks.Add(mark);

    /// <summary>Whether that event is recorded behind the work.</summary>
    public bool Has(CudaEvent mark) => _marks.Contains(mark);

    /// <summary>Puts the work on a stream, which may be one that makes a graph of it.</summary>
    public void PutOn(AcceleratorStream stream)
    {
        foreach (var work in _work) work(stream);
    }

    /// <summary>The work has been put on a stream: records the marks there.</summary>
    public void MarkOn(AcceleratorStream stream)
    {
        foreach (var mark in _marks) mark.Record(stream);
    }

    /// <summary>Hands over what there is, without a graph.</summary>
    public void Interrupt(AcceleratorStream stream)
    {
        IsInterrupted = true;
        try
        {
            PutOn(stream);
            MarkOn(stream);
        }
        finally
        {
            // What the driver has refused is not tried again.
            _work.Clear();
            _marks.Clear();
            _kinds = default;
        }
    }
}
