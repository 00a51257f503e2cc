using System.ComponentModel;

namespace FeedbackNN;

/// <summary>
/// A program over trained networks, without a gradient: what every generated class of a <c>generate</c> has. It reads the networks' weights as they are when it runs, and changes nothing.
/// </summary>
/// <remarks>One thread at a time: a run while another thread's is under way throws <see cref="InvalidOperationException"/>. Several generates over one network may run at once, each on a thread of its own.</remarks>
public abstract unsafe class Generation : IDisposable
{
    private readonly Model[] _nets;
    private bool _isDisposed;

    // The thread that runs it.
    private int _user;

    /// <param name="nets">In the order of the declaration.</param>
    /// <exception cref="ArgumentException">The networks are on different devices.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected Generation(params Model[] nets)
    {
        foreach (var net in nets) ArgumentNullException.ThrowIfNull(net, nameof(nets));
        foreach (var net in nets) net.RequireMemory();
        if (nets.Any(net => net.Device != nets[0].Device)) throw new ArgumentException("The networks are on different devices; construct them with the same one.", nameof(nets));
        _nets = nets;
    }

    /// <summary>Where it computes: where its networks do.</summary>
    public Device Device => _nets[0].Device;

    /// <summary>Frees the memory of its programs; the networks stay. To run it throws <see cref="ObjectDisposedException"/> afterwards.</summary>
    public virtual void Dispose()
    {
        _isDisposed = true;
        GC.SuppressFinalize(this);
    }

    private string Name => GetType().FullName!;

    /// <summary>Before a run.</summary>
    /// <exception cref="ObjectDisposedException">The generate has been disposed of, or one of its networks.</exception>
    internal void RequireMemory()
    {
        if (_isDisposed) Disposed.Throw("generate", Name);
        foreach (var net in _nets) net.RequireMemory();
    }

    /// <summary>Runs a program.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal void Run(DeviceProgram program, ProgramCall call)
    {
        RequireMemory();
        using var use = ExclusiveUse.Begin(ref _user, "generate", Name);
        var parameters = stackalloc void*[_nets.Length];
        var buffers = stackalloc void*[_nets.Length];
        for (var i = 0; i < _nets.Length; i++)
        {
            parameters[i] = _nets[i].ParameterMemory.ForProgram(writes: false);
            buffers[i] = _nets[i].BufferMemory.ForProgram(writes: false);
        }
        call.Parameters = parameters;
        call.Buffers = buffers;
        program.Run(call);
        GC.KeepAlive(_nets);
    }
}
