using System.Globalization;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>A plan as text that can be reviewed: kernels with their bodies, buffers with their lives, steps with their places.</summary>
public static class PlanText
{
    private static readonly StepText Steps = new();

    public static string Print(ProgramPlan plan)
    {
        var lines = new List<string> { $"program {plan.Name}({string.Join(", ", plan.Axes)})" };
        for (var i = 0; i < plan.Buffers.Count; i++)
        {
            var buffer = plan.Buffers[i];
            lines.Add($"buffer {Number(i)}: {buffer.Element.Text()}[{buffer.Length}], steps {Number(buffer.FirstStep)}..{Number(buffer.LastStep)}");
        }
        for (var i = 0; i < plan.Kernels.Count; i++) lines.AddRange(Print(plan.Kernels[i], i));
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            if (i == plan.BackwardStart) lines.Add("backward:");
            if (plan.Loops.FirstOrDefault(loop => loop.First == i) is { } loop) lines.Add($"{Number(loop.Count)} times {Number(loop.Period)} steps:");
            lines.Add($"step {Number(i)}: {Steps.Print(plan.Steps[i])}{(plan.Kept.FirstOrDefault(item => item.Product == i) is { } kept ? $", right matrix kept from step {Number(kept.Loop)} on" : "")}{(plan.Updates.Contains(i) ? ", updates the parameter" : "")}");
        }
        return string.Join("\n", lines) + "\n";
    }

    /// <summary>A kernel's loops, its values and what it writes, in as many lines.</summary>
    public static IEnumerable<string> Print(Kernel kernel, int number)
    {
        var loops = kernel.Rows.Select(size => size.ToString()).Append($"columns {kernel.Columns}");
        yield return $"kernel {Number(number)} {kernel.Name}: {kernel.Form.ToString().ToLowerInvariant()}{(kernel.IsVectorized ? "" : ", one by one")} over {string.Join(" x ", loops)}";
        for (var i = 0; i < kernel.Values.Count; i++) yield return $"    {Number(i)} {kernel.Values[i].Level.ToString().ToLowerInvariant()} = {Print(kernel.Values[i])}";
        foreach (var store in kernel.Stores)
        {
            var how = store.ColumnReduction is { } kind ? $"{kind.ToString().ToLowerInvariant()} over {Number(store.ReducedRows)} row axes of " : store.Adds ? "add " : "";
            yield return $"    {Print(store.Access)} <- {how}{Number(store.Value)}";
        }
    }

    private static string Print(KernelValue value) => value switch
    {
        LoadValue load => Print(load.Access),
        NumberValue number => number.Number.ToString("R", CultureInfo.InvariantCulture),
        SizeNumberValue size => $"size {size.Size}",
        IndexValue index => $"index {Sum(index.Offset, index.RowCoefficients, index.ColumnCoefficient)}",
        RandomValue random => $"random of element {Sum(random.Offset, random.RowCoefficients, random.ColumnCoefficient)}",
        ApplyValue apply => $"{apply.Operator.Name} {string.Join(" ", apply.Inputs.Select(Number))}",
        ConvertValue convert => $"{convert.Element.Text()} {Number(convert.Input)}",
        ReduceValue reduce => $"row {reduce.Kind.ToString().ToLowerInvariant()} {Number(reduce.Input)}",
        ArgReduceValue arg => $"row {(arg.IsMax ? "argmax" : "argmin")} {Number(arg.Input)}",
        _ => value.ToString(),
    };

    private static string Print(Access access) => $"operand {Number(access.Operand)}[{Sum(access.Offset, access.RowStrides, access.ColumnStride)}]";

    private static string Sum(Size offset, IReadOnlyList<Size> rows, Size column)
    {
        var terms = rows.Select((stride, axis) => (stride, name: "r" + Number(axis))).Append((stride: column, name: "c"))
            .Where(term => !term.stride.IsZero).Select(term => term.stride.IsOne ? term.name : $"{term.name}*({term.stride})").ToList();
        if (!offset.IsZero || terms.Count == 0) terms.Add(offset.ToString());
        return string.Join(" + ", terms);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
