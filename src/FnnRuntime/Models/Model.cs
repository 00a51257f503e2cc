using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;

namespace FeedbackNN;

/// <summary>
/// What every generated model class has: its parameters, their gradients and its buffers in flat storage, first values from a seed,
/// saving and loading.
/// </summary>
/// <remarks>
/// One thread at a time: a model computes in memory of its own, which two calls would share. A call while another thread's is under way throws
/// <see cref="InvalidOperationException"/>. Several threads that predict need a model each (construct, then <see cref="Load(string)"/> or <see cref="CopyFrom"/>); they may
/// share a device. Different models are independent of each other.
/// </remarks>
public abstract unsafe partial class Model : IDisposable
{
    private readonly ModelManifest _manifest;

    private readonly DeviceMemory _parameters;
    private readonly GradientStorage _gradients;
    private bool _isDisposed;

    // The thread that computes with it.
    private int _user;

    // Two copies of the buffers: a training run works on the second, which takes the first's place when all went well, so that a run
    // that fails has changed nothing.
    private DeviceMemory _buffers;
    private DeviceMemory _otherBuffers;
    private ulong _trainingRuns;

    /// <summary>Makes room and sets first values.</summary>
    /// <param name="manifest">What the model owns.</param>
    /// <param name="device">Where it computes; null is <see cref="Device.Cpu"/>.</param>
    /// <param name="seed">Of the first values and of random draws: the same seed gives the same bits.</param>
    protected Model(ModelManifest manifest, Device? device, ulong seed)
    {
        _manifest = manifest;
        Device = device ?? Device.Cpu;
        Seed = seed;
        try
        {
            _parameters = Device.Allocate(manifest.ParameterStorageLength * sizeof(float), $"the parameters of {manifest.Name}");
            _gradients = new GradientStorage(Device.Allocate(manifest.ParameterStorageLength * sizeof(float), $"the gradients of {manifest.Name}"));
            _buffers = Device.Allocate(manifest.BufferStorageLength * sizeof(float), $"the buffers of {manifest.Name}");
            _otherBuffers = Device.Allocate(manifest.BufferStorageLength * sizeof(float), $"the buffers of {manifest.Name}");
        }
        catch
        {
            // What there was room for.
            Free();
            throw;
        }
        AllParameters = manifest.Parameters.Select(spec => new ParameterTensor(this, spec.Path)).ToArray();
        AllBuffers = manifest.Buffers.Select(spec => new BufferTensor(this, spec.Path)).ToArray();
        Initialize(seed);
    }

    /// <summary>Where it computes.</summary>
    public Device Device { get; }

    /// <summary>
    /// The seed of random draws, until it is set that of the constructor (a trainer has its own). <c>Forward</c> and <c>Predict</c> draw the same at every call with one seed; <c>ForwardTraining</c>
    /// draws anew each time.
    /// </summary>
    public ulong Seed { get; set; }

    /// <summary>How many numbers are trained.</summary>
    public long ParameterCount => _manifest.ParameterCount;

    /// <summary>All parameters, in storage order; the generated <c>Parameters</c> has them by name.</summary>
    public IReadOnlyList<ParameterTensor> AllParameters { get; }

    /// <summary>All buffers, in storage order.</summary>
    public IReadOnlyList<BufferTensor> AllBuffers { get; }

    /// <summary>What the model owns; also the generated class's static <c>Manifest</c>.</summary>
    public ModelManifest GetManifest() => _manifest;

    /// <summary>Sets parameters and buffers to their first values, as the constructor does, and gradients to zero.</summary>
    /// <param name="seed">The same seed gives the same bits.</param>
    /// <exception cref="InvalidOperationException">Another thread uses the model, as a training does throughout a run.</exception>
    public void Initialize(ulong seed)
    {
        using var use = Exclusively();
        for (var i = 0; i < AllParameters.Count; i++) AllParameters[i].Spec.Initializer.Fill(AllParameters[i].Value, seed, (uint)i);
        for (var i = 0; i < AllBuffers.Count; i++) AllBuffers[i].Spec.Initializer.Fill(AllBuffers[i].Value, seed, (uint)(AllParameters.Count + i));
        Gradients.Clear();
    }

    /// <summary>Takes over the parameters and buffers of another model of the same class.</summary>
    /// <exception cref="ArgumentException">The other model is of another class.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses one of the two, as a training does throughout a run.</exception>
    public void CopyFrom(Model other)
    {
        ArgumentNullException.ThrowIfNull(other);
        using var use = Exclusively();
        using var useOfOther = other.Exclusively();
        if (!ReferenceEquals(other._manifest, _manifest))
        {
            throw new ArgumentException($"A {_manifest.Name} cannot take over the parameters of a {other._manifest.Name}.", nameof(other));
        }
        Copy(other.ParameterMemory, ParameterMemory);
        Copy(other.BufferMemory, BufferMemory);
    }

    /// <summary>Writes parameters and buffers as a safetensors file: complete or, when it fails, not at all.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the model, as a training does throughout a run.</exception>
    public void Save(string path)
    {
        using var use = Exclusively();
        ModelCheckpoint.Write(this, path);
    }

    /// <summary>Reads parameters and buffers from a file that <see cref="Save(string)"/> wrote for this model class, or nothing when anything about it is wrong.</summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, of another model or of another format version; nothing has been changed.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the model, as a training does throughout a run.</exception>
    public void Load(string path)
    {
        using var use = Exclusively();
        ModelCheckpoint.Read(this, path);
    }

    /// <summary>Writes parameters and buffers under another project's names, as a safetensors file that its programs read: complete or, when it fails, not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapping">The names: one of the generated class's <c>Checkpoints</c>.</param>
    /// <exception cref="ArgumentException">The mapping is another model's.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the model, as a training does throughout a run.</exception>
    public void Save(string path, CheckpointMapping mapping)
    {
        using var use = Exclusively();
        MappedCheckpoint.Write(this, path, mapping);
    }

    /// <summary>Reads parameters and buffers from another project's safetensors file, of floats of 16, 32 or 64 bits, or nothing when anything about it is wrong.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapping">The names: one of the generated class's <c>Checkpoints</c>.</param>
    /// <param name="allowMissing">Whether weights that the file does not have stay as they are.</param>
    /// <param name="allowExtra">Whether tensors that the model does not have are left aside.</param>
    /// <returns>Which tensor each weight was read from, and what is left on both sides.</returns>
    /// <exception cref="ArgumentException">The mapping is another model's.</exception>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, or does not fit; the message says what is missing, extra or of another shape, and nothing has been changed.</exception>
    /// <exception cref="InvalidOperationException">Another thread uses the model, as a training does throughout a run.</exception>
    public CheckpointReport Load(string path, CheckpointMapping mapping, bool allowMissing = false, bool allowExtra = false)
    {
        using var use = Exclusively();
        return MappedCheckpoint.Read(this, path, mapping, allowMissing, allowExtra);
    }

    /// <summary>How another project's file and this model go together; nothing is changed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapping">The names: one of the generated class's <c>Checkpoints</c>.</param>
    /// <exception cref="ArgumentException">The mapping is another model's.</exception>
    /// <exception cref="CheckpointException">The file cannot be read or is damaged.</exception>
    public CheckpointReport Compare(string path, CheckpointMapping mapping) => MappedCheckpoint.Compare(this, path, mapping);

    /// <summary>Frees the model's memory. What reads or writes it throws <see cref="ObjectDisposedException"/> afterwards.</summary>
    /// <exception cref="InvalidOperationException">Another thread uses the model.</exception>
    public virtual void Dispose()
    {
        using var use = Exclusively();
        _isDisposed = true;
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        _parameters?.Dispose();
        _gradients?.Dispose();
        _buffers?.Dispose();
        _otherBuffers?.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => _manifest.ToString();

    /// <summary>Before a training computes with it.</summary>
    /// <exception cref="InvalidOperationException">It is in a state that no training is for.</exception>
    internal virtual void CheckTrainable() { }

    /// <exception cref="ArgumentNullException">One is null.</exception>
    /// <exception cref="ArgumentException">One is given twice.</exception>
    internal static void RequireDistinct(IReadOnlyList<(string Name, Model Model)> nets)
    {
        for (var i = 0; i < nets.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(nets[i].Model, nets[i].Name);
            for (var k = 0; k < i; k++)
            {
                if (ReferenceEquals(nets[i].Model, nets[k].Model)) throw new ArgumentException($"'{nets[k].Name}' and '{nets[i].Name}' are the same object; they are two networks, so construct two.");
            }
        }
    }

    /// <summary>Before anything that reads or writes the memory.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed of.</exception>
    internal void RequireMemory()
    {
        if (_isDisposed) Disposed.Throw("model", _manifest.Name);
    }

    internal DeviceMemory ParameterMemory
    {
        get
        {
            RequireMemory();
            return _parameters;
        }
    }

    internal GradientStorage Gradients
    {
        get
        {
            RequireMemory();
            return _gradients;
        }
    }

    internal DeviceMemory BufferMemory
    {
        get
        {
            RequireMemory();
            return _buffers;
        }
    }

    /// <summary>The copy that a training run works on; it holds from <see cref="KeepNewBuffers(DeviceUpdates)"/> on.</summary>
    internal DeviceMemory NewBufferMemory => _otherBuffers;

    /// <summary>Before a training run: it begins with the present values.</summary>
    internal void PrepareNewBuffers(DeviceUpdates updates) => updates.Copy(_buffers, 0, _otherBuffers, 0, _manifest.BufferStorageLength);

    internal void KeepNewBuffers(DeviceUpdates updates) => updates.Keep(ref _buffers, ref _otherBuffers);

    /// <summary>Begins a call that computes in the model's memory.</summary>
    /// <exception cref="InvalidOperationException">Another thread's is under way.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected internal ExclusiveUse Exclusively() => ExclusiveUse.Begin(ref _user, "model", _manifest.Name);

    /// <summary>Begins to use the model for a training that holds it.</summary>
    /// <returns>Whether <see cref="EndUse"/> ends it; otherwise this thread uses it already.</returns>
    internal bool BeginUse() => !Exclusively().IsPartOfAnother;

    internal void EndUse() => Volatile.Write(ref _user, 0);

    /// <summary>Runs an inference program of the model.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void Run(DeviceProgram program, nint* sizes, void** inputs, void** results)
    {
        using var use = Exclusively();
        RunBeside(program, sizes, inputs, results);
    }

    /// <summary>Runs a program that is another's, and only reads the model.</summary>
    internal void RunBeside(DeviceProgram program, nint* sizes, void** inputs, void** results)
    {
        void* parameters = ParameterMemory.ForProgram(writes: false), buffers = _buffers.ForProgram(writes: false);
        program.Run(new ProgramCall { Sizes = sizes, Inputs = inputs, Results = results, Parameters = &parameters, Buffers = &buffers, Seed = Seed });
        GC.KeepAlive(this);
    }

    /// <summary>Times the steps of an inference program.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected Profile RunProfile(DeviceProgram program, nint* sizes, void** inputs, void** results)
    {
        using var use = Exclusively();
        void* parameters = ParameterMemory.ForProgram(writes: false), buffers = _buffers.ForProgram(writes: false);
        var call = new ProgramCall { Sizes = sizes, Inputs = inputs, Results = results, Parameters = &parameters, Buffers = &buffers, Seed = Seed };
        var profiler = new Profiler(_manifest.Name, Device);
        var first = profiler.Add(program, sizes);
        var profile = profiler.Measure(clock =>
        {
            Device.Finish();
            var start = Stopwatch.GetTimestamp();
            if (clock is null) program.Run(call);
            else program.Run(call, clock, first);
            Device.Finish();
            return Stopwatch.GetTimestamp() - start;
        });
        GC.KeepAlive(this);
        return profile;
    }

    /// <summary>Runs the forward part of a training program; buffers are updated and random draws are new.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void RunTraining(DeviceProgram program, nint* sizes, void** inputs, void** results)
    {
        RequireMemory();
        using var use = Exclusively();
        Copy(_buffers, _otherBuffers);
        _trainingRuns++;
        RunTrainingPart(program, _buffers, _otherBuffers, new ProgramCall { Sizes = sizes, Inputs = inputs, Results = results });
        (_buffers, _otherBuffers) = (_otherBuffers, _buffers);
    }

    /// <summary>Runs the backward part of the training program whose forward part ran last, with the same tensors.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected void RunBackward(DeviceProgram program, nint* sizes, void** inputs, void** results, void** resultGradients, void** inputGradients)
    {
        using var use = Exclusively();
        // The forward run has kept the new buffers; what it read lies in the others.
        RunTrainingPart(program, _otherBuffers, _buffers, new ProgramCall
        {
            Sizes = sizes,
            Inputs = inputs,
            Results = results,
            ResultGradients = resultGradients,
            InputGradients = inputGradients,
            Backward = true,
        });
    }

    private void RunTrainingPart(DeviceProgram program, DeviceMemory oldBuffers, DeviceMemory workingBuffers, ProgramCall call)
    {
        void* parameters = ParameterMemory.ForProgram(writes: false), gradients = Gradients.ForProgram(updates: null);
        void* buffers = oldBuffers.ForProgram(writes: false), newBuffers = workingBuffers.ForProgram(writes: true);
        call.Parameters = &parameters;
        call.Gradients = &gradients;
        call.Buffers = &buffers;
        call.NewBuffers = &newBuffers;
        call.Seed = Seed;
        call.Step = _trainingRuns;
        program.Run(call);
        GC.KeepAlive(this);
    }

    /// <summary>Adds parameters and buffers to a file.</summary>
    /// <param name="file">Where they go.</param>
    /// <param name="prefix">What stands before their names.</param>
    /// <param name="writes">Whether the file is read into them.</param>
    internal void AddStateTo(StateFile file, string prefix, bool writes)
    {
        Add(_manifest.Parameters, ParameterMemory);
        Add(_manifest.Buffers, _buffers);

        void Add(ImmutableArray<StorageSpec> specs, DeviceMemory memory)
        {
            var start = (float*)(writes ? memory.ForWriting() : memory.ForReading());
            foreach (var spec in specs) file.Add(prefix + spec.CheckpointName, spec.Shape.AsSpan(), start + spec.Offset, spec.Count);
        }
    }

    private static void Copy(DeviceMemory from, DeviceMemory to) => Buffer.MemoryCopy(from.ForReading(), to.ForWriting(), to.ByteLength, from.ByteLength);
}
