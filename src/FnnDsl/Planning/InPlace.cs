using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>
/// Gives what a kernel writes the memory of something that it reads and nobody reads after it: where each element is read by that round of the loops alone which writes the new one in its place. What is
/// written then is in the cache already, and takes no memory of its own.
/// </summary>
internal sealed class InPlace
{
    private readonly ProgramPlan _plan;
    private readonly IReadOnlyList<(int Begin, int End)> _loops;

    // The buffer in whose memory another one is, and the last step that needs it.
    private readonly int[] _home;
    private readonly int[] _last;

    private InPlace(ProgramPlan plan)
    {
        _plan = Lifetimes.Fill(plan);
        _loops = LoopSteps.Ranges(plan.Steps);
        _home = Enumerable.Range(0, plan.Buffers.Count).ToArray();
        _last = _plan.Buffers.Select(buffer => buffer.LastStep).ToArray();
    }

    /// <summary>The program with fewer buffers: those that are left, their kernels and steps.</summary>
    public static (IReadOnlyList<BufferPlan> Buffers, IReadOnlyList<Kernel> Kernels, IReadOnlyList<Step> Steps) Run(ProgramPlan plan) => new InPlace(plan).Run();

    private (IReadOnlyList<BufferPlan>, IReadOnlyList<Kernel>, IReadOnlyList<Step>) Run()
    {
        var kernels = new List<Kernel>();
        var ids = new Dictionary<Kernel, int>();
        var steps = new List<Step>();
        for (var position = 0; position < _plan.Steps.Count; position++)
        {
            steps.Add(_plan.Steps[position] switch
            {
                KernelStep step => step with { Kernel = KernelId(Change(position, _plan.Kernels[step.Kernel], step.Operands, [])) },
                ProductStep { Epilogue: { } id } step => step with { Epilogue = KernelId(Change(position, _plan.Kernels[id], [null, .. step.EpilogueOperands], [step.Left.Place, step.Right.Place, step.Result])) },
                var other => other,
            });
        }

        // Buffers that are left keep their order.
        var left = Enumerable.Range(0, _home.Length).Where(buffer => _home[buffer] == buffer).ToArray();
        var numbers = new int[_home.Length];
        for (var k = 0; k < left.Length; k++) numbers[left[k]] = k;
        var buffers = left.Select(buffer => _plan.Buffers[buffer] with { Reasons = Enumerable.Range(0, _home.Length).Where(other => Home(other) == buffer).SelectMany(other => _plan.Buffers[other].Reasons).Distinct().ToEquatableArray() });
        return (buffers.ToArray(), kernels, steps.Select(step => StepLoops.WithPlaces(step, place => place is ArenaPlace arena ? arena with { Buffer = numbers[Home(arena.Buffer)] } : place)).ToArray());

        int KernelId(Kernel kernel)
        {
            if (ids.TryGetValue(kernel, out var id)) return id;
            ids.Add(kernel, kernels.Count);
            kernels.Add(kernel);
            return kernels.Count - 1;
        }
    }

    private int Home(int buffer)
    {
        while (_home[buffer] != buffer) buffer = _home[buffer];
        return buffer;
    }

    /// <param name="places">Of the kernel's operands; null for a product's tile.</param>
    /// <param name="others">What the step reads and writes beside them.</param>
    private Kernel Change(int position, Kernel kernel, IReadOnlyList<Place?> places, IReadOnlyList<Place?> others)
    {
        if (kernel.Form == KernelForm.Serial || _loops.Any(loop => loop.Begin < position && position < loop.End)) return kernel;
        var found = new List<Replacement>();
        for (var written = 0; written < places.Count; written++)
        {
            if (places[written] is not ArenaPlace to || !IsWhole(to) || _plan.Buffers[to.Buffer].FirstStep != position || IsElsewhere(to, written)) continue;
            for (var read = 0; read < places.Count; read++)
            {
                if (read == written || places[read] is not ArenaPlace from || !IsWhole(from) || from.Element != to.Element || from.Length != to.Length) continue;
                if (_last[Home(from.Buffer)] != position || IsElsewhere(from, read) || !IsReplaced(kernel, read, written)) continue;
                _home[to.Buffer] = Home(from.Buffer);
                _last[Home(from.Buffer)] = _last[to.Buffer];
                found.Add(new Replacement(read, written));
                break;
            }
        }
        return found.Count == 0 ? kernel : kernel with { Replacements = found.ToEquatableArray() };

        bool IsElsewhere(ArenaPlace place, int operand) => others.Concat(places.Where((_, other) => other != operand)).OfType<ArenaPlace>().Any(other => Home(other.Buffer) == Home(place.Buffer));
    }

    // Parts of sums are as many as a backend makes.
    private bool IsWhole(ArenaPlace place) =>
        place.Offset.IsZero && place.Length == _plan.Buffers[place.Buffer].Length && !_plan.Buffers[place.Buffer].Reasons.Contains(StorageReason.Parts);

    // Each element that is read is written by the same round, and no round reads what another one writes. A row whose sums go through its columns several times is written when it is gone through last.
    private static bool IsReplaced(Kernel kernel, int read, int written)
    {
        var passes = KernelTraits.Passes(kernel);
        var stores = kernel.Stores.Where(store => store.Access.Operand == written).ToArray();
        var loads = kernel.Values.OfType<LoadValue>().Where(load => load.Access.Operand == read).ToArray();
        return loads.Length > 0 && kernel.Stores.All(store => store.Access.Operand != read) && kernel.Values.OfType<LoadValue>().All(load => load.Access.Operand != written)
            && stores.All(store => store.ColumnReduction is null && !store.Adds && passes[store.Value] == passes.Max() && IsDistinct(kernel, store.Access))
            && loads.All(load => load.Level == Level.Column && stores.Any(store => store.Access with { Operand = read } == load.Access));
    }

    // Each round has an element of its own.
    private static bool IsDistinct(Kernel kernel, Access access) =>
        (!access.ColumnStride.IsZero || kernel.Columns.IsOne) && access.RowStrides.Zip(kernel.Rows, (stride, size) => !stride.IsZero || size.IsOne).All(isDistinct => isDistinct);
}
