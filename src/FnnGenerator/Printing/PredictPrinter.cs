using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints <c>Predict</c>, which computes one sample: where all inputs and results begin with the same run-time axis, and it is the only one.
/// </summary>
internal static class PredictPrinter
{
    /// <param name="failure">The body where the model has errors; else null.</param>
    public static void Print(CodeWriter writer, BoundModel model, SignatureText signature, string? failure)
    {
        if (!HasSamples(model)) return;
        var inputs = signature.Inputs;
        var results = signature.Results;
        writer.Line();
        if (failure is null)
        {
            writer.Line("// One sample's tensors, used again by each Predict.");
            foreach (var item in inputs.Concat(results)) writer.Line($"private {item.TensorType}? {Field(item)};");
            writer.Line();
        }
        writer.Summary("Computes the results for one sample.");
        foreach (var input in inputs) writer.Doc($"param name=\"{input.Name.TrimStart('@')}\"", Describe(input));
        writer.Line("/// <exception cref=\"ArgumentException\">A number of elements is wrong, or an index lies outside.</exception>");
        var returns = results.Count == 1 ? ResultType(results[0]) : $"({string.Join(", ", results.Select(result => $"{ResultType(result)} {result.Member}"))})";
        using (writer.Block($"public {returns} Predict({string.Join(", ", inputs.Select(input => $"{InputType(input)} {input.Name}"))})"))
        {
            if (failure is not null) writer.Line(failure);
            else
            {
                using var use = writer.Block("using (Exclusively())");
                PrintBody(writer, inputs, results);
            }
        }
        if (results.Count == 1 && !IsNumber(results[0])) PrintInto(writer, inputs, results[0], failure);
    }

    private static void PrintBody(CodeWriter writer, IReadOnlyList<SignatureItem> inputs, IReadOnlyList<SignatureItem> results)
    {
        foreach (var item in inputs.Concat(results)) writer.Line($"{Field(item)} ??= new {item.TensorType}({OneSample(item)});");
        foreach (var input in inputs) writer.Line(IsNumber(input) ? $"{Field(input)}.Span[0] = {input.Name};" : $"{Field(input)}.CopyFrom({input.Name});");
        writer.Line($"Forward({string.Join(", ", inputs.Concat(results).Select(Field))});");
        var values = results.Select(result => IsNumber(result) ? $"{Field(result)}.Span[0]" : $"{Field(result)}.ToArray()").ToList();
        writer.Line(values.Count == 1 ? $"return {values[0]};" : $"return ({string.Join(", ", values)});");
    }

    /// <summary>The overload that allocates nothing.</summary>
    private static void PrintInto(CodeWriter writer, IReadOnlyList<SignatureItem> inputs, SignatureItem result, string? failure)
    {
        writer.Line();
        writer.Summary("The same into memory that is there already.");
        foreach (var input in inputs) writer.Doc($"param name=\"{input.Name.TrimStart('@')}\"", Describe(input));
        writer.Doc($"param name=\"{result.Name.TrimStart('@')}\"", Describe(result));
        writer.Line("/// <exception cref=\"ArgumentException\">A number of elements is wrong, or an index lies outside.</exception>");
        var parameters = inputs.Select(input => $"{InputType(input)} {input.Name}").Append($"Span<{result.Element}> {result.Name}");
        using (writer.Block($"public void Predict({string.Join(", ", parameters)})"))
        {
            if (failure is not null)
            {
                writer.Line(failure);
                return;
            }
            using var use = writer.Block("using (Exclusively())");
            foreach (var item in inputs.Append(result)) writer.Line($"{Field(item)} ??= new {item.TensorType}({OneSample(item)});");
            foreach (var input in inputs) writer.Line(IsNumber(input) ? $"{Field(input)}.Span[0] = {input.Name};" : $"{Field(input)}.CopyFrom({input.Name});");
            writer.Line($"Forward({string.Join(", ", inputs.Append(result).Select(Field))});");
            writer.Line($"{Field(result)}.Span.CopyTo({result.Name});");
        }
    }

    private static bool HasSamples(BoundModel model)
    {
        if (model.RuntimeAxes.Count != 1) return false;
        var batch = Size.Axis(model.RuntimeAxes[0]);
        return model.Inputs.Concat(model.Results).All(tensor =>
            tensor.Axes.Count is > 0 and <= SampleShape.MaximumRank && tensor.Axes[0].Size == batch && tensor.Axes.Skip(1).All(axis => axis.Size.IsConstant));
    }

    /// <summary>The sizes with a batch of one.</summary>
    private static string OneSample(SignatureItem item) => string.Join(", ", new[] { "1" }.Concat(item.Tensor.Axes.Skip(1).Select(axis => SizeText.Print(axis.Size))));

    private static bool IsNumber(SignatureItem item) => item.Tensor.Axes.Count == 1;

    private static string InputType(SignatureItem input) => IsNumber(input) ? input.Element : $"ReadOnlySpan<{input.Element}>";

    private static string ResultType(SignatureItem result) => IsNumber(result) ? result.Element : $"{result.Element}[]";

    private static string Field(SignatureItem item) => "_sample" + CSharpNames.Pascal(item.Name.TrimStart('@'));

    private static string Describe(SignatureItem item) =>
        IsNumber(item) ? item.Tensor.Element.Text() : $"{item.Tensor.Element.Text()}[{string.Join(", ", item.Tensor.Axes.Skip(1).Select(AxisNames.Text))}], in row-major order.";
}
