using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints what a model owns as constants: names, shapes, offsets and first values.</summary>
internal static class ManifestPrinter
{
    public static void Print(CodeWriter writer, BoundModel model)
    {
        writer.Summary("Names, shapes, places and first values of what the model owns.");
        writer.Line("public static ModelManifest Manifest { get; } = new(");
        using (writer.Indent())
        {
            writer.Line($"{CSharpNames.Literal(new DeclarationName(model.Namespace, model.Name).FullName)},");
            PrintItems(writer, "parameters", model.Parameters, ",");
            PrintItems(writer, "buffers", model.Buffers, ");");
        }
    }

    private static void PrintItems(CodeWriter writer, string argument, IReadOnlyList<BoundStorage> items, string closing)
    {
        if (items.Count == 0)
        {
            writer.Line($"{argument}: []{closing}");
            return;
        }
        var layout = StorageLayout.Compute(items);
        writer.Line($"{argument}:");
        writer.Line("[");
        using (writer.Indent())
        {
            for (var i = 0; i < items.Count; i++)
            {
                var item = items[i];
                var shape = string.Join(", ", item.Type.Shape.Select(size => NumberText.Integer(size.Value)));
                writer.Line($"new({CSharpNames.Literal(item.Path)}, {CSharpNames.Literal(item.CheckpointName)}, [{shape}], {NumberText.Integer(layout.Offsets[i])}, {Initializer(item)}),");
            }
        }
        writer.Line("]" + closing);
    }

    private static string Initializer(BoundStorage item)
    {
        var numbers = string.Join(", ", item.Initializer.Arguments.Select(NumberText.Double));
        return $"Initializer.{CSharpNames.Pascal(item.Initializer.Kind)}({numbers})";
    }
}
