namespace FeedbackNN;

/// <content>
/// One thread at a time. What computes, reads or writes the state of a training holds it and its networks for as long as it takes, a run for all of its steps: another thread's call is refused instead of
/// spoiling weights. Calls within one, on the same thread, are part of it, as an evaluation between two steps is.
/// </content>
public abstract unsafe partial class Trainer<TBatch, TReport>
{
    // The thread that uses the training, 0 for none, and which of its networks that thread has begun to use for it.
    private int _user;
    private readonly bool[] _isHeld;

    /// <summary>Begins a call that needs the training's memory and that of its networks.</summary>
    /// <exception cref="ObjectDisposedException">The training has been disposed of, or one of the networks.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the training, or one of its networks.</exception>
    private protected Use Exclusively()
    {
        var use = ExclusiveUse.Begin(ref _user, "training", _setup.Name);
        if (use.IsPartOfAnother)
        {
            RequireMemory();
            return default;
        }
        try
        {
            RequireMemory();
            for (var i = 0; i < _nets.Length; i++) _isHeld[i] = _nets[i].BeginUse();
        }
        catch
        {
            Release(use);
            throw;
        }
        return new Use(this, use);
    }

    /// <summary>Whether the thread that uses the training is this one; another one is refused where it begins to.</summary>
    private protected bool IsOfThisThread => _user == Environment.CurrentManagedThreadId;

    /// <summary>Before a call that a run can't bear between two of its steps.</summary>
    /// <param name="call">What it is called.</param>
    /// <exception cref="InvalidOperationException">A run is under way.</exception>
    private protected virtual void RequireNoRun(string call) { }

    private void Release(ExclusiveUse use)
    {
        for (var i = 0; i < _nets.Length; i++)
        {
            if (_isHeld[i]) _nets[i].EndUse();
            _isHeld[i] = false;
        }
        use.Dispose();
    }

    /// <summary>The use of a training and its networks, which <see cref="Dispose"/> ends; nothing for a call within another.</summary>
    private protected readonly ref struct Use(Trainer<TBatch, TReport> trainer, ExclusiveUse own)
    {
        private readonly Trainer<TBatch, TReport>? _trainer = trainer;
        private readonly ExclusiveUse _own = own;

        public void Dispose() => _trainer?.Release(_own);
    }
}
