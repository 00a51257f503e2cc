using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FeedbackNN;

/// <summary>A training whose state lies in a file that holds more than that. The trainer's own checkpoints are written with the same methods.</summary>
internal interface ITrainingState
{
    /// <summary>Adds where the training is.</summary>
    void SaveNumbers(Dictionary<string, string> metadata);

    /// <summary>Reads where it was; the result takes it over.</summary>
    Action ReadNumbers(StateNumbers numbers);

    /// <summary>Adds what the optimizers remember.</summary>
    /// <param name="file">Where it goes.</param>
    /// <param name="writes">Whether the file is read into it.</param>
    void AddStateTo(StateFile file, bool writes);
}

/// <summary>
/// What a pipeline has done, in one file that is replaced as a whole: the steps that are finished with what evaluations found, all networks, and, within a training,
/// that training and the samples it was given. One file, because two could be of two different moments.
/// </summary>
internal sealed unsafe class PipelineState
{
    private const int FormatVersion = 1;
    private readonly string _path;
    private readonly PipelineSetup _setup;
    private readonly IReadOnlyList<(string Key, string Value, string What)> _identity;
    private readonly List<(string Stage, double[] Found)> _finished = [];
    private int _chosen = -1;
    private bool _hasAnswers;

    private PipelineState(string path, PipelineSetup setup, IReadOnlyList<(string Key, string Value, string What)> identity) => (_path, _setup, _identity) = (path, setup, identity);

    /// <summary>The steps that are finished, in their order.</summary>
    public IReadOnlyList<(string Stage, double[] Found)> Finished => _finished;

    /// <summary>The file ends within a training: that of the step behind the finished ones.</summary>
    public bool IsWithin { get; private set; }

    /// <summary>Reads how far a run has come, if there is one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="setup">The pipeline.</param>
    /// <param name="identity">What must be the same for a run to be continued: a key, its value, and what it is called.</param>
    /// <exception cref="CheckpointException">The file is damaged, or of another pipeline or another run.</exception>
    public static PipelineState Open(string path, PipelineSetup setup, IReadOnlyList<(string Key, string Value, string What)> identity)
    {
        var state = new PipelineState(path, setup, identity);
        if (File.Exists(path)) state.ReadHead();
        return state;
    }

    public void Finish(string stage, double[] found)
    {
        _finished.Add((stage, found));
        IsWithin = false;
        Save(within: null, chosen: null);
    }

    /// <exception cref="CheckpointException">The file can't be written; the one before is as it was.</exception>
    public void Save(ITrainingState? within, ChosenSamples? chosen)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value, _) in _identity) metadata[Key(key)] = value;
        metadata[Key("finished")] = Text(_finished.Count);
        for (var i = 0; i < _finished.Count; i++)
        {
            metadata[Key($"stage.{Text(i)}")] = _finished[i].Stage;
            metadata[Key($"found.{Text(i)}")] = StateNumbers.Format(_finished[i].Found);
        }
        if (within is not null)
        {
            metadata[Key("chosen")] = chosen is null ? "all" : Text(chosen.Samples.Length);
            metadata[Key("answers")] = chosen?.Answers is null ? "no" : "yes";
            within.SaveNumbers(metadata);
        }
        Tensors(within, chosen, writes: false).Write(_path, metadata);
    }

    /// <summary>Takes over the networks, and the training that the file ends within.</summary>
    /// <returns>The samples that it was given; null for all.</returns>
    public ChosenSamples? Load(ITrainingState? within)
    {
        var chosen = within is null || _chosen < 0 ? null : ChosenSamples.OfLength(_chosen, _hasAnswers);
        Tensors(within, chosen, writes: true).Read(_path, requireFormat: true, metadata => within?.ReadNumbers(new StateNumbers(_path, metadata)) ?? (() => { }));
        return chosen;
    }

    private void ReadHead()
    {
        var metadata = Kind().ReadMetadata(_path);
        foreach (var (key, value, what) in _identity)
        {
            var found = metadata.GetValueOrDefault(Key(key), "");
            if (found == value) continue;
            var difference = key == "plan" ? "with other steps than the pipeline has now" : $"with {what} {found}, and this is {value}";
            throw new CheckpointException(_path, $"the run in this folder was begun {difference}. Continue it as it was begun, or take another folder.");
        }
        var numbers = new StateNumbers(_path, metadata);
        for (var i = 0; i < numbers.Integer(Key("finished")); i++)
        {
            _finished.Add((metadata.GetValueOrDefault(Key($"stage.{Text(i)}"), ""), numbers.Doubles(Key($"found.{Text(i)}"))));
        }
        IsWithin = metadata.TryGetValue(Key("chosen"), out var chosen);
        if (!IsWithin) return;
        if (chosen != "all") _chosen = numbers.Integer(Key("chosen"));
        _hasAnswers = metadata.GetValueOrDefault(Key("answers")) == "yes";
    }

    private StateFile Kind() => new("pipeline", FormatVersion, _setup.Name);

    private StateFile Tensors(ITrainingState? within, ChosenSamples? chosen, bool writes)
    {
        var file = Kind();
        foreach (var (name, net) in _setup.Nets) net.AddStateTo(file, $"nets.{name}.", writes);
        within?.AddStateTo(file, writes);
        if (chosen is null) return file;
        Add("samples", chosen.Samples);
        if (chosen.Answers is { } answers) Add("answers", answers);
        return file;

        void Add(string name, int[] numbers) => file.Add(
            "chosen." + name, SafetensorsDtype.Int32, [numbers.Length], Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(numbers)), (long)numbers.Length * sizeof(int));
    }

    private static string Key(string name) => "pipeline." + name;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
