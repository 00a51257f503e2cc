using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Dsl.Names;

/// <summary>What kind of thing a name names.</summary>
public enum NameKind
{
    Dim, Const, Fn, Layer, Model, Train, Generate, Pipeline, Checkpoint,

    /// <summary>A tensor that a declaration takes.</summary>
    Input,

    /// <summary>A setting that a declaration takes: known while building.</summary>
    Config,

    Axis,

    /// <summary>A value bound in a body.</summary>
    Value,

    /// <summary>A layer with its weights, bound in a body.</summary>
    Instance,

    Param, Buffer,

    /// <summary>A state of a feedback block.</summary>
    State,

    /// <summary>A slice of what a feedback block goes over.</summary>
    Slice,

    /// <summary>The number of a round or of a copy.</summary>
    Step,

    /// <summary>What <c>emit</c> collects.</summary>
    Collection,

    /// <summary>The name of a <c>repeat</c>'s copies in paths.</summary>
    Copies,

    /// <summary>An index of index notation.</summary>
    Index,

    /// <summary>A network of a train.</summary>
    Net,

    /// <summary>A stage of a pipeline.</summary>
    Stage,

    /// <summary>What a pipeline trains and evaluates with.</summary>
    Data,

    Metric,

    /// <summary>The name of one of several results.</summary>
    Result,

    /// <summary>What the compiler knows by itself: a fn, an optimizer, a schedule, a first value.</summary>
    BuiltIn,
}

/// <summary>One thing that has a name: a declaration, or something inside of one.</summary>
/// <param name="Location">Where it is named first; null for what the compiler knows by itself.</param>
/// <param name="Owner">The declaration it belongs to; null for declarations themselves.</param>
/// <param name="Signature">How it is written: the head of a declaration, the type of a parameter.</param>
/// <param name="Doc">Its <c>///</c> comment, or what the compiler says of it.</param>
public sealed class DeclaredName(NameKind kind, string text, Location? location, DeclaredName? owner, string signature, string? doc, bool isLibrary)
{
    public NameKind Kind => kind;

    public string Text => text;

    public Location? Location => location;

    public DeclaredName? Owner => owner;

    public string Signature => signature;

    public string? Doc => doc;

    /// <summary>Whether it is the library's or the compiler's own: nobody can rename it.</summary>
    public bool IsLibrary => isLibrary;
}

/// <summary>A place where a name stands.</summary>
/// <param name="Place">The name's own characters.</param>
/// <param name="Definition">Where the value that it has here was bound; null for what the compiler knows by itself.</param>
/// <param name="IsBinding">Whether it gets its value here.</param>
public sealed record Occurrence(Location Place, DeclaredName Name, Location? Definition, bool IsBinding);
