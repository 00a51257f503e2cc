using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// A declaration with the namespace and the file it stands in. A scope has one for each declaration, so it is equal to itself alone: sets and tables of
/// symbols do not go through the syntax.
/// </summary>
internal abstract class Symbol(string ns, Declaration syntax, SourceText source, bool isLibrary)
{
    private string? _fullName;

    public string Namespace => ns;

    public Declaration Syntax => syntax;

    public SourceText Source => source;

    public bool IsLibrary => isLibrary;

    public string Name => Syntax.Name.Text;

    /// <summary>What it is called among the declarations of its namespace.</summary>
    public virtual string Key => Name;

    public string FullName => _fullName ??= new DeclarationName(ns, Key).FullName;

    public Location Location => new(Source, Syntax.Name.Span);
}

internal sealed class CallableSymbol(string ns, CallableDeclaration declaration, SourceText source, bool isLibrary)
    : Symbol(ns, declaration, source, isLibrary)
{
    public CallableDeclaration Declaration => declaration;

    public CallableKind Kind => Declaration.Kind;

    /// <summary>Whether calls make instances, which own weights: layers and models used as layers.</summary>
    public bool IsLayer => Kind is CallableKind.Layer or CallableKind.Model;

    /// <summary>A model with a config list: only its members become classes.</summary>
    public bool IsFamily => Kind == CallableKind.Model && Declaration.Config is { Count: > 0 };
}

/// <summary>A member of a family.</summary>
internal abstract class MemberSymbol(string ns, MemberDeclaration declaration, SourceText source)
    : Symbol(ns, declaration, source, false)
{
    public MemberDeclaration Declaration => declaration;
}

/// <summary>A member of a family of models: <c>model CharGpt = Gpt(depth: 4)</c>.</summary>
internal sealed class ModelMemberSymbol(string ns, MemberDeclaration declaration, SourceText source) : MemberSymbol(ns, declaration, source);

/// <summary>A member of a family of trains: <c>train FitChars = Fit(CharGpt)</c>.</summary>
internal sealed class TrainMemberSymbol(string ns, MemberDeclaration declaration, SourceText source) : MemberSymbol(ns, declaration, source);

/// <summary>A train, or a family of them: <see cref="ModuleScope.IsFamily"/> says which, as that depends on its networks' models too.</summary>
internal sealed class TrainSymbol(string ns, TrainDeclaration declaration, SourceText source)
    : Symbol(ns, declaration, source, false)
{
    public TrainDeclaration Declaration => declaration;
}

/// <summary>A named number, evaluated when it is first asked for.</summary>
internal sealed class DimSymbol(string ns, DimDeclaration declaration, SourceText source, bool isLibrary)
    : Symbol(ns, declaration, source, isLibrary)
{
    public DimDeclaration Declaration => declaration;
}

/// <summary>A program that uses trained networks.</summary>
internal sealed class GenerateSymbol(string ns, GenerateDeclaration declaration, SourceText source)
    : Symbol(ns, declaration, source, false)
{
    public GenerateDeclaration Declaration => declaration;
}

/// <summary>Trainings and evaluations one after the other.</summary>
internal sealed class PipelineSymbol(string ns, PipelineDeclaration declaration, SourceText source)
    : Symbol(ns, declaration, source, false)
{
    public PipelineDeclaration Declaration => declaration;
}

/// <summary>Another project's names of a model's weights.</summary>
internal sealed class CheckpointSymbol(string ns, CheckpointDeclaration declaration, SourceText source, bool isLibrary)
    : Symbol(ns, declaration, source, isLibrary)
{
    // Several models may each have names that one project gives them.
    public override string Key => $"{Name} for {Declaration.Model.Text}";

    public CheckpointDeclaration Declaration => declaration;
}

/// <summary>A tensor that is known at build, bound where it is used.</summary>
internal sealed class ConstSymbol(string ns, ConstDeclaration declaration, SourceText source, bool isLibrary)
    : Symbol(ns, declaration, source, isLibrary)
{
    public ConstDeclaration Declaration => declaration;
}

/// <summary>What a dim is worth; null when it could not be evaluated (which has been reported).</summary>
internal readonly record struct DimValue(double Value, bool IsInteger);
