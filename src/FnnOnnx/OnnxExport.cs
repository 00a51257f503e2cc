using System.Globalization;
using System.Reflection;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Onnx.Format;

namespace FeedbackNN.Onnx;

/// <summary>The elements of a parameter or buffer: little-endian, row-major, of its element type. They are read when the file is written.</summary>
public delegate ReadOnlyMemory<byte> OnnxWeights(BoundStorage storage);

/// <summary>Writes a model as ONNX: what <c>Predict</c> computes, with its weights in the file.</summary>
public static class OnnxExport
{
    /// <summary>The version of the standard operators that files ask for.</summary>
    public const int OperatorSet = 18;

    // The version of the format that came with the operators; the most that one message of it can hold.
    private const int FormatVersion = 8;
    private const long LargestFile = int.MaxValue;

    /// <summary>The model as a message that <c>WriteTo</c> turns into a file.</summary>
    /// <param name="model">The model, bound without errors.</param>
    /// <param name="weights">What it owns.</param>
    /// <exception cref="OnnxExportException">The model asks for what ONNX does not have, or is larger than a file of the format can be.</exception>
    public static ModelProto ToOnnx(BoundModel model, OnnxWeights weights)
    {
        var bytes = model.Parameters.Concat(model.Buffers).Sum(storage => storage.Type.ElementCount.Value * storage.Type.Element.SizeInBytes());
        if (bytes > LargestFile) throw new OnnxExportException(string.Create(CultureInfo.InvariantCulture, $"its weights take {bytes} bytes, and an ONNX file holds {LargestFile} at most."));
        var writer = new OnnxWriter();
        var outside = new OnnxOutside(model, weights, writer);
        var lowering = new GraphLowering(outside, Simplification.Run(Equilibria.Resolve(model.Inference)), writer.Root);
        foreach (var output in lowering.Graph.Outputs)
        {
            var result = (ResultTarget)output.Target;
            writer.EmitIn(writer.Root, "Identity", [lowering.Whole(lowering.Value(output.Node))], [], [outside.Results[result.Index]]);
        }
        var nodes = OnnxWriter.Live(writer.Root.Nodes, outside.Results, out var read);
        return new ModelProto
        {
            IrVersion = FormatVersion,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = OperatorSet } },
            ProducerName = "FeedbackNN",
            ProducerVersion = Version,
            ModelVersion = 1,
            DocString = model.Doc ?? "",
            MetadataProps = { Metadata(model) },
            Graph = new GraphProto
            {
                Name = model.Name,
                DocString = model.Doc ?? "",
                Input = { model.Inputs.Select((input, k) => OnnxTypes.Value(outside.Input(k), input.Type)) },
                Output = { model.Results.Select((result, k) => OnnxTypes.Value(outside.Results[k], result.Type)) },
                Initializer = { writer.Initializers.Where(initializer => read.Contains(initializer.Name)) },
                Node = { nodes },
            },
        };
    }

    private static string Version => typeof(OnnxExport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    // What the model demands of sizes, nobody checks in ONNX: whoever reads the file is told at least.
    private static IEnumerable<StringStringEntryProto> Metadata(BoundModel model)
    {
        yield return new StringStringEntryProto { Key = "feedbacknn.model", Value = new DeclarationName(model.Namespace, model.Name).FullName };
        if (model.Guards.Count > 0) yield return new StringStringEntryProto { Key = "feedbacknn.demands", Value = string.Join("; ", model.Guards.Select(guard => guard.Text)) };
    }
}
