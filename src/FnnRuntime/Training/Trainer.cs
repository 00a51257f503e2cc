using System.ComponentModel;
using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// Trains networks batch by batch: runs the compiled programs, applies the optimizers, and saves and resumes all of it. Base of the generated
/// training classes.
/// </summary>
/// <remarks>
/// One thread at a time, for the trainer and for its networks: a call while another thread's is under way, be it all of a run, throws <see cref="InvalidOperationException"/>. Calls on the same thread
/// within a run, such as an evaluation where progress is told, are part of it; what would change where the run is, is refused. A step allocates no managed memory once the first step at these sizes is over.
/// The same seed, weights, batches and sizes give the same bits, on any number of threads, and on several devices for the same number of them.
/// </remarks>
/// <typeparam name="TBatch">The tensors of a batch.</typeparam>
/// <typeparam name="TReport">Losses and metrics by name.</typeparam>
public abstract unsafe partial class Trainer<TBatch, TReport> : IDisposable, ITrainingState
{
    private const int FormatVersion = 1;
    private readonly TrainingSetup _setup;
    private readonly Model[] _nets;
    private readonly string[] _netNames;
    private readonly LowRankAdapters[] _adapters;
    private readonly List<MovingAverage> _averages = [];
    private readonly CallMemory _memory;
    private readonly DeviceUpdates _updates;
    private readonly double[] _batchScalars;
    private readonly double[] _evaluationScalars;

    private bool _isDisposed;

    // The tensors of the running batch, held here so that they live as long as programs point to them.
    private TBatch? _running;

    /// <summary>For generated code.</summary>
    /// <param name="setup">What is trained, and how.</param>
    /// <param name="seed">Of random draws and of the order of samples.</param>
    /// <exception cref="ArgumentException">The networks are on different devices, or one is given twice; or the devices to share steps do not go together.</exception>
    protected Trainer(TrainingSetup setup, ulong seed)
    {
        _setup = setup;
        foreach (var objective in setup.Objectives) objective.Program.Program.Precompile();
        _nets = new Model[setup.Nets.Length + setup.Adapters.Length];
        _netNames = new string[_nets.Length];
        _isHeld = new bool[_nets.Length];
        for (var i = 0; i < setup.Nets.Length; i++) (_netNames[i], _nets[i]) = setup.Nets[i];
        _adapters = new LowRankAdapters[setup.Adapters.Length];
        Seed = seed;
        _parametersOfRun = new DeviceMemory[_nets.Length];
        var scalars = setup.Objectives.Sum(objective => objective.Program.Scalars.Length);
        StepScalars = new double[scalars];
        _batchScalars = new double[scalars];
        _evaluationScalars = new double[setup.Evaluation.Scalars.Length];
        _evaluationBatch = new double[_evaluationScalars.Length];
        _scalarsOfStep = Math.Max(_evaluationScalars.Length, scalars);
        try
        {
            CheckNets();
            MakeAdapters();
            MakeAverages();
            _replicas = MakeReplicas(DeviceList.Others(setup.Name, setup.Devices, _nets[0].Device));
            _updates = _nets[0].Device.CreateUpdates();
            foreach (var objective in setup.Objectives) objective.Attach(_nets, accumulates: setup.Accumulate > 1);
            _memory = new CallMemory(
                setup.AxisCount, setup.InputCount, _nets.Length,
                _nets[0].Device.Allocate((long)_scalarsOfStep * (_updates.IsDeferred ? MostPending : 1) * sizeof(float), $"the losses and metrics of {setup.Name}"));
        }
        catch
        {
            // What there was room for: whoever is refused a trainer has none to dispose of.
            Free();
            throw;
        }
    }

    /// <summary>The seed of random draws and of the order of samples.</summary>
    public ulong Seed { get; private set; }

    /// <summary>How many numbers the training changes: weights that are frozen, or that no loss reaches, are not among them.</summary>
    public long TrainedCount => _setup.Objectives.SelectMany(objective => objective.Trained).Distinct().Sum(trained => (long)_nets[trained.Net].GetManifest().Parameters[trained.Parameter].Count);

    /// <summary>Steps made so far, in all runs.</summary>
    public long StepCount { get; private set; }

    /// <summary>
    /// Computes the losses of a batch and their gradients, and applies the optimizers.
    /// </summary>
    /// <returns>Losses and metrics of the batch, from before the update.</returns>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other, or an index lies outside; nothing has been changed.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite; nothing has been changed.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, or another thread uses the training or a network of it.</exception>
    public TReport Step(TBatch batch)
    {
        RequireNoRun(nameof(Step));
        using var use = Exclusively();
        RunStep(batch, isAsked: true);
        return MakeReport(StepCount, StepScalars);
    }

    /// <summary>Losses and metrics of a batch, as inference computes them, with the average of the weights where there is one; changes nothing.</summary>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other, or an index lies outside.</exception>
    /// <exception cref="TrainingDivergedException">A loss is NaN or infinite. A metric may be.</exception>
    public TReport Evaluate(TBatch batch)
    {
        using var use = Exclusively();
        EvaluateBatch(batch, firstSample: 0);
        return MakeEvaluationReport(StepCount, _evaluationScalars);
    }

    /// <summary>
    /// Bytes of intermediate values while a batch is trained on: the largest of the objectives' programs, and of several devices on the first, whose share is the largest.
    /// </summary>
    /// <exception cref="ArgumentException">Sizes of the batch do not fit each other.</exception>
    public long ArenaBytes(TBatch batch)
    {
        using var use = Exclusively();
        BindShares(batch);
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
        using var use = Exclusively();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        SaveNumbers(metadata);
        StateTensors(writes: false).Write(path, metadata);
    }

    /// <summary>
    /// Goes on where <see cref="Save"/> was called, to the same bits as without the interruption; or changes nothing when anything about the file is
    /// wrong. Settings of optimizers are not in the file: they are the program's.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be read, is damaged, of another training or of another format version; nothing has been changed.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, or another thread uses the training or a network of it.</exception>
    public void Resume(string path)
    {
        RequireNoRun(nameof(Resume));
        using var use = Exclusively();
        StateTensors(writes: true).Read(path, requireFormat: true, metadata => ReadNumbers(new StateNumbers(path, metadata)));
    }

    void ITrainingState.SaveNumbers(Dictionary<string, string> metadata) => SaveNumbers(metadata);

    Action ITrainingState.ReadNumbers(StateNumbers numbers) => ReadNumbers(numbers);

    void ITrainingState.AddStateTo(StateFile file, bool writes)
    {
        // The networks are in the file already; updates of low rank are this training's own.
        for (var i = _setup.Nets.Length; i < _nets.Length; i++) _nets[i].AddStateTo(file, $"training.{_netNames[i]}.", writes);
        AddAveragesTo(file, writes);
        foreach (var objective in _setup.Objectives) objective.AddStateTo(file, _netNames, writes);
    }

    private void SaveNumbers(Dictionary<string, string> metadata)
    {
        metadata["seed"] = Seed.ToString(CultureInfo.InvariantCulture);
        metadata["step"] = StepCount.ToString(CultureInfo.InvariantCulture);
        foreach (var objective in _setup.Objectives) metadata[UpdatesKey(objective)] = objective.Updates.ToString(CultureInfo.InvariantCulture);
        SavePosition(metadata);
    }

    private Action ReadNumbers(StateNumbers numbers)
    {
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
            ResumeAverages();
        };
    }

    /// <summary>
    /// Keeps weights as they are in all steps of this training, as <c>freeze</c> does in a <c>.fnn</c> file. Call it before the first step.
    /// </summary>
    /// <param name="paths">What to keep: <c>net.encoder</c> is all below it, and a part may be <c>*</c>. The first part is the training's name of a network.</param>
    /// <exception cref="ArgumentException">A path matches no weight, or nothing would be left for a loss to train.</exception>
    /// <exception cref="InvalidOperationException">Steps have been made.</exception>
    public void Freeze(params string[] paths)
    {
        using var use = Exclusively();
        ArgumentNullException.ThrowIfNull(paths);
        if (StepCount > 0) throw new InvalidOperationException("Optimizers remember something of each weight that is trained; freeze some before the first step.");
        var frozen = new HashSet<(int Net, int Parameter)>();
        foreach (var path in paths)
        {
            var pattern = path.Split('.');
            var isEmpty = true;
            for (var net = 0; net < _nets.Length; net++)
            {
                // To change a weight by an update of low rank is to change it.
                var name = _netNames[NetworkOf(net)];
                var parameters = _nets[net].GetManifest().Parameters;
                for (var i = 0; i < parameters.Length; i++)
                {
                    if (WeightPath.Rest(pattern, $"{name}.{parameters[i].Path}") is null) continue;
                    frozen.Add((net, i));
                    isEmpty = false;
                }
            }
            if (isEmpty) throw new ArgumentException($"'{path}' matches no weight of {_setup.Name}; a path begins with the name of a network: {string.Join(", ", _setup.Nets.Select(net => net.Name))}.", nameof(paths));
        }
        foreach (var objective in _setup.Objectives)
        {
            if (!objective.Trains(frozen)) throw new ArgumentException($"Nothing is left for '{objective.Name}' of {_setup.Name} to train.", nameof(paths));
        }
        foreach (var objective in _setup.Objectives) objective.Freeze(frozen);
    }

    /// <summary>Makes the networks what evaluations are made with, and ends the training: averages take the place of weights and of updates of low rank, which become part of the weights.</summary>
    internal void KeepResult()
    {
        for (var i = 0; i < _nets.Length; i++)
        {
            if (Evaluated(i) is var average && average != _nets[i]) _nets[i].CopyFrom(average);
        }
        // Where updates have an average, it is what they now are.
        foreach (var adapters in _adapters) adapters.Merge();
    }

    /// <summary>Frees the memory of programs and optimizers. The networks stay. What computes or saves throws <see cref="ObjectDisposedException"/> afterwards; the counts may still be read.</summary>
    /// <exception cref="InvalidOperationException">Another thread uses it.</exception>
    public virtual void Dispose()
    {
        using var use = ExclusiveUse.Begin(ref _user, "training", _setup.Name);
        _isDisposed = true;
        _pending = 0;
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Before anything that reads or writes the memory of the training or of its networks.</summary>
    /// <exception cref="ObjectDisposedException">The training has been disposed of, or one of the networks.</exception>
    private protected void RequireMemory()
    {
        if (_isDisposed) Disposed.Throw("training", _setup.Name);
        foreach (var net in _nets) net.RequireMemory();
    }

    private void Free()
    {
        foreach (var replica in _replicas) replica.Dispose();
        foreach (var objective in _setup.Objectives) objective.Dispose();
        _setup.Evaluation.Program.Dispose();
        foreach (var adapters in _adapters) adapters?.Dispose();
        foreach (var average in _averages) average.Model.Dispose();
        _memory?.Dispose();
        _updates?.Dispose();
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

    /// <summary>The names of a report's losses and metrics, as the <c>.fnn</c> file has them.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract string[] ReportNames();

    /// <summary>A report's losses and metrics, in the order of <see cref="ReportNames"/>.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract double[] ReportValues(TReport report);

    private protected string SetupName => _setup.Name;

    private protected string DeviceName => string.Join("; ", _replicas.Select(replica => replica.Device).Prepend(_nets[0].Device));

    /// <summary>Writes the weights that evaluations are made with, a file for each network.</summary>
    private protected void SaveBest(RunFolder folder)
    {
        for (var i = 0; i < _nets.Length; i++) Evaluated(i).Save(Best(folder, i));
    }

    /// <summary>Reads what <see cref="SaveBest"/> wrote.</summary>
    private protected void LoadBest(RunFolder folder)
    {
        for (var i = 0; i < _nets.Length; i++)
        {
            _nets[i].Load(Best(folder, i));
            if (Evaluated(i) is var average && average != _nets[i]) average.CopyFrom(_nets[i]);
        }
    }

    private string Best(RunFolder folder, int net) => folder.Best(_netNames[net], isOnly: _setup.Nets.Length == 1 && net == 0);

    /// <summary>Sizes of the networks, and optimizers with their settings.</summary>
    private protected IEnumerable<(string Name, object? Value)> DescribeNetworks()
    {
        for (var i = 0; i < _nets.Length; i++) yield return ($"parameters.{_netNames[i]}", _nets[i].ParameterCount);
        yield return ("trained", TrainedCount);
        foreach (var objective in _setup.Objectives) yield return ($"optimizer.{objective.Name}", $"{objective.Optimizer.GetType().Name}, learning rate {objective.Optimizer.LearningRate}");
    }

    /// <summary>The seeds that the networks have.</summary>
    private protected IEnumerable<(string Name, ulong Seed)> NetSeeds() => _setup.Nets.Select(net => (net.Name, net.Model.Seed));

    /// <summary>What optimizers are set to: a key, its value, and what it is called.</summary>
    /// <param name="saved">A training whose updates they are; null for this one.</param>
    private protected IEnumerable<(string Key, string Value, string What)> OptimizerSettings(StateNumbers? saved)
    {
        foreach (var objective in _setup.Objectives)
        {
            var updates = saved?.Count(UpdatesKey(objective)) ?? objective.Updates;
            yield return ($"optimizer.{objective.Name}.settings", objective.Optimizer.Describe(updates), $"the optimizer of '{objective.Name}'");
        }
    }

    /// <summary>The learning rate that each objective's next update has, by the name it has in curves.</summary>
    private protected IEnumerable<(string Name, double Rate)> LearningRates()
    {
        foreach (var objective in _setup.Objectives)
            yield return (_setup.Objectives.Length == 1 ? "learning_rate" : $"learning_rate.{objective.Name}", objective.Optimizer.LearningRate.At(objective.Updates));
    }

    /// <summary>The numbers of the last step; those of an objective that did not run are from the last step where it did.</summary>
    internal double[] StepScalars { get; }

    /// <summary>The numbers of the last evaluation, from which <see cref="ReportOf"/> makes its report.</summary>
    internal ReadOnlySpan<double> EvaluationScalars => _evaluationScalars;

    internal TReport EvaluationResult() => ReportOf(_evaluationScalars);

    internal TReport ReportOf(ReadOnlySpan<double> evaluation) => MakeEvaluationReport(StepCount, evaluation);

    /// <param name="batch">The batch.</param>
    /// <param name="firstSample">Which sample of the data its first one is.</param>
    internal void EvaluateBatch(TBatch batch, int firstSample)
    {
        RunEvaluation(null, batch, firstSample);
        CheckEvaluation(batch, firstSample);
        _setup.Evaluation.Accumulate(_evaluationScalars, _evaluationBatch, isFirst: firstSample == 0);
    }

    /// <summary>Runs a program of the training that changes nothing.</summary>
    /// <param name="other">Null is the evaluation's; another one runs on the first device.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="firstSample">Which sample of the data its first one is: random draws of batches have nothing in common.</param>
    /// <returns>Its numbers, which are good until the next call.</returns>
    internal ReadOnlySpan<double> RunEvaluation(TrainingProgram? other, TBatch batch, int firstSample)
    {
        var numbers = _evaluationBatch.AsSpan(0, (other ?? _setup.Evaluation).Scalars.Length);
        _running = batch;
        try
        {
            if (other is null)
            {
                BindShares(batch);
                var shares = RunShares(_setup.Objectives.Length, _setup.Evaluation, EvaluationCall(_setup.Evaluation, firstSample));
                _memory.ReadScalars(0, numbers);
                CombineEvaluation(shares, numbers);
                return numbers;
            }
            Bind(batch, _memory.TrainingSizes, _memory.Inputs);
            other.Program.Run(EvaluationCall(other, firstSample));
            _memory.ReadScalars(0, numbers);
            return numbers;
        }
        finally
        {
            _running = default;
        }
    }

    private protected virtual void SavePosition(Dictionary<string, string> metadata) { }

    private protected virtual Action ReadPosition(StateNumbers numbers) => () => { };

    /// <summary>A call of an objective's program.</summary>
    private ProgramCall Call(Objective objective, int firstScalar, ParameterUpdates? updates)
    {
        if (objective.ScaleOfProgram is { } scale) _memory.Kept[0] = scale.ForProgram(writes: false);
        return Call(objective.Program, firstScalar, isEvaluation: false, updates);
    }

    private ProgramCall EvaluationCall(TrainingProgram program, int firstSample)
    {
        var call = Call(program, firstScalar: 0, isEvaluation: true);
        return firstSample == 0 ? call : call with { Seed = SplitMix64.Combine(~Seed, (ulong)firstSample) };
    }

    private ProgramCall Call(TrainingProgram program, int firstScalar, bool isEvaluation, ParameterUpdates? updates = null)
    {
        _memory.SelectSizes(program.Axes.AsSpan());
        for (var i = 0; i < _nets.Length; i++)
        {
            var net = _nets[i];
            net.CheckTrainable();
            _memory.Parameters[i] = ParametersOf(i, isEvaluation).ForProgram(writes: false);
            if (!isEvaluation) _memory.Gradients[i] = net.Gradients.ForProgram(updates);
            _memory.Buffers[i] = net.BufferMemory.ForProgram(writes: false);
            _memory.NewBuffers[i] = net.NewBufferMemory.ForProgram(writes: true);
        }
        foreach (var average in _averages) average.Model.CheckTrainable();
        var call = _memory.Call(Seed, (ulong)StepCount);
        return call with { Scalars = _nets[0].Device.IsCpu ? call.Scalars + firstScalar : call.Scalars, FirstScalar = firstScalar, Updates = updates };
    }

    private DeviceMemory ParametersOf(int net, bool isEvaluation) => (isEvaluation ? Evaluated(net) : _nets[net]).ParameterMemory;

    /// <param name="writes">Whether the file is read into them.</param>
    private StateFile StateTensors(bool writes)
    {
        var file = new StateFile("training", FormatVersion, _setup.Name);
        for (var i = 0; i < _nets.Length; i++)
        {
            _nets[i].CheckTrainable();
            _nets[i].AddStateTo(file, $"nets.{_netNames[i]}.", writes);
        }
        foreach (var average in _averages) average.Model.CheckTrainable();
        AddAveragesTo(file, writes);
        foreach (var objective in _setup.Objectives) objective.AddStateTo(file, _netNames, writes);
        return file;
    }

    private void CheckNets()
    {
        Model.RequireDistinct(_setup.Nets);
        for (var i = 0; i < _setup.Nets.Length; i++)
        {
            if (_nets[i].Device != _nets[0].Device)
            {
                throw new ArgumentException($"'{_netNames[i]}' and '{_netNames[0]}' are on different devices; construct them with the same one.");
            }
        }
    }

    private static string UpdatesKey(Objective objective) => $"updates.{objective.Name}";
}
