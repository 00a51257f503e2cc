using System.ComponentModel;
using System.Globalization;

namespace FeedbackNN;

/// <summary>The rounds of one call of a <see cref="GrowingGeneration"/>, and what they keep: caches of what has been read, and states. Several may go on side by side, one round at a time.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class GrowthRun : IDisposable
{
    private readonly GrowingGeneration _generation;
    private readonly NativeBuffer _call;
    private readonly NativeBuffer _element;
    private readonly nint* _sizes;
    private readonly void** _inputs;
    private readonly void** _results;
    private readonly void** _kept;
    private readonly void** _newKept;
    private readonly int _axes;
    private readonly DeviceMemory[] _now;
    private readonly DeviceMemory?[] _next;
    private readonly object[] _owners;
    private readonly long _elementBytes;
    private readonly long _rounds;
    private readonly ulong _seed;
    private readonly bool* _stop;
    private readonly SlidingWindow? _window;
    private long _round;

    /// <param name="generation">Whose rounds.</param>
    /// <param name="sizes">The run-time sizes but for the length, in the programs' order.</param>
    /// <param name="start">The length before the first round.</param>
    /// <param name="rounds">How many rounds there are at most.</param>
    /// <param name="inputs">The addresses of the inputs.</param>
    /// <param name="owners">What owns them.</param>
    /// <param name="kept">What is kept between rounds.</param>
    /// <param name="elementBytes">The size of what a round appends.</param>
    /// <param name="seed">Of random draws.</param>
    /// <param name="window">What a full state forgets; null for one that never is full.</param>
    public GrowthRun(
        GrowingGeneration generation, ReadOnlySpan<nint> sizes, long start, long rounds, ReadOnlySpan<nint> inputs, object[] owners, ReadOnlySpan<KeptTensor> kept, long elementBytes, ulong seed, SlidingWindow? window = null)
    {
        generation.RequireMemory();
        // Both are made of what the caller gave under names of the .fnn file, which is not known here.
        if (rounds < 1) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The numbers given make it {rounds} rounds, and at least one must be run."));
        if (start < 1) throw new ArgumentException("What grows begins with at least one element, and the tensor given has none: begin with a token of your own, such as a separator.");
        (_generation, _owners, _elementBytes, _rounds, _seed, _axes, _window) = (generation, owners, elementBytes, rounds, seed, sizes.Length, window);
        Length = checked((int)start);
        _call = new NativeBuffer((sizes.Length + 2L + inputs.Length + 2 + 2L * kept.Length) * sizeof(long) + sizeof(long));
        _element = new NativeBuffer(elementBytes);
        _sizes = (nint*)_call.Pointer;
        _inputs = (void**)(_sizes + sizes.Length + 2);
        _results = _inputs + inputs.Length;
        _kept = _results + 2;
        _newKept = _kept + kept.Length;
        _stop = (bool*)(_newKept + kept.Length);
        for (var i = 0; i < sizes.Length; i++) _sizes[i] = sizes[i];
        for (var i = 0; i < inputs.Length; i++) _inputs[i] = (void*)inputs[i];
        _results[0] = _element.Pointer;
        _results[1] = _stop;
        _now = new DeviceMemory[kept.Length];
        _next = new DeviceMemory?[kept.Length];
        try
        {
            for (var i = 0; i < kept.Length; i++)
            {
                _now[i] = generation.Device.Allocate(kept[i].ByteLength, "what a generate keeps");
                if (kept[i].IsTwice) _next[i] = generation.Device.Allocate(kept[i].ByteLength, "what a generate keeps");
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How long the state that grows is.</summary>
    public int Length { get; private set; }

    /// <summary>How many rounds have been run.</summary>
    public int Rounds => (int)_round;

    /// <summary>Whether there are no more rounds.</summary>
    public bool IsOver => _round >= _rounds || *_stop;

    /// <summary>A round.</summary>
    public void Advance()
    {
        var isFull = _window is not null && _round > 0 && Length == _window.Capacity;
        if (isFull) Slide(_window!);
        Run(_round == 0 ? _generation.First : isFull ? _generation.Again! : _generation.Step, _results);
        for (var i = 0; i < _now.Length; i++)
        {
            if (_next[i] is not { } next) continue;
            _next[i] = _now[i];
            _now[i] = next;
        }
        _round++;
        Length++;
    }

    /// <summary>A round, and what it appended.</summary>
    public void Advance<T>(Tensor<T> next) where T : unmanaged
    {
        Advance();
        Buffer.MemoryCopy(_element.Pointer, next.Pointer, _elementBytes, _elementBytes);
        GC.KeepAlive(next);
    }

    /// <summary>What is made of the states. Without a round they are what they were at first.</summary>
    public void Finish(void** results) => Run(_generation.Last, results);

    /// <summary>Frees what was kept.</summary>
    public void Dispose()
    {
        foreach (var memory in _now.Concat(_next)) memory?.Dispose();
        _call.Dispose();
        _element.Dispose();
    }

    // The host does it: it is rare, and costs less than the round over what is left.
    private void Slide(SlidingWindow window)
    {
        var state = (byte*)_now[0].ForWriting();
        var left = (window.Capacity - window.Forgotten) * window.ElementBytes;
        for (long row = 0; row < window.Rows; row++)
        {
            var start = state + row * window.Capacity * window.ElementBytes;
            Buffer.MemoryCopy(start + window.Forgotten * window.ElementBytes, start, left, left);
        }
        Length -= checked((int)window.Forgotten);
    }

    private void Run(DeviceProgram program, void** results)
    {
        _sizes[_axes] = Length;
        _sizes[_axes + 1] = (nint)_round;
        for (var i = 0; i < _now.Length; i++)
        {
            _kept[i] = _now[i].ForProgram(writes: _next[i] is null);
            _newKept[i] = (_next[i] ?? _now[i]).ForProgram(writes: true);
        }
        _generation.Run(program, new ProgramCall { Sizes = _sizes, Inputs = _inputs, Results = results, Kept = _kept, NewKept = _newKept, Seed = _seed });
        GC.KeepAlive(_owners);
    }
}
