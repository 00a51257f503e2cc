using System.CommandLine;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Onnx;
using FeedbackNN.Onnx.Format;
using Google.Protobuf;

namespace FeedbackNN.Tool;

/// <summary><c>fnn export</c>: a model with its weights as an ONNX file, which other programs run.</summary>
internal static class ExportCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.Compiled();
        var model = new Option<string?>("--model") { Description = "The model to export. Needed where there are several." };
        var weights = new Option<string?>("--weights") { Description = "Its weights: the safetensors file that Save wrote, or one of another program with the same names and shapes." };
        var file = new Option<string?>("--out") { Description = "The file to write. Default: the model's name with .onnx, in this folder." };
        var command = new Command("export", "Writes a model and its weights as an ONNX file.") { paths, model, weights, file };
        command.SetAction(parsed => Run(parsed.GetValue(paths) ?? [], parsed.GetValue(model), parsed.GetValue(weights), parsed.GetValue(file), output, errors));
        return command;
    }

    public static int Run(IReadOnlyList<string> paths, string? name, string? weights, string? file, TextWriter output, TextWriter errors)
    {
        if (!AskedModels.TryRead(paths, name, [], errors, out var asked, out var exitCode)) return exitCode;
        if (asked.Models.Count > 1) return Refuse(errors, $"A file holds one model, and there are {string.Join(", ", asked.Models.Select(NameOf))}. Write which: --model {asked.Models[0].Model.Name}.");
        var model = asked.Models[0].Model;
        try
        {
            using var checkpoint = WeightFile.Open(model, weights);
            var onnx = OnnxExport.ToOnnx(model, checkpoint.Read);
            var target = file ?? model.Name + ".onnx";
            AtomicFile.Write(target, stream => onnx.WriteTo(stream));
            output.WriteLine(FormattableString.Invariant($"{target}: {NameOf(asked.Models[0])}, {FnnFiles.Count(NodesOf(onnx.Graph), "operator")}, {FnnFiles.Count(onnx.Graph.Initializer.Count, "tensor")}, {Dsl.Text.Amounts.Bytes(new FileInfo(target).Length)}"));
            return ExitCodes.Success;
        }
        catch (OnnxExportException refusal)
        {
            Refuse(errors, $"'{NameOf(asked.Models[0])}' can't be exported: {refusal.Message}");
            if (refusal.Origin is { } origin && SourcePlaces.LineOf(asked.Sources.Scope, origin) is { } line)
            {
                errors.WriteLine(FormattableString.Invariant($"  {Path.GetFileName(line.Source.Path)}({line.Source.GetPosition(line.Span.Start).Line + 1}): {line.Source.GetText(line.Span)}"));
            }
            return ExitCodes.BadArguments;
        }
        catch (CheckpointException failure)
        {
            // Of the weights or of the file that is written: either message begins with its name.
            return Refuse(errors, failure.Message);
        }
    }

    private static int Refuse(TextWriter errors, string problem)
    {
        errors.WriteLine(problem);
        return ExitCodes.BadArguments;
    }

    private static string NameOf(CompiledModel compiled) => new DeclarationName(compiled.Model.Namespace, compiled.Model.Name).FullName;

    private static int NodesOf(GraphProto graph) => graph.Node.Sum(node => 1 + node.Attribute.Where(attribute => attribute.G is not null).Sum(attribute => NodesOf(attribute.G)));
}
