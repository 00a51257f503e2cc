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

    /// <summary>
    /// Xavier and Kaiming initialisers become the distributions they stand for. Glorot and Bengio, Understanding the difficulty of training
    /// deep feedforward neural networks, 2010; He et al., Delving deep into rectifiers, 2015.
    /// </summary>
    private static string Initializer(BoundStorage item)
    {
        var (kind, numbers) = (item.Initializer.Kind, item.Initializer.Arguments);
        var shape = item.Type.Shape.Select(size => (double)size.Value).ToList();
        var fanIn = shape.Count > 1 ? shape.Skip(1).Aggregate(1d, (product, size) => product * size) : shape.FirstOrDefault();
        var fanOut = shape.Count > 1 ? shape[0] * shape.Skip(2).Aggregate(1d, (product, size) => product * size) : shape.FirstOrDefault();
        return kind switch
        {
            "zeros" => Constant(0),
            "ones" => Constant(1),
            "constant" => Constant(Number(0, 0)),
            "uniform" => Uniform(Number(0, 0), Number(1, 1)),
            "normal" => Normal(Number(0, 0), Number(1, 1)),
            "xavier_uniform" => Symmetric(Number(0, 1) * Math.Sqrt(6 / (fanIn + fanOut))),
            "xavier_normal" => Normal(0, Number(0, 1) * Math.Sqrt(2 / (fanIn + fanOut))),
            "kaiming_uniform" => Symmetric(Number(0, Math.Sqrt(2)) * Math.Sqrt(3 / fanIn)),
            "kaiming_normal" => Normal(0, Number(0, Math.Sqrt(2)) / Math.Sqrt(fanIn)),
            _ => throw new InvalidOperationException($"No initialiser is called '{kind}'."),
        };

        double Number(int position, double otherwise) => position < numbers.Count ? numbers[position] : otherwise;
    }

    private static string Constant(double value) => $"Initializer.Constant({NumberText.Double(value)})";

    private static string Symmetric(double bound) => Uniform(-bound, bound);

    private static string Uniform(double low, double high) => $"Initializer.Uniform({NumberText.Double(low)}, {NumberText.Double(high)})";

    private static string Normal(double mean, double deviation) => $"Initializer.Normal({NumberText.Double(mean)}, {NumberText.Double(deviation)})";
}
