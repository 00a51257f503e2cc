namespace FeedbackNN.Generator.Printing;

/// <summary>Prints a property of a trainer that its constructor sets: a network, an optimizer, a model that the trainer owns.</summary>
internal static class TrainerProperty
{
    /// <param name="type">With <c>abstract</c> or <c>override</c> before it, where it is one of a family.</param>
    /// <param name="isBroken">The training has errors: there is the API alone.</param>
    public static void Print(CodeWriter writer, string type, string name, string summary, bool isBroken)
    {
        writer.Line();
        writer.Summary(summary);
        writer.Line($"public {type} {name} {{ get; }}{(isBroken ? " = null!;" : "")}");
    }
}
