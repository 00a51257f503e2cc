using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A feedback block whose body is being bound: its states, what it collects, and the names around it.</summary>
internal sealed class FeedbackScope(FeedbackStatement syntax, FeedbackScope? outer, IReadOnlyDictionary<string, Operand> outside)
{
    public FeedbackStatement Syntax => syntax;

    /// <summary>The block around this one, in the same body.</summary>
    public FeedbackScope? Outer => outer;

    /// <summary>What the names stood for before the block.</summary>
    public IReadOnlyDictionary<string, Operand> Outside => outside;

    public List<FeedbackState> States { get; } = [];

    public List<Collected> Emits { get; } = [];

    /// <summary>Collections without a value that has been understood: nothing that uses them is complained about.</summary>
    public HashSet<string> Uncollected { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that the block itself gives: its slices and its step.</summary>
    public HashSet<string> OwnNames { get; } = new(StringComparer.Ordinal);

    /// <summary>What the body updates though it is no state: reported where it is updated, and of nothing that uses it.</summary>
    public HashSet<string> Missing { get; } = new(StringComparer.Ordinal);

    /// <summary>After how many rounds no gradient goes further back; null where it goes through all.</summary>
    public Size? Stretch { get; set; }

    /// <summary>Of how many rounds the derivative keeps the first state only; null where it keeps all.</summary>
    public Size? Segment { get; set; }

    /// <summary>How many elements a full state that grows forgets; null where it must not become full.</summary>
    public Size? Slide { get; set; }

    public FeedbackState? Find(string name) => States.FirstOrDefault(state => state.Name.Text == name);
}

/// <summary>A state of a feedback block.</summary>
internal sealed class FeedbackState(Identifier name, TensorType type, EquatableArray<AxisNote> notes, Value initial)
{
    public Identifier Name => name;

    public TensorType Type => type;

    /// <summary>The axis along which it grows; null for a state that keeps its shape.</summary>
    public int? GrowingAxis { get; init; }

    /// <summary>How long it may become along that axis.</summary>
    public Size? Capacity { get; init; }

    public EquatableArray<AxisNote> Notes => notes;

    /// <summary>Its value before the first round.</summary>
    public Value Initial => initial;

    /// <summary>Its value when a round begins: a leaf.</summary>
    public Value Before { get; set; }

    /// <summary>That value as the body sees it: without its past where a stretch begins.</summary>
    public Value Seen { get; set; }

    /// <summary>Its value after the round, once the body has said it; of a state that grows, what the round appends.</summary>
    public Value? Next { get; set; }

    /// <summary>What it is in an outline.</summary>
    public int OutlineNode { get; set; }

    /// <summary>Where it did.</summary>
    public TextSpan UpdateSpan { get; set; }

    /// <summary>The body has bound it with '=' and has been told so.</summary>
    public bool IsHidden { get; set; }
}

/// <summary>A value that each round adds to a collection.</summary>
/// <param name="Axis">Where the collection's new axis goes; null for the usual place.</param>
internal sealed record Collected(Identifier Name, TensorOperand Value, int? Axis);

/// <summary>How the rounds of a feedback block are counted, and what they read.</summary>
/// <param name="Count">The most rounds there can be.</param>
/// <param name="Note">What is known of the axis along which it goes.</param>
/// <param name="Position">Where that axis stands in the first source; null where there is none.</param>
internal sealed record Rounds(Size Count, AxisNote Note, int? Position, IReadOnlyList<(Identifier Name, TensorOperand Value, int Axis)> Sources);

/// <summary>What ends the rounds of a feedback block, and for which samples.</summary>
internal sealed class RoundsEnd
{
    /// <summary>A bool: the samples that take the round. Null when all take all.</summary>
    public Value? Active { get; init; }

    /// <summary>A bool of rank 0: this was the last round. Null when the count alone says.</summary>
    public Value? Stop { get; init; }

    /// <summary>States of the loop's own, with their first and next values.</summary>
    public IReadOnlyList<(Value Initial, Value Next)> Own { get; init; } = [];

    /// <summary>For each state of the user which of <see cref="Own"/> holds its value after the block; null for the state itself.</summary>
    public IReadOnlyList<int?> Results { get; init; } = [];

    /// <summary>What <c>as n</c> is after the block, given the loop and the last values of <see cref="Own"/>.</summary>
    public Func<FinishedLoop, Func<int, Value>, Operand>? Taken { get; init; }
}
