using Microsoft.CodeAnalysis;

namespace FeedbackNN.Generator;

/// <summary>Turns the project's <c>.fnn</c> files into C#.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class FnnSourceGenerator : IIncrementalGenerator
{
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
    }
}
