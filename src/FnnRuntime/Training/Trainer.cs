using System.ComponentModel;
using System.Globalization;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// Trains networks batch by batch: runs the compiled programs, applies the optimizers, and saves and resumes all of it. Base of the generated
/// training classes.
/// </summary>
/// <remarks>
/// One thread at a time, for the trainer and for its networks. A step allocates no managed memory once the first step at these sizes is over.
/// The same seed, weights, batches and sizes give the same bits, on any number of threads.
/// </remarks>
/// <typeparam name="TBatch">The tensors of a batch.</typeparam>
/// <typeparam name="TReport">Losses and metrics by name.</typeparam>
public abstract unsafe class Trainer<TBatch, TReport> : IDisposable
{
    private const int FormatVersion = 1;
    private readonly TrainingSetup _setup;
    private readonly Model[] _nets;
    private readonly WorkerPool _pool;
    private readonly CallMemory _memory;
    private readonly double[] _batchScalars;
    private readonly double[] _evaluationScalars;

    // The tensors of the running batch, held here so that they live as long as programs point to them.
    private TBatch? _running;

    /// <summary>For generated code.</summary>
    /// <param name="setup">What is trained, and how.</param>
    /// <param name="seed">Of random draws and of the order of samples.</param>
    /// <exception cref="ArgumentException">The networks are on different devices, or one is given twice.</exception>
    protected Trainer(TrainingSetup setup, ulong seed)
    {
        _setup = setup;
        _nets = setup.Nets.Select(net => net.Model).ToArray();
        Seed = seed;
        CheckNets();
        _pool = _nets[0].Device.Pool;
        foreach (var objective in setup.Objectives) objective.Attach(_nets);
        StepScalars = new double[setup.Objectives.Sum(objective => objective.Program.Scalars.Length)];
        _batchScalars = new double[StepScalars.Length];
        _evaluationScalars = new double[setup.Evaluation.Scalars.Length];
        var scalars = Math.Max(setup.Evaluation.Scalars.Length, setup.Objectives.Max(objective => objective.Program.Scalars.Length));
        _memory = new CallMemory(setup.AxisCount, setup.InputCount, _nets.Length, scalars);
    }

    /// <summary>The seed of random draws and of the order of samples.</summary>
    public ulong Seed { get; private set; }

    /// <summary>Steps made so far, in all runs.</summary>
    public long StepCount { get; private set; }

    /// <summary>
    /// Computes the losses of a batch and their gradients, and applies the optimizers.
    /// </summary>
    /// <returns>Losses and metrics of the batch, from before the update.</returns>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other, or an index lies outside; nothing has been changed.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite; nothing has been changed.</exception>
    public TReport Step(TBatch batch)
    {
        RunStep(batch);
        return MakeReport(StepCount, StepScalars);
    }

    /// <summary>Losses and metrics of a batch, as inference computes them; changes nothing.</summary>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other, or an index lies outside.</exception>
    public TReport Evaluate(TBatch batch)
    {
        EvaluateBatch(batch, isFirst: true);
        return MakeEvaluationReport(StepCount, _evaluationScalars);
    }

    /// <summary>
    /// Bytes of intermediate values while a batch is trained on: the largest of the objectives' programs.
    /// </summary>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other.</exception>
    public long ArenaBytes(TBatch batch)
    {
        Bind(batch, _memory.TrainingSizes, _memory.Inputs);
        long largest = 0;
        foreach (var objective in _setup.Objectives)
        {
            _memory.SelectSizes(objective.Program.Axes.AsSpan());
            largest = Math.Max(largest, objective.Program.Program.ArenaBytes(new ReadOnlySpan<nint>(_memory.Sizes, objective.Program.Axes.Length)));
        }
        return largest;
    }

    /// <summary>
    /// Writes the whole state of the training (weights, buffers, what optimizers remember, step, epoch, position, seed) as a safetensors file:
    /// complete or, when it fails, not at all. Call it between steps, on the thread that trains.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["seed"] = Seed.ToString(CultureInfo.InvariantCulture),
            ["step"] = StepCount.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var objective in _setup.Objectives) metadata[UpdatesKey(objective)] = objective.Updates.ToString(CultureInfo.InvariantCulture);
        SavePosition(metadata);
        StateTensors().Write(path, metadata);
    }

    /// <summary>
    /// Goes on where <see cref="Save"/> was called, to the same bits as without the interruption; or changes nothing when anything about the file is
    /// wrong. Settings of optimizers are not in the file: they are the program's.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, of another training or of another format version; nothing has been changed.</exception>
    public void Resume(string path) => StateTensors().Read(path, requireFormat: true, metadata =>
    {
        var numbers = new StateNumbers(path, metadata);
        var seed = numbers.Unsigned("seed");
        var step = numbers.Count("step");
        var updates = _setup.Objectives.Select(objective => numbers.Count(UpdatesKey(objective))).ToArray();
        var position = ReadPosition(numbers);
        return () =>
        {
            Seed = seed;
            StepCount = step;
            for (var i = 0; i < updates.Length; i++) _setup.Objectives[i].Updates = updates[i];
            position();
        };
    });

    /// <summary>Frees the memory of programs and optimizers. The networks stay.</summary>
    public virtual void Dispose()
    {
        foreach (var objective in _setup.Objectives) objective.Dispose();
        _setup.Evaluation.Program.Dispose();
        _memory.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Checks a batch and says where its tensors are.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="sizes">Takes the run-time sizes.</param>
    /// <param name="inputs">Takes the addresses.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void Bind(TBatch batch, nint* sizes, void** inputs);

    /// <summary>Makes a report of the numbers of a step: those of the first objective's program, of the second's, and so on.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract TReport MakeReport(long step, ReadOnlySpan<double> scalars);

    /// <summary>Makes a report of the numbers of an evaluation.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract TReport MakeEvaluationReport(long step, ReadOnlySpan<double> scalars);

    /// <summary>The numbers of the last step; those of an objective that did not run are from the last step where it did.</summary>
    internal double[] StepScalars { get; }

    internal TReport EvaluationResult() => MakeEvaluationReport(StepCount, _evaluationScalars);

    internal void RunStep(TBatch batch)
    {
        _running = batch;
        try
        {
            Bind(batch, _memory.TrainingSizes, _memory.Inputs);
            foreach (var net in _nets) net.PrepareNewBuffers();
            RunObjectives();
            foreach (var net in _nets) net.KeepNewBuffers();
            StepCount++;
        }
        finally
        {
            _running = default;
        }
    }

    internal void EvaluateBatch(TBatch batch, bool isFirst)
    {
        _running = batch;
        try
        {
            Bind(batch, _memory.TrainingSizes, _memory.Inputs);
            var scalars = _memory.HostScalars.AsSpan(0, _evaluationScalars.Length);
            var call = Call(_setup.Evaluation);
            _setup.Evaluation.Program.Run(call);
            _memory.ReadScalars(scalars);
            _setup.Evaluation.Accumulate(_evaluationScalars, scalars, isFirst);
        }
        finally
        {
            _running = default;
        }
    }

    /// <summary>Adds the last step's numbers to those of the steps before it.</summary>
    internal void AccumulateStep(Span<double> total, bool isFirst)
    {
        var start = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            var objective = _setup.Objectives[i];
            var count = objective.Program.Scalars.Length;
            // The counter has moved on: the step that was made is the one before.
            if (isFirst || IsRun(i, StepCount - 1)) objective.Program.Accumulate(total.Slice(start, count), StepScalars.AsSpan(start, count), isFirst);
            start += count;
        }
    }

    private protected virtual void SavePosition(Dictionary<string, string> metadata) { }

    private protected virtual Action ReadPosition(StateNumbers numbers) => () => { };

    // The first objective computes metrics and buffers, so it runs in every step; whether its optimizer is applied is another matter.
    private bool IsRun(int objective, long step) => objective == 0 || IsDue(objective, step);

    private bool IsDue(int objective, long step) => step % _setup.Objectives[objective].Every == 0;

    private void RunObjectives()
    {
        var start = 0;
        for (var i = 0; i < _setup.Objectives.Length; i++)
        {
            var objective = _setup.Objectives[i];
            var scalars = _batchScalars.AsSpan(start, objective.Program.Scalars.Length);
            start += scalars.Length;
            if (!IsRun(i, StepCount)) continue;
            var call = Call(objective.Program);
            objective.Program.Program.Run(call);
            _memory.ReadScalars(scalars);
            var loss = scalars[0] / scalars[1];
            if (!double.IsFinite(loss)) Fail(i, call, $"the loss '{objective.Name}'", loss);
            if (!IsDue(i, StepCount)) continue;
            ClipGradients(i, call);
            if (i < _setup.Objectives.Length - 1) objective.BackUp();
            objective.Apply(_pool);
        }
        _batchScalars.CopyTo(StepScalars, 0);
    }

    private void ClipGradients(int index, in ProgramCall call)
    {
        var objective = _setup.Objectives[index];
        if (_setup.Clip == GradientClip.Value) objective.ClampGradients(_pool, _setup.ClipLimit);
        if (_setup.Clip != GradientClip.GlobalNorm) return;
        var norm = objective.GradientNorm(_pool);
        if (!double.IsFinite(norm)) Fail(index, call, $"the norm of the gradient of '{objective.Name}'", norm);
        // As PyTorch's clip_grad_norm_ has it, with the same small number against division by zero.
        if (norm > _setup.ClipLimit) objective.ScaleGradients(_pool, _setup.ClipLimit / (norm + 1e-6));
    }

    /// <summary>Takes back what earlier objectives of this step have done, finds the line, and throws.</summary>
    private void Fail(int index, in ProgramCall call, string what, double value)
    {
        var source = _setup.Objectives[index].Program.Program.FindNonFinite(call);
        for (var i = index - 1; i >= 0; i--)
        {
            if (IsDue(i, StepCount)) _setup.Objectives[i].Restore();
        }
        throw new TrainingDivergedException(StepCount, what, value, source);
    }

    private ProgramCall Call(TrainingProgram program)
    {
        _memory.SelectSizes(program.Axes.AsSpan());
        for (var i = 0; i < _nets.Length; i++)
        {
            var net = _nets[i];
            _memory.Parameters[i] = net.ParameterStorage;
            _memory.Gradients[i] = net.GradientStorage;
            _memory.Buffers[i] = net.BufferStorage;
            _memory.NewBuffers[i] = net.NewBufferStorage;
        }
        return new ProgramCall
        {
            Sizes = _memory.Sizes,
            Inputs = _memory.Inputs,
            Parameters = _memory.Parameters,
            Gradients = _memory.Gradients,
            Buffers = _memory.Buffers,
            NewBuffers = _memory.NewBuffers,
            Scalars = _memory.Scalars,
            Seed = Seed,
            Step = (ulong)StepCount,
        };
    }

    private StateFile StateTensors()
    {
        var file = new StateFile("training", FormatVersion, _setup.Name);
        foreach (var (name, net) in _setup.Nets)
        {
            var manifest = net.GetManifest();
            foreach (var spec in manifest.Parameters) file.Add($"nets.{name}.{spec.CheckpointName}", spec.Shape.AsSpan(), net.ParameterStorage + spec.Offset, spec.Count);
            foreach (var spec in manifest.Buffers) file.Add($"nets.{name}.{spec.CheckpointName}", spec.Shape.AsSpan(), net.BufferStorage + spec.Offset, spec.Count);
        }
        var netNames = _setup.Nets.Select(net => net.Name).ToArray();
        foreach (var objective in _setup.Objectives) objective.AddStateTo(file, netNames);
        return file;
    }

    private void CheckNets()
    {
        for (var i = 0; i < _nets.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(_nets[i], _setup.Nets[i].Name);
            if (_nets[i].Device.Pool != _nets[0].Device.Pool)
            {
                throw new ArgumentException($"'{_setup.Nets[i].Name}' and '{_setup.Nets[0].Name}' are on different devices; construct them with the same one.");
            }
            for (var k = 0; k < i; k++)
            {
                if (ReferenceEquals(_nets[i], _nets[k]))
                {
                    throw new ArgumentException($"'{_setup.Nets[k].Name}' and '{_setup.Nets[i].Name}' are the same object; they are two networks, so construct two.");
                }
            }
        }
    }

    private static string UpdatesKey(Objective objective) => $"updates.{objective.Name}";
}
