using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Outlines;

// A model as its author sees it: layers, statements, loops. What pictures are drawn from. Values without spans.

/// <summary>What computes what in a model, at the level of its source.</summary>
/// <param name="Model">All its parts: inputs first, results last, and between them everything after what it reads, but for feedback.</param>
public sealed record Outline(OutlineRegion Model, EquatableArray<OutlineEdge> Edges);

/// <summary>A part of a model. Its number is its own in the outline.</summary>
public abstract record OutlineItem(int Id);

public enum OutlineNodeKind
{
    Input,
    Result,

    /// <summary>A layer that is not looked into.</summary>
    Layer,

    /// <summary>A statement, a stage of a pipe or an argument: what it computes in one.</summary>
    Operation,

    /// <summary>A weight or buffer that a layer of the user's reads itself.</summary>
    Storage,

    /// <summary>The value with which a state goes into a round.</summary>
    State,

    /// <summary>What a round takes of a tensor.</summary>
    Slice,
}

/// <summary>Something that has a value.</summary>
/// <param name="Title">Its name, or the source that computes it.</param>
/// <param name="Detail">The layer it is an instance of, the type of a state; else null.</param>
public sealed record OutlineNode(int Id, OutlineNodeKind Kind, string Title, string? Detail) : OutlineItem(Id);

public enum OutlineRegionKind
{
    Model,

    /// <summary>A layer of the user's, or one that has a loop in it.</summary>
    Layer,

    /// <summary>Copies of its items, one after the other; one of them is there.</summary>
    Repeat,

    /// <summary>Rounds: its states come back.</summary>
    Feedback,
}

/// <summary>A part that has parts.</summary>
public sealed record OutlineRegion(int Id, OutlineRegionKind Kind, string Title, EquatableArray<OutlineItem> Items) : OutlineItem(Id);

/// <summary>A tensor on its way.</summary>
/// <param name="Type">Its element type and axes.</param>
/// <param name="NextRound">The name of the state that it is in the next round, or "" from copy to copy of a <c>repeat</c>; null for a value of the same round.</param>
public sealed record OutlineEdge(int From, int To, string Type, string? NextRound)
{
    public bool IsFeedback => NextRound is not null;
}
