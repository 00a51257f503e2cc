using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>A declaration with the namespace and the file it stands in.</summary>
internal abstract record Symbol(string Namespace, Declaration Syntax, SourceText Source, bool IsLibrary)
{
    public string Name => Syntax.Name.Text;

    public string FullName => Namespace.Length == 0 ? Name : Namespace + "." + Name;

    public Location Location => new(Source, Syntax.Name.Span);
}

internal sealed record CallableSymbol(string Namespace, CallableDeclaration Declaration, SourceText Source, bool IsLibrary)
    : Symbol(Namespace, Declaration, Source, IsLibrary)
{
    public CallableKind Kind => Declaration.Kind;

    /// <summary>Whether calls make instances, which own weights: layers and models used as layers.</summary>
    public bool IsLayer => Kind is CallableKind.Layer or CallableKind.Model;

    /// <summary>A model with a config list: only its members become classes.</summary>
    public bool IsFamily => Kind == CallableKind.Model && Declaration.Config is { Count: > 0 };
}

/// <summary>A member of a model family: <c>model CharGpt = Gpt(depth: 4)</c>.</summary>
internal sealed record MemberSymbol(string Namespace, ModelMemberDeclaration Declaration, SourceText Source)
    : Symbol(Namespace, Declaration, Source, false);

internal sealed record TrainSymbol(string Namespace, TrainDeclaration Declaration, SourceText Source)
    : Symbol(Namespace, Declaration, Source, false);

/// <summary>A named number, evaluated when it is first asked for.</summary>
internal sealed record DimSymbol(string Namespace, DimDeclaration Declaration, SourceText Source, bool IsLibrary)
    : Symbol(Namespace, Declaration, Source, IsLibrary);

/// <summary>A program that uses trained networks.</summary>
internal sealed record GenerateSymbol(string Namespace, GenerateDeclaration Declaration, SourceText Source)
    : Symbol(Namespace, Declaration, Source, false);

/// <summary>Trainings and evaluations one after the other.</summary>
internal sealed record PipelineSymbol(string Namespace, PipelineDeclaration Declaration, SourceText Source)
    : Symbol(Namespace, Declaration, Source, false);

/// <summary>Another project's names of a model's weights.</summary>
internal sealed record CheckpointSymbol(string Namespace, CheckpointDeclaration Declaration, SourceText Source)
    : Symbol(Namespace, Declaration, Source, false);

/// <summary>A tensor that is known at build, bound where it is used.</summary>
internal sealed record ConstSymbol(string Namespace, ConstDeclaration Declaration, SourceText Source, bool IsLibrary)
    : Symbol(Namespace, Declaration, Source, IsLibrary);

/// <summary>What a dim is worth; null when it could not be evaluated (which has been reported).</summary>
internal readonly record struct DimValue(double Value, bool IsInteger);
