using System.Globalization;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Tool;

/// <summary>One program for people to read: its steps with their lines, the values that lie in memory, its kernels.</summary>
/// <param name="scope">The source.</param>
/// <param name="names">Of what it takes and gives.</param>
/// <param name="plan">The program.</param>
/// <param name="sizes">Sizes of run-time axes that are known.</param>
/// <param name="output">Where it goes.</param>
internal sealed class PlanReport(ModuleScope scope, PlaceNames names, ProgramPlan plan, IReadOnlyDictionary<string, long> sizes, TextWriter output)
{
    private bool HasSizes => plan.Axes.All(sizes.ContainsKey);

    public void Write(string title)
    {
        output.WriteLine(title + (plan.Axes.Count > 0 && HasSizes ? " at " + AxisSizes.Describe(plan.Axes.ToDictionary(axis => axis, axis => sizes[axis])) : ""));
        output.WriteLine();
        WriteSteps();
        WriteLaunches();
        if (plan.Buffers.Count > 0) WriteValues();
        WriteKernels();
    }

    // ---- Steps ------------------------------------------------------------------------------------------------------

    private void WriteSteps()
    {
        var text = new StepText { Place = NameOf, Kernel = NameOf, ShowsStrides = false };
        var table = new TextTable(leftColumns: 3);
        table.Add("step", "line", "what it does");
        table.AddRule();
        var depth = 0;
        for (var position = 0; position < plan.Steps.Count; position++)
        {
            var step = plan.Steps[position];
            if (position == plan.BackwardStart) table.Add("", "", "backward:");
            if (plan.Loops.FirstOrDefault(loop => loop.First == position) is { } copies) table.Add("", "", $"{Number(copies.Count)} equal stretches of {Number(copies.Period)} steps, printed as a loop:");
            if (step is LoopEndStep) depth--;
            table.Add(Number(position), LineOf(step.Origin), new string(' ', 2 * depth) + text.Print(step) + (plan.Kept.Any(kept => kept.Product == position) ? ", the right matrix packed once before the loop" : ""));
            if (step is LoopBeginStep) depth++;
        }
        table.Write(output);
    }

    private void WriteLaunches()
    {
        var launches = GpuLaunches.Of(plan);
        output.WriteLine();
        output.WriteLine($"  launches {LaunchText.Kernels(launches.Always, Amount)} on a GPU");
        foreach (var loop in launches.Loops) output.WriteLine($"  and {Amount(loop.EachRound)} for each round of the loop at {LineOf(loop.Origin)}, of which there are at most {Amount(loop.AtMost)}");
    }

    private string Amount(Size size) => HasSizes ? LaunchText.Number(size.Evaluate(axis => sizes[axis])) : size.ToString();

    private string LineOf(Origin origin) => SourcePlaces.LineOf(scope, origin) is { } line
        ? $"{Path.GetFileName(line.Source.Path)}({Number(line.Source.GetPosition(line.Span.Start).Line + 1)})"
        : "";

    private string NameOf(int kernel) => $"{plan.Kernels[kernel].Name} (kernel {Number(kernel)})";

    private string NameOf(Place place) => place switch
    {
        ArenaPlace arena => $"v{Number(arena.Buffer)}",
        InputPlace input when input.Index < names.Inputs.Count => names.Inputs[input.Index],
        ResultPlace result when result.Index < names.Results.Count => names.Results[result.Index],
        OutputGradientPlace gradient => $"gradient of {names.Results[gradient.Index]}",
        InputGradientPlace gradient => $"gradient of {names.Inputs[gradient.Index]}",
        ParameterPlace parameter => names.Parameters[parameter.Net][parameter.Index],
        GradientPlace gradient => $"gradient of {names.Parameters[gradient.Net][gradient.Index]}",
        NetBufferPlace buffer => names.Buffers[buffer.Net][buffer.Index],
        NewNetBufferPlace buffer => $"new {names.Buffers[buffer.Net][buffer.Index]}",
        KeptPlace => "scale of the loss",
        InputPlace => "state before",
        ResultPlace => "state after",
        _ => "number for the host",
    };

    // ---- Values -----------------------------------------------------------------------------------------------------

    private void WriteValues()
    {
        output.WriteLine();
        var table = new TextTable(leftColumns: 5);
        table.Add("value", "elements", "bytes", "steps", "in memory because");
        table.AddRule();
        var all = Size.Zero;
        for (var k = 0; k < plan.Buffers.Count; k++)
        {
            var buffer = plan.Buffers[k];
            var bytes = Size.Constant(buffer.Element.SizeInBytes()) * buffer.Length;
            all += bytes;
            table.Add($"v{Number(k)}", $"{buffer.Element.Text()}[{buffer.Length}]", Bytes(bytes), $"{Number(buffer.FirstStep)} to {Number(buffer.LastStep)}", string.Join("; ", buffer.Reasons.Select(Because)));
        }
        table.Write(output);
        output.WriteLine();
        output.WriteLine(HasSizes
            ? $"  {Amounts.Bytes(ProgramMemory.ArenaBytes(plan, axis => sizes[axis]))} in all, each with room behind its end: values that are not needed at once share places; {Bytes(all)} would be theirs without that"
            : $"  {all} bytes, fewer where values that are not needed at once share places: how many, --at tells with sizes for {string.Join(", ", plan.Axes.Where(axis => !sizes.ContainsKey(axis)))}");
    }

    private string Bytes(Size bytes) => HasSizes ? Amounts.Bytes(bytes.Evaluate(axis => sizes[axis])) : bytes.ToString();

    private static string Because(StorageReason reason) => reason switch
    {
        StorageReason.Product => "a product reads it",
        StorageReason.OtherStep => "a step that is no kernel makes or reads it",
        StorageReason.Loop => "a loop takes it or carries it from round to round",
        StorageReason.Parts => "it is the parts of a sum, which the next step adds",
        StorageReason.Reshaped => "it is read under another shape",
        StorageReason.OtherHalf => "the backward half reads it",
        StorageReason.ProductTiles => "it is made or read on a product's tiles, and the other side is not",
        StorageReason.OtherLoops => "its reader goes over other rows and columns",
        StorageReason.OtherSums => "its reader sums over other rows",
        StorageReason.KernelSize => "one kernel with its reader would have too many values for registers",
        StorageReason.OtherElements => "its reader needs other elements of it, or a whole sum",
        StorageReason.Between => "its reader also waits for a step that waits for it",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    // ---- Kernels ----------------------------------------------------------------------------------------------------

    private void WriteKernels()
    {
        if (plan.Kernels.Count == 0) return;
        output.WriteLine();
        for (var k = 0; k < plan.Kernels.Count; k++)
        {
            foreach (var line in PlanText.Print(plan.Kernels[k], k)) output.WriteLine("  " + line);
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
