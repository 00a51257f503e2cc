using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The state of binding one graph, shared by the frames of all calls in it: the graph, the mode, what conditions say, and what the
/// program will have to check.
/// </summary>
internal sealed class BindingContext(ModuleScope scope, DiagnosticBag diagnostics, bool training, bool symbolic)
{
    /// <summary>How deep calls may go into each other: a recursion that passes it does not end.</summary>
    public const int MaximumDepth = 64;

    /// <summary>How many statements one graph may unfold to, all calls and copies counted: what passes it multiplies, and would take until tomorrow.</summary>
    public const int MaximumStatements = 100_000;

    private readonly Dictionary<int, string> _samplings = [];

    public ModuleScope Scope => scope;

    public DiagnosticBag Diagnostics => diagnostics;

    public GraphBuilder Builder { get; } = new();

    /// <summary>Notes the parts of the source, where an outline of the model is wanted.</summary>
    public OutlineRecorder? Outline { get; init; }

    /// <summary>The low-rank updates of weights, in a train that has some.</summary>
    public Adapters? Adapters { get; init; }

    /// <summary>Of the layers and fns that an outline has met: whether there is a loop in what they reach.</summary>
    public Dictionary<CallableSymbol, bool> HasLoop { get; } = [];

    /// <summary>Whether this is the graph of a training step. It is then made for that: see <see cref="DependsOnMode"/>.</summary>
    public bool AskForTraining()
    {
        DependsOnMode = true;
        return training;
    }

    /// <summary>Whether anything has asked if this is a training step. What nothing has asked about comes out the same for a training step and for inference.</summary>
    public bool DependsOnMode { get; private set; }

    /// <summary>Whether a layer is checked by itself, with sizes that nobody has given: nothing is complained about that only numbers can show.</summary>
    public bool Symbolic => symbolic;

    public int Depth { get; set; }

    /// <summary>Statements bound so far, those of all calls and copies.</summary>
    public int Statements { get; set; }

    /// <summary>The round of the loops around what is being bound, counted through.</summary>
    public Size Round { get; set; } = Size.Zero;

    public SizeFacts Facts { get; } = new();

    public List<BoundGuard> Guards { get; } = [];

    /// <summary>New values of buffers, by place: what a later read in the same run sees.</summary>
    public Dictionary<StoragePlace, Value> BufferUpdates { get; } = [];

    /// <summary>The feedback of a generate in which a state grows; null before it, and where there is none.</summary>
    public GrowthBinding? Growth { get; set; }

    /// <summary>Constants by the element type of where they are used; null while one is being bound.</summary>
    public Dictionary<(ConstSymbol Symbol, ElementType Real), Operand?> Constants { get; } = [];

    /// <summary>How often each random call site has drawn, so that each instantiation draws for itself.</summary>
    public Dictionary<string, int> RandomSites { get; } = [];

    /// <summary>What the program checks. An axis that a condition makes equal to something known is no axis of the program any more: its tensors' types check it.</summary>
    public IEnumerable<BoundGuard> RemainingGuards => Guards
        .Select(guard => guard with { Left = Facts.Normalize(guard.Left), Right = Facts.Normalize(guard.Right) })
        .Where(guard => guard.Left != guard.Right)
        .Distinct();

    public void AddGuard(BoundGuard guard)
    {
        if (!Guards.Any(known => known.Left == guard.Left && known.Comparison == guard.Comparison && known.Right == guard.Right)) Guards.Add(guard);
    }

    /// <summary>The setting of <c>sample</c> that an input is, if it is one.</summary>
    public string? SamplingOf(int input) => _samplings.TryGetValue(input, out var setting) ? setting : null;

    /// <summary>A number by which draws are made: an input that is one as it is will be checked at the border.</summary>
    public void DrawBy(Value number, string setting)
    {
        if (InputBehind(number) is { } input && !_samplings.ContainsKey(input)) _samplings[input] = setting;
    }

    private static int? InputBehind(Value value)
    {
        var node = value.Node;
        while (node.Operation is View or Reshape or Stop) node = value.Builder[node.Inputs[0]];
        return node.Operation is Input input ? input.Index : null;
    }
}

/// <summary>Where a parameter or buffer is stored: in which net, and at which place of it.</summary>
internal readonly record struct StoragePlace(int Net, int Index);
