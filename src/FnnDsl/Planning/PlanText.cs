using System.Globalization;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>A plan as text that can be reviewed: kernels with their bodies, buffers with their lives, steps with their places.</summary>
public static class PlanText
{
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
            lines.Add($"step {Number(i)}: {Print(plan.Steps[i])}{(plan.Kept.FirstOrDefault(item => item.Product == i) is { } kept ? $", right matrix kept from step {Number(kept.Loop)} on" : "")}{(plan.Updates.Contains(i) ? ", updates the parameter" : "")}");
        }
        return string.Join("\n", lines) + "\n";
    }

    private static IEnumerable<string> Print(Kernel kernel, int number)
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

    private static string Print(Step step) => step switch
    {
        KernelStep kernel => $"kernel {Number(kernel.Kernel)}({Print(kernel.Operands)})",
        ProductStep product => $"product {product.Batch} x {product.M} x {product.N} x {product.K}: {Print(product.Left)} by {Print(product.Right)}"
            + (product.Result is { } result ? $" -> {Print(result)}" : "") + (product.Epilogue is { } id ? $", then kernel {Number(id)}({Print(product.EpilogueOperands)})" : ""),
        AttentionStep attention => $"attention over {Print(attention.Sizes)}: {Print(attention.Q)}, {Print(attention.K)}{(attention.V is { } values ? $", {Print(values)} -> {Print(attention.Result!)}" : "")}"
            + (attention.LogSums is { } sums ? $", log sums -> {Print(sums)}" : ""),
        AttentionGradientStep gradient => $"gradient of attention over {Print(gradient.Sizes)}: {Print(gradient.Q)}, {Print(gradient.K)}, {Print(gradient.V)}, {Print(gradient.Result)}, {Print(gradient.LogSums)}, {Print(gradient.ResultGradient)}"
            + $" -> {string.Join(", ", new[] { gradient.QGradient, gradient.KGradient, gradient.VGradient }.Select(operand => operand is null ? "nothing" : Print(operand)))}",
        FillStep fill => $"fill {Print(fill.Place)} with {fill.Value.ToString("R", CultureInfo.InvariantCulture)}",
        GatherStep gather => $"gather {Print(gather.Source)} at {Print(gather.Index)} -> {Print(gather.Result)}",
        ScatterAddStep scatter => $"scatter {Print(scatter.Values)} at {Print(scatter.Index)} -> {Print(scatter.Result)}",
        CheckRangeStep check => $"check that {Print(check.Values)} is below {check.Bound}",
        CheckConvergedStep check => $"check that {Print(check.Unconverged)} is 0, else {check.Otherwise.ToString().ToLowerInvariant()} with {Print(check.Residual)}",
        CopyStep copy => $"copy {Print(copy.Source)} -> {Print(copy.Result)}",
        LoopBeginStep begin => $"for {begin.Step} over {begin.Count}{(begin.IsReverse ? ", downwards" : "")}{(begin.Trips is { } trips ? $", at most {Print(trips)}" : "")}:",
        LoopExitStep exit => $"end {exit.Step} if {Print(exit.Flag)}",
        LoopEndStep end => $"next {end.Step}{(end.Rounds is { } rounds ? $", rounds -> {Print(rounds)}" : "")}",
        _ => step.ToString(),
    };

    private static string Print(MatrixOperand operand) =>
        $"{Print(operand.Place)}{(operand.Offset.IsZero ? "" : $" from {operand.Offset}")} ({operand.BatchStride}, {operand.RowStride}, {operand.ColumnStride})";

    private static string Print(AttentionSizes sizes) =>
        $"{sizes.Batch} x {sizes.Heads} heads in {sizes.Groups} groups, {sizes.Queries} queries, {sizes.Keys} keys of {sizes.Width}, values of {sizes.ValueWidth}{(sizes.IsCausal ? ", causal" : "")}"
        + (sizes.Scale is { } scale ? $", scaled by {scale.ToString("R", CultureInfo.InvariantCulture)}" : "");

    private static string Print(AttentionOperand operand) =>
        $"{Print(operand.Place)}{(operand.Offset.IsZero ? "" : $" from {operand.Offset}")} ({operand.BatchStride}, {operand.SequenceStride}, {operand.HeadStride})";

    private static string Print(IEnumerable<Place> places) => string.Join(", ", places.Select(Print));

    private static string Print(Place place) => Name(place) + (place.Offset.IsZero ? "" : $" from {place.Offset}");

    private static string Name(Place place) => place switch
    {
        ArenaPlace arena => $"buffer {Number(arena.Buffer)}",
        InputPlace input => $"input {Number(input.Index)}",
        ResultPlace result => $"result {Number(result.Index)}",
        OutputGradientPlace gradient => $"result gradient {Number(gradient.Index)}",
        InputGradientPlace gradient => $"input gradient {Number(gradient.Index)}",
        ParameterPlace parameter => $"parameter {Number(parameter.Net)}.{Number(parameter.Index)}",
        GradientPlace gradient => $"gradient {Number(gradient.Net)}.{Number(gradient.Index)}",
        NetBufferPlace buffer => $"state {Number(buffer.Net)}.{Number(buffer.Index)}",
        NewNetBufferPlace buffer => $"new state {Number(buffer.Net)}.{Number(buffer.Index)}",
        ScalarPlace scalar => $"scalar {Number(scalar.Index)}",
        _ => place.ToString(),
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
