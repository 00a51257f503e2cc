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
            var name = model.Namespace.Length == 0 ? model.Name : model.Namespace + "." + model.Name;
            writer.Line($"{CSharpNames.Literal(name)},");
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
        var numbers = item.Initializer.Arguments;
        var shape = item.Type.Shape.Select(size => size.Value).ToList();
        return item.Initializer.Kind switch
        {
            "zeros" => "Initializer.Constant(0)",
            "ones" => "Initializer.Constant(1)",
            "constant" => $"Initializer.Constant({Argument(0, 0)})",
            "uniform" => $"Initializer.Uniform({Argument(0, 0)}, {Argument(1, 1)})",
            "normal" => $"Initializer.Normal({Argument(0, 0)}, {Argument(1, 1)})",
            "xavier_uniform" => Symmetric(Number(0, 1) * Math.Sqrt(6d / (FanIn + FanOut))),
            "xavier_normal" => Centered(Number(0, 1) * Math.Sqrt(2d / (FanIn + FanOut))),
            "kaiming_uniform" => Symmetric(Number(0, Math.Sqrt(2)) * Math.Sqrt(3d / FanIn)),
            "kaiming_normal" => Centered(Number(0, Math.Sqrt(2)) / Math.Sqrt(FanIn)),
            var kind => throw new InvalidOperationException($"No initialiser is called '{kind}'."),
        };

        double Number(int position, double otherwise) => position < numbers.Count ? numbers[position] : otherwise;

        string Argument(int position, double otherwise) => NumberText.Double(Number(position, otherwise));
    }
}
