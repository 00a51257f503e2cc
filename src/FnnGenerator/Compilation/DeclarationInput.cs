namespace FeedbackNN.Generator.Compilation;

internal enum DeclarationKind { Model, Train, TrainFamily, Generate, Pipeline }

/// <summary>
/// What identifies a model, training or pipeline that is to be compiled: two that are equal compile to the same.
/// </summary>
/// <param name="Doc">Its documentation, which its closure text leaves out and the generated class shows.</param>
/// <param name="FileStem">What the names of its generated files begin with.</param>
/// <param name="Closure">Its own tokens and those of everything it uses. Comments, line breaks and other declarations are not in it.</param>
internal sealed record DeclarationKey(DeclarationKind Kind, string Namespace, string Name, string? Doc, string FileStem, string Closure);

/// <summary>A declaration that is to be compiled, and where to look its names up. The place is no part of the value.</summary>
internal sealed record DeclarationInput(DeclarationKey Key, FnnModule Module)
{
    public bool Equals(DeclarationInput? other) => other is not null && Key == other.Key;

    public override int GetHashCode() => Key.GetHashCode();
}
