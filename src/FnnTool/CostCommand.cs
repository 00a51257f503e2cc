using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Tool;

/// <summary><c>fnn cost</c>: what models cost at given sizes, line by line: weights, memory, operations.</summary>
internal static class CostCommand
{
    private const int LongestText = 48;

    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.Compiled();
        var model = new Option<string?>("--model") { Description = "The model to look at. Default: all." };
        var at = new Option<string[]>("--at") { Description = "The sizes of run-time axes: batch=64,time=128." };
        var json = new Option<bool>("--json") { Description = "One JSON object a line for each model, for programs to read." };
        var command = new Command("cost", "Shows what models cost: parameters, memory, operations, line by line.") { paths, model, at, json };
        command.SetAction(parsed => Run(parsed.GetValue(paths) ?? [], parsed.GetValue(model), parsed.GetValue(at) ?? [], parsed.GetValue(json), output, errors));
        return command;
    }

    public static int Run(IReadOnlyList<string> paths, string? name, IReadOnlyList<string> at, bool asJson, TextWriter output, TextWriter errors)
    {
        if (!AskedModels.TryRead(paths, name, at, errors, out var asked, out var exitCode)) return exitCode;
        var (sources, models, axes, given) = asked;
        var missing = models.Where(model => model.Model.RuntimeAxes.Any(axis => !given.ContainsKey(axis))).ToList();
        if (missing.Count > 0) return Refuse(errors, Missing(paths, name, missing, axes, given));

        for (var k = 0; k < models.Count; k++)
        {
            var compiled = models[k];
            var sizes = compiled.Model.RuntimeAxes.ToDictionary(axis => axis, axis => given[axis]);
            if (compiled.Model.Guards.FirstOrDefault(guard => !guard.Holds(axis => sizes[axis])) is { } broken)
            {
                return Refuse(errors, $"'{compiled.Model.Name}' can't be called with these sizes: it demands {broken.Text}.");
            }
            try
            {
                var costs = ModelCosts.Of(compiled, axis => sizes[axis]);
                var rows = CostRows.Of(sources, compiled.Model, costs);
                if (asJson) output.WriteLine(ToJson(compiled.Model, sizes, costs, rows));
                else
                {
                    if (k > 0) output.WriteLine();
                    Write(output, compiled.Model, sizes, costs, rows);
                }
            }
            catch (OverflowException)
            {
                return Refuse(errors, $"At these sizes '{compiled.Model.Name}' needs more than a 64-bit integer can say.");
            }
        }
        return ExitCodes.Success;
    }

    private static int Refuse(TextWriter errors, string problem)
    {
        errors.WriteLine(problem);
        return ExitCodes.BadArguments;
    }

    // Which sizes nobody has given, and a command that gives them.
    private static string Missing(IReadOnlyList<string> paths, string? name, List<CompiledModel> models, IReadOnlyList<string> axes, IReadOnlyDictionary<string, long> given)
    {
        var lines = models.Select(model => $"'{model.Model.Name}' has no size for {string.Join(", ", model.Model.RuntimeAxes.Where(axis => !given.ContainsKey(axis)))}.");
        var example = string.Concat(paths.Select(path => " " + path)) + (name is null ? "" : $" --model {name}");
        var at = string.Join(",", axes.Select(axis => FormattableString.Invariant($"{axis}={(given.TryGetValue(axis, out var size) ? size : 64)}")));
        return $"{string.Join(Environment.NewLine, lines)}{Environment.NewLine}Write, with the sizes you have in mind: fnn cost{example} --at {at}";
    }

    // ---- Text -------------------------------------------------------------------------------------------------------

    private static void Write(TextWriter output, BoundModel model, IReadOnlyDictionary<string, long> sizes, ModelCosts costs, IReadOnlyList<CostRow> rows)
    {
        output.WriteLine(new DeclarationName(model.Namespace, model.Name).FullName + (sizes.Count == 0 ? "" : " at " + AxisSizes.Describe(sizes)));
        output.WriteLine();
        var table = new TextTable(leftColumns: 2);
        table.Add("line", "what", "parameters", "values", "forward", "backward", "share");
        table.AddRule();
        var all = Math.Max(1, rows.Sum(row => row.Flops));
        foreach (var row in rows)
        {
            table.Add($"{row.File}({row.Line.ToString(CultureInfo.InvariantCulture)})", Shorten(row.What), Count(row.Parameters), row.ValueBytes == 0 ? "" : Amounts.Bytes(row.ValueBytes),
                Count(row.ForwardFlops), Count(row.BackwardFlops), row.Flops == 0 ? "" : (100.0 * row.Flops / all).ToString("F1", CultureInfo.InvariantCulture) + " %");
        }
        table.AddRule();
        table.Add("", "in all", Count(costs.Parameters), Amounts.Bytes(rows.Sum(row => row.ValueBytes)), Count(costs.ForwardFlops), Count(costs.BackwardFlops), "");
        table.Write(output);
        output.WriteLine();
        var totals = new TextTable(leftColumns: 1);
        totals.Add("", "memory", "weights", "gradients", "buffers", "inputs, results", "values", "operations");
        totals.Add("one call", Amounts.Bytes(costs.InferenceMemory), Amounts.Bytes(costs.ParameterBytes), "", Amounts.Bytes(costs.BufferBytes), Amounts.Bytes(costs.InputBytes),
            Amounts.Bytes(costs.InferenceArena), Amounts.Flops(costs.InferenceFlops));
        totals.Add("a training step", Amounts.Bytes(costs.TrainingMemory), Amounts.Bytes(costs.ParameterBytes), Amounts.Bytes(costs.ParameterBytes + costs.GradientBytes), Amounts.Bytes(costs.BufferBytes),
            Amounts.Bytes(costs.InputBytes), Amounts.Bytes(costs.TrainingArena), Amounts.Flops(costs.ForwardFlops + costs.BackwardFlops));
        totals.Write(output);
    }

    private static string Count(long number) => number == 0 ? "" : Amounts.Count(number);

    private static string Shorten(string text) => text.Length <= LongestText ? text : text[..(LongestText - 3)] + "...";

    // ---- JSON -------------------------------------------------------------------------------------------------------

    private static string ToJson(BoundModel model, IReadOnlyDictionary<string, long> sizes, ModelCosts costs, IReadOnlyList<CostRow> rows) => JsonSerializer.Serialize(new
    {
        model = new DeclarationName(model.Namespace, model.Name).FullName,
        sizes,
        parameters = costs.Parameters,
        inference = new { bytes = costs.InferenceMemory, arenaBytes = costs.InferenceArena, flops = costs.InferenceFlops },
        training = new { bytes = costs.TrainingMemory, arenaBytes = costs.TrainingArena, forwardFlops = costs.ForwardFlops, backwardFlops = costs.BackwardFlops },
        places = rows.Select(row => new
        {
            file = row.File, line = row.Line, what = row.What, parameters = row.Parameters, valueBytes = row.ValueBytes, forwardFlops = row.ForwardFlops, backwardFlops = row.BackwardFlops,
        }).ToArray(),
    });
}
