using System.ComponentModel;
using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// A stream: a network that is given one step of a sequence after the other and carries its states. Generated classes derive from it; <c>net.Start(batch)</c> makes one.
/// </summary>
/// <remarks>
/// One thread at a time: a step while another thread takes one throws <see cref="InvalidOperationException"/>. Any number of sessions of one model may run side by side, each on a thread of its own: they read the model's weights and have memory of their own. A step
/// allocates nothing; what it returns is the session's and is overwritten by the next.
/// </remarks>
public abstract unsafe class ModelSession : IDisposable
{
    private const int FormatVersion = 1;

    private readonly Model _model;
    private readonly DeviceProgram _program;
    private readonly SessionTensor[] _tensors;
    private readonly long[] _offsets;

    // The states twice: a step reads the one and writes the other.
    private NativeBuffer _now;
    private NativeBuffer _next;
    private readonly NativeBuffer _position = new(sizeof(long));
    private bool _isDisposed;

    // The thread that takes a step.
    private int _user;

    /// <summary>Begins a stream, with states of zeros.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected ModelSession(Model model, DeviceProgram program, params SessionTensor[] tensors)
    {
        model.RequireMemory();
        (_model, _program, _tensors) = (model, program, tensors);
        _offsets = new long[tensors.Length + 1];
        for (var i = 0; i < tensors.Length; i++) _offsets[i + 1] = _offsets[i] + ((tensors[i].ByteLength + 127) / 64 * 64);
        _now = new NativeBuffer(_offsets[^1]);
        _next = new NativeBuffer(_offsets[^1]);
    }

    /// <summary>How many steps the stream has taken.</summary>
    public long Position { get; private set; }

    /// <summary>Begins again: states of zeros, and the first step comes next.</summary>
    public void Reset()
    {
        RequireMemory();
        new Span<byte>(_now.Pointer, checked((int)_now.ByteLength)).Clear();
        SetPosition(0);
    }

    /// <summary>A copy of the states and the position, to go on from later, in this session or in another of the same model and sizes.</summary>
    public SessionState SaveState()
    {
        RequireMemory();
        var bytes = new byte[_now.ByteLength];
        new ReadOnlySpan<byte>(_now.Pointer, bytes.Length).CopyTo(bytes);
        return new SessionState(GetType(), _tensors, bytes, Position);
    }

    /// <summary>Goes on from a state.</summary>
    /// <exception cref="ArgumentException">It is the state of another model, or of other sizes.</exception>
    public void RestoreState(SessionState state)
    {
        RequireMemory();
        ArgumentNullException.ThrowIfNull(state);
        if (state.Session != GetType() || !state.Tensors.SequenceEqual(_tensors))
        {
            throw new ArgumentException($"This stream has the states {Describe(_tensors)}; what was saved has {Describe(state.Tensors)}. A state fits sessions of the same model and sizes.", nameof(state));
        }
        state.Bytes.CopyTo(new Span<byte>(_now.Pointer, state.Bytes.Length));
        SetPosition(state.Position);
    }

    /// <summary>Writes states and position as a safetensors file: complete or, when it fails, not at all.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void SaveState(string path) => File().Write(path, new Dictionary<string, string> { ["position"] = Position.ToString(CultureInfo.InvariantCulture) });

    /// <summary>Goes on from a file that <see cref="SaveState(string)"/> wrote for this model and these sizes, or changes nothing when anything about it is wrong.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, of another model or of other sizes.</exception>
    public void RestoreState(string path) => File().Read(path, requireFormat: true, metadata =>
    {
        if (!metadata.TryGetValue("position", out var text) || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position))
        {
            throw new CheckpointException(path, "it does not say at which step the stream was.");
        }
        return () => SetPosition(position);
    });

    /// <summary>Frees the session's memory; the model stays. What steps, saves or restores throws <see cref="ObjectDisposedException"/> afterwards.</summary>
    public virtual void Dispose()
    {
        _isDisposed = true;
        _program.Dispose();
        _now.Dispose();
        _next.Dispose();
        _position.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Begins a step.</summary>
    /// <exception cref="InvalidOperationException">Another thread takes one.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected ExclusiveUse Exclusively() => ExclusiveUse.Begin(ref _user, "stream of", _model.GetManifest().Name);

    /// <summary>Where a state lies before the step.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void* StateNow(int state)
    {
        RequireMemory();
        return (byte*)_now.Pointer + _offsets[state];
    }

    /// <summary>Where it goes.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void* StateNext(int state) => (byte*)_next.Pointer + _offsets[state];

    /// <summary>The number of the step, i32.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void* PositionNow => _position.Pointer;

    /// <summary>Takes a step: when it fails, the stream is where it was.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void Advance(nint* sizes, void** inputs, void** results)
    {
        RequireMemory();
        if (Position == int.MaxValue) throw new InvalidOperationException("The stream has taken as many steps as it can count; Reset it.");
        _model.RunBeside(_program, sizes, inputs, results);
        (_now, _next) = (_next, _now);
        SetPosition(Position + 1);
    }

    /// <summary>The axes of a step's tensor that all steps have must be those with which the stream began.</summary>
    /// <exception cref="ArgumentException">The size is another.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected static void CheckSize(string axis, int size, int expected)
    {
        if (size != expected) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"This stream began with {axis} = {expected}, and this step has {axis} = {size}."));
    }

    private void RequireMemory()
    {
        if (_isDisposed) Disposed.Throw("stream of", _model.GetManifest().Name);
    }

    private void SetPosition(long position)
    {
        Position = position;
        *(int*)_position.Pointer = checked((int)position);
    }

    private StateFile File()
    {
        RequireMemory();
        var file = new StateFile("stream", FormatVersion, _model.GetManifest().Name);
        for (var i = 0; i < _tensors.Length; i++) file.Add(_tensors[i].Name, _tensors[i].Dtype, _tensors[i].Shape, StateNow(i), _tensors[i].ByteLength);
        return file;
    }

    private static string Describe(IEnumerable<SessionTensor> tensors) => string.Join(", ", tensors);
}

/// <summary>One state of a stream: its name, type and shape.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class SessionTensor(string name, SafetensorsDtype dtype, params int[] shape) : IEquatable<SessionTensor>
{
    /// <summary>Its name in files.</summary>
    public string Name => name;

    /// <summary>The type of its elements.</summary>
    public SafetensorsDtype Dtype => dtype;

    internal int[] Shape => shape;

    internal long ByteLength => shape.Aggregate((long)dtype.Bytes(), (product, size) => product * size);

    /// <inheritdoc/>
    public bool Equals(SessionTensor? other) => other is not null && name == other.Name && dtype == other.Dtype && shape.AsSpan().SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SessionTensor);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(name, dtype, shape.Length);

    /// <inheritdoc/>
    public override string ToString() => $"{name}: {SafetensorsShape.Describe(dtype, shape.Select(size => (long)size).ToArray())}";
}

/// <summary>The states of a stream at one moment, in memory.</summary>
public sealed class SessionState
{
    internal SessionState(Type session, SessionTensor[] tensors, byte[] bytes, long position) => (Session, Tensors, Bytes, Position) = (session, tensors, bytes, position);

    /// <summary>How many steps the stream had taken.</summary>
    public long Position { get; }

    internal Type Session { get; }

    internal SessionTensor[] Tensors { get; }

    internal byte[] Bytes { get; }
}
