using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints other projects' names of a model's weights: a property of the nested class <c>Checkpoints</c> for each project.</summary>
internal static class CheckpointPrinter
{
    public static void Print(CodeWriter writer, BoundModel model)
    {
        if (model.Checkpoints.Count == 0) return;
        writer.Line();
        writer.Summary($"Other projects' names of the weights of a {model.Name}: for Load and Save.");
        using (writer.Block("public static class Checkpoints"))
        {
            for (var k = 0; k < model.Checkpoints.Count; k++)
            {
                if (k > 0) writer.Line();
                Print(writer, model.Checkpoints[k]);
            }
        }
    }

    private static void Print(CodeWriter writer, BoundCheckpoint checkpoint)
    {
        writer.Summary($"The names of {checkpoint.Name}.");
        writer.Line($"public static CheckpointMapping {CSharpNames.Escape(checkpoint.Name)} {{ get; }} = new({CSharpNames.Literal(checkpoint.Name)}, Manifest, {CSharpNames.Literal(checkpoint.Prefix ?? "")}, [{Texts(checkpoint.Ignored)}],");
        writer.Line("[");
        using (writer.Indent())
        {
            foreach (var part in checkpoint.Parts) writer.Line($"{Part(part)},");
        }
        writer.Line("]);");
    }

    private static string Part(BoundCheckpointPart part)
    {
        var settings = new List<string>();
        if (part.Shape is { } shape)
        {
            settings.Add($"Shape = [{string.Join(", ", shape.Select(NumberText.Integer))}]");
            if (part.Offset != 0) settings.Add($"Offset = {NumberText.Integer(part.Offset)}");
            if (part.TheirOffset != 0) settings.Add($"TheirOffset = {NumberText.Integer(part.TheirOffset)}");
            settings.Add($"Axes = [{string.Join(", ", part.Axes.Select(axis => $"new({NumberText.Integer(axis.Size)}, {NumberText.Integer(axis.Stride)}, {NumberText.Integer(axis.TheirStride)})"))}]");
        }
        if (part.Instead is { } instead) settings.Add($"Instead = {CSharpNames.Literal(instead)}");
        return $"new({CSharpNames.Literal(part.Path)}, {Texts(part.Names)}){(settings.Count > 0 ? $" {{ {string.Join(", ", settings)} }}" : "")}";
    }

    private static string Texts(IEnumerable<string> texts) => string.Join(", ", texts.Select(CSharpNames.Literal));
}
