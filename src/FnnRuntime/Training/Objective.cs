using System.Collections.Immutable;
using System.ComponentModel;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace FeedbackNN;

/// <summary>
/// One <c>minimize</c> of a training: its program, its optimizer with what that remembers, and the parameters it changes. For generated code.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe partial class Objective : IDisposable
{
    private ImmutableArray<(int Net, int Parameter)> _trained;

    // Different shares of the learning rate, and which of them each trained parameter takes.
    private readonly double[] _shares;
    private readonly bool _countsSamples;
    private int[] _shareOf;
    private bool _isFrozen;
    private Model[] _nets = [];
    private ParameterRange[] _ranges = [];
    private ParameterSlice[] _slices = [];

    // The same, cut where parameters that decay and others meet.
    private ParameterSlice[] _slicesByDecay = [];
    private ParameterSlice[] _slicesAfterwards = [];
    private bool _decaysVectors;

    private readonly UpdateRule[] _rules;
    private ParameterUpdates? _updates;
    private DeviceMemory? _state;
    private DeviceMemory? _backup;
    private DeviceMemory? _sums;

    // What the loss is multiplied by, and what the program is given as such.
    private DeviceMemory? _scale;
    private DeviceMemory? _scaleOfProgram;
    private int _stateCount;
    private long _stateStride;

    /// <param name="name">The loss's name.</param>
    /// <param name="program">Computes the loss and the gradients; its numbers 0 and 1 are the loss's sum and count.</param>
    /// <param name="optimizer">The rule.</param>
    /// <param name="every">It is applied every so many steps.</param>
    /// <param name="trained">The parameters it changes, by net and position; frozen ones are not among them.</param>
    /// <param name="rates">For each of them how much of the learning rate it takes; without any, all of it.</param>
    /// <param name="countsSamples">The loss's count grows with the batch. Otherwise the loss is one number however many samples there are, such as a sum of two means.</param>
    /// <param name="isScaled">Whether the program multiplies the loss by a number that is kept: precision f16.</param>
    public Objective(
        string name, TrainingProgram program, Optimizer optimizer, int every, ImmutableArray<(int Net, int Parameter)> trained, ImmutableArray<double> rates = default, bool countsSamples = true,
        bool isScaled = false)
    {
        _countsSamples = countsSamples;
        Name = name;
        Program = program;
        Optimizer = optimizer;
        Every = every;
        _trained = trained;
        IsScaled = isScaled;
        _shares = rates.IsDefault ? [1] : [.. rates.Distinct()];
        _shareOf = rates.IsDefault ? new int[trained.Length] : [.. rates.Select(rate => Array.IndexOf(_shares, rate))];
        _rules = new UpdateRule[2 * _shares.Length];
    }

    internal string Name { get; }

    internal TrainingProgram Program { get; }

    internal Optimizer Optimizer { get; }

    internal int Every { get; }

    /// <summary>The parameters it changes.</summary>
    internal ImmutableArray<(int Net, int Parameter)> Trained => _trained;

    /// <summary>Whether it changes anything of a network.</summary>
    internal bool Trains(int net)
    {
        foreach (var trained in _trained)
        {
            if (trained.Net == net) return true;
        }
        return false;
    }

    /// <summary>How often the optimizer has been applied.</summary>
    internal long Updates { get; set; }

    /// <summary>Frees what the optimizer remembers, and the program's arena.</summary>
    public void Dispose()
    {
        _state?.Dispose();
        _backup?.Dispose();
        _sums?.Dispose();
        if (_scaleOfProgram != _scale) _scaleOfProgram?.Dispose();
        _scale?.Dispose();
        Program.Program.Dispose();
    }

    /// <summary>Whether something is trained when these are not.</summary>
    internal bool Trains(HashSet<(int Net, int Parameter)> frozen) => _trained.Any(reference => !frozen.Contains(reference));

    /// <summary>Trains some weights no longer. Before the first step.</summary>
    internal void Freeze(HashSet<(int Net, int Parameter)> frozen)
    {
        _shareOf = [.. _shareOf.Where((_, i) => !frozen.Contains(_trained[i]))];
        _trained = [.. _trained.Where(reference => !frozen.Contains(reference))];
        _isFrozen = true;
        var accumulates = _sums is not null;
        _sums?.Dispose();
        _sums = null;
        Attach(_nets, accumulates);
    }

    // A program that changes weights as it computes their gradients does so with all of them, or is not asked to.
    private ReadOnlySpan<UpdatedParameter> UpdatedByProgram => _isFrozen ? [] : Program.Program.ParametersUpdated;

    /// <param name="nets">The networks of the training.</param>
    /// <param name="accumulates">Gradients are added up over several steps.</param>
    internal void Attach(Model[] nets, bool accumulates)
    {
        _nets = nets;
        _ranges = FindRanges();
        _stateStride = 0;
        foreach (var range in _ranges) _stateStride += range.Length;
        if (IsScaled && _scale is null)
        {
            _scale = Number(LossScale.First);
            // On the processor it stands still, as a file from elsewhere had it: programs there take 1.
            _scaleOfProgram = Device.IsCpu ? Number(1) : _scale;
        }
        if (accumulates) _sums = Device.Allocate(SumsLength * sizeof(float), $"the gradients of '{Name}' over several steps");
        SliceParameters();
    }

    /// <summary>Whether the program multiplies the loss by a number that is kept.</summary>
    internal bool IsScaled { get; }

    /// <summary>What the program multiplies the loss by, in memory; null where it multiplies it by nothing.</summary>
    internal DeviceMemory? ScaleOfProgram => _scaleOfProgram;

    /// <summary>Makes the gradients those of the loss itself.</summary>
    internal void Unscale(DeviceUpdates updates, bool isFirst, long step, int objective)
    {
        if (_scale is not null) updates.Unscale(_slices, _scale, isFirst, step, objective);
    }

    /// <summary>Adds the gradients to those of the steps before, for an update that is made after several.</summary>
    /// <param name="updates">The device's way to do it.</param>
    /// <param name="scalars">The step's numbers.</param>
    /// <param name="start">Where this objective's begin: the loss's sum, then its count.</param>
    /// <param name="isFirst">There are none before.</param>
    internal void Accumulate(DeviceUpdates updates, DeviceMemory scalars, long start, bool isFirst)
    {
        foreach (ref readonly var slice in _slices.AsSpan()) updates.Accumulate(slice, Sums, scalars, start + 1, isFirst);
        updates.Count(Sums, scalars, start + 1, isFirst);
    }

    /// <summary>The gradients become the means over this step and those that were added up.</summary>
    internal void TakeMean(DeviceUpdates updates, DeviceMemory scalars, long start)
    {
        foreach (ref readonly var slice in _slices.AsSpan()) updates.TakeMean(slice, Sums, scalars, start + 1);
    }

    /// <summary>Scales all gradients down when their norm exceeds the limit; gives the norm where it is known at once.</summary>
    internal double? ClipNorm(DeviceUpdates updates, double limit, long step, int objective) => updates.ClipNorm(_slices, limit, step, objective);

    internal void ClampGradients(DeviceUpdates updates, double limit)
    {
        foreach (ref readonly var slice in _slices.AsSpan()) updates.Clamp(slice, limit);
    }

    /// <summary>Changes the parameters by the gradients.</summary>
    /// <param name="updates">The device's way to do it.</param>
    /// <param name="isBegun">The program's run was given <see cref="BeginUpdate"/>, and has changed the parameters that it updates itself.</param>
    internal void Apply(DeviceUpdates updates, bool isBegun)
    {
        // Whoever has begun has looked at the settings, and schedules are asked once an update.
        if (!isBegun)
        {
            MakeRoomForState();
            MakeRules();
        }
        foreach (ref readonly var slice in (isBegun ? _slicesAfterwards : _slicesByDecay).AsSpan()) updates.Apply(slice, _rules[RuleOf(slice.Rule, slice.Decays)]);
        Updates++;
    }

    /// <summary>What a run of the program needs to change parameters as it computes their gradients; null where it changes none.</summary>
    internal ParameterUpdates? BeginUpdate()
    {
        if (UpdatedByProgram.IsEmpty) return null;
        MakeRoomForState();
        MakeRules();
        return _updates;
    }

    /// <summary>What <see cref="Apply"/> does after a run that has begun, for a profile: it reads and writes parameters and state, and reads gradients. Its operations are not counted.</summary>
    internal StepDescription DescribeUpdate()
    {
        MakeRoomForState();
        var count = _slicesAfterwards.Sum(slice => slice.Length);
        var floats = 3 + 2 * Optimizer.StateNames.Length;
        return new StepDescription(0, Optimizer.GetType().Name, count.ToString(CultureInfo.InvariantCulture), 0, floats * sizeof(float) * count);
    }

    /// <summary>Remembers parameters and state, in case a later objective of the same step fails.</summary>
    internal void BackUp(DeviceUpdates updates)
    {
        MakeRoomForState();
        var floats = (_stateStride * (1 + _stateCount)) + (_sums is null ? 0 : SumsLength) + (_scale is null ? 0 : LossScale.Length);
        if (_backup is null || _backup.ByteLength < floats * sizeof(float))
        {
            _backup?.Dispose();
            _backup = Device.Allocate(floats * sizeof(float), $"a copy of what '{Name}' changes, in case a later loss fails");
        }
        ExchangeWithBackup(updates, toBackup: true);
    }

    /// <summary>Takes back what <see cref="Apply"/> has changed since <see cref="BackUp"/>; <see cref="Updates"/> is the caller's.</summary>
    internal void Restore(DeviceUpdates updates) => ExchangeWithBackup(updates, toBackup: false);

    /// <summary>Adds what the optimizer remembers to a file, parameter by parameter.</summary>
    /// <param name="file">Where they go.</param>
    /// <param name="netNames">What the nets are called.</param>
    /// <param name="writes">Whether the file is read into them.</param>
    internal void AddStateTo(StateFile file, IReadOnlyList<string> netNames, bool writes)
    {
        MakeRoomForState();
        if (_sums is not null)
        {
            var sums = (float*)(writes ? _sums.ForWriting() : _sums.ForReading());
            AddArray(sums, "accumulated_gradient");
            file.Add($"optimizers.{Name}.accumulated_items", [], sums + Sums.Items, 1);
        }
        if (_scale is not null)
        {
            var scale = (float*)(writes ? _scale.ForWriting() : _scale.ForReading());
            for (var k = 0; k < LossScale.Names.Length; k++) file.Add($"optimizers.{Name}.{LossScale.Names[k]}", [], scale + k, 1);
        }
        var state = (float*)(_state is null ? null : writes ? _state.ForWriting() : _state.ForReading());
        var names = Optimizer.StateNames;
        for (var k = 0; k < names.Length; k++) AddArray(state + (k * _stateStride), names[k]);

        void AddArray(float* array, string name)
        {
            foreach (var (net, parameter) in _trained)
            {
                var spec = _nets[net].GetManifest().Parameters[parameter];
                file.Add($"optimizers.{Name}.{name}.{netNames[net]}.{spec.CheckpointName}", spec.Shape.AsSpan(), array + PositionOf(net, spec.Offset), spec.Count);
            }
        }
    }

    private DeviceMemory Number(float value)
    {
        var memory = Device.Allocate(LossScale.Length * sizeof(float), $"the scale of '{Name}'");
        *(float*)memory.ForWriting() = value;
        return memory;
    }

    // The number of items lies behind the sums, on a line of its own.
    private long SumsLength => _stateStride + 64;

    private GradientSums Sums => new(_sums!, _stateStride);

    private void MakeRules()
    {
        for (var i = 0; i < _shares.Length; i++)
        {
            var rule = Optimizer.RuleAt(Updates, _shares[i]);
            (_rules[RuleOf(i, decays: true)], _rules[RuleOf(i, decays: false)]) = (rule, rule.WithoutDecay);
        }
    }

    private static int RuleOf(int share, bool decays) => (2 * share) + (decays ? 0 : 1);

    private void MakeRoomForState()
    {
        var count = Optimizer.StateNames.Length;
        if (count <= _stateCount)
        {
            if (_decaysVectors != Optimizer.DecayVectors) SliceParameters();
            return;
        }
        _state?.Dispose();
        _state = Device.Allocate(count * _stateStride * sizeof(float), $"what the optimizer of '{Name}' remembers");
        _stateCount = count;
        SliceParameters();
    }

    private Device Device => _nets[0].Device;

    private void SliceParameters()
    {
        long position = 0;
        _slices = new ParameterSlice[_ranges.Length];
        for (var i = 0; i < _ranges.Length; i++)
        {
            var (net, start, length, rule) = _ranges[i];
            _slices[i] = new ParameterSlice(_nets[net].ParameterMemory, _nets[net].Gradients.Memory, start, length, _state, position, _stateStride, rule);
            position += length;
        }
        _decaysVectors = Optimizer.DecayVectors;
        _slicesByDecay = _decaysVectors ? _slices : ByDecay();
        var updated = UpdatedByProgram;
        _slicesAfterwards = Without(updated);
        if (updated.IsEmpty) return;
        var targets = new UpdateTarget[updated.Length];
        var state = (float*)(_state is null ? null : _state.ForWriting());
        for (var i = 0; i < updated.Length; i++)
        {
            var (net, start, _) = updated[i];
            var first = state == null ? null : state + PositionOf(net, start);
            var range = _ranges.First(range => range.Net == net && start >= range.Start && start < range.Start + range.Length);
            targets[i] = new UpdateTarget
            {
                Gradient = _nets[net].Gradients.Lazy(start),
                Parameter = (float*)_nets[net].ParameterMemory.ForWriting() + start,
                First = first,
                Second = first + _stateStride,
                Rule = RuleOf(range.Rule, _decaysVectors || !IsVector(_nets[net].GetManifest().Parameters.First(spec => spec.Offset == start))),
            };
        }
        _updates = new ParameterUpdates(_rules, targets);
    }

    /// <summary>The slices without the parameters that the program updates itself.</summary>
    private ParameterSlice[] Without(ReadOnlySpan<UpdatedParameter> updated)
    {
        var rest = new ParameterSlice[_slicesByDecay.Length + updated.Length];
        var count = 0;
        foreach (var whole in _slicesByDecay)
        {
            var slice = whole;
            for (var next = FirstIn(slice, updated); next >= 0; next = FirstIn(slice, updated))
            {
                var before = updated[next].Start - slice.Start;
                if (before > 0) rest[count++] = slice with { Length = before };
                var end = before + updated[next].Length;
                slice = slice with { Start = slice.Start + end, StateStart = slice.StateStart + end, Length = slice.Length - end };
            }
            if (slice.Length > 0) rest[count++] = slice;
        }
        return rest[..count];
    }

    /// <summary>The position of the parameter that comes first in a slice; -1 where none is in it.</summary>
    private int FirstIn(in ParameterSlice slice, ReadOnlySpan<UpdatedParameter> updated)
    {
        var first = -1;
        for (var i = 0; i < updated.Length; i++)
        {
            var isInside = _nets[updated[i].Net].ParameterMemory == slice.Parameters && updated[i].Start >= slice.Start && updated[i].Start < slice.Start + slice.Length;
            if (isInside && (first < 0 || updated[i].Start < updated[first].Start)) first = i;
        }
        return first;
    }

    /// <summary>The slices, cut where parameters that decay and others meet: neighbours of one kind stay one slice.</summary>
    private ParameterSlice[] ByDecay()
    {
        var cut = new List<ParameterSlice>();
        for (var i = 0; i < _slices.Length; i++)
        {
            var (whole, net) = (_slices[i], _ranges[i].Net);
            var inside = _nets[net].GetManifest().Parameters.Where(spec => spec.Offset >= whole.Start && spec.Offset < whole.Start + whole.Length).OrderBy(spec => spec.Offset).ToArray();
            for (var k = 0; k < inside.Length; k++)
            {
                var start = inside[k].Offset;
                var end = k + 1 < inside.Length ? inside[k + 1].Offset : whole.Start + whole.Length;
                var decays = !IsVector(inside[k]);
                if (k > 0 && cut[^1].Decays == decays) cut[^1] = cut[^1] with { Length = cut[^1].Length + end - start };
                else cut.Add(whole with { Start = start, Length = end - start, StateStart = whole.StateStart + start - whole.Start, Decays = decays });
            }
        }
        return [.. cut];
    }

    private static bool IsVector(StorageSpec spec) => spec.Shape.Length < 2;

    private void ExchangeWithBackup(DeviceUpdates updates, bool toBackup)
    {
        foreach (ref readonly var slice in _slices.AsSpan()) Copy(slice.Parameters, slice.Start, slice.StateStart, slice.Length);
        if (_state is not null) Copy(_state, 0, _stateStride, _stateStride * _stateCount);
        var end = _stateStride * (1 + _stateCount);
        if (_sums is not null) Copy(_sums, 0, end, SumsLength);
        if (_scale is not null) Copy(_scale, 0, end + (_sums is null ? 0 : SumsLength), LossScale.Length);

        void Copy(DeviceMemory live, long liveStart, long backupStart, long count)
        {
            if (toBackup) updates.Copy(live, liveStart, _backup!, backupStart, count);
            else updates.Copy(_backup!, backupStart, live, liveStart, count);
        }
    }

    private long PositionOf(int net, long offset)
    {
        long position = 0;
        foreach (var range in _ranges)
        {
            if (range.Net == net && offset >= range.Start && offset < range.Start + range.Length) return position + offset - range.Start;
            position += range.Length;
        }
        throw new InvalidOperationException("A trained parameter lies in no trained range.");
    }

    /// <summary>Trained parameters that lie side by side and take one learning rate are one range: one kernel call for a whole net, as a rule.</summary>
    private ParameterRange[] FindRanges()
    {
        const int alignment = 64;
        var ranges = new List<ParameterRange>();
        for (var i = 0; i < _trained.Length; i++)
        {
            var (net, parameter) = _trained[i];
            var spec = _nets[net].GetManifest().Parameters[parameter];
            // The padding belongs to the range: its parameters and gradients are zeros and stay so.
            ranges.Add(new ParameterRange(net, spec.Offset, (spec.Count + alignment - 1L) / alignment * alignment, _shareOf[i]));
        }
        ranges.Sort((a, b) => a.Net != b.Net ? a.Net.CompareTo(b.Net) : a.Start.CompareTo(b.Start));
        var joined = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            var (last, next) = (ranges[joined], ranges[i]);
            if (last.Net == next.Net && last.Rule == next.Rule && last.Start + last.Length == next.Start) ranges[joined] = last with { Length = last.Length + next.Length };
            else ranges[++joined] = next;
        }
        return [.. ranges.Take(joined + 1)];
    }

    // A class: lists of values would be compiled for this type when a training starts.
    private sealed record ParameterRange(int Net, long Start, long Length, int Rule);
}
