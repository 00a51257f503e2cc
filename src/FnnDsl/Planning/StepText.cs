using System.Globalization;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>The steps of a plan as text, a line each.</summary>
public sealed class StepText
{
    /// <summary>What a place is called; by its kind and number unless told otherwise.</summary>
    public Func<Place, string> Place { get; init; } = NumberedName;

    /// <summary>What a kernel is called, by its number.</summary>
    public Func<int, string> Kernel { get; init; } = number => $"kernel {Number(number)}";

    /// <summary>Whether the strides of a product's matrices are told.</summary>
    public bool ShowsStrides { get; init; } = true;

    /// <summary>One line.</summary>
    public string Print(Step step) => step switch
    {
        KernelStep kernel => $"{Kernel(kernel.Kernel)}({Print(kernel.Operands)})",
        ProductStep product => $"product {product.Batch} x {product.M} x {product.N} x {product.K}: {Print(product.Left)} by {Print(product.Right)}{Print(product.Operands)}"
            + (product.Result is { } result ? $" -> {Print(result)}" : "") + (product.Epilogue is { } id ? $", then {Kernel(id)}({Print(product.EpilogueOperands)})" : ""),
        AttentionStep attention => $"attention over {Print(attention.Sizes)}: {Print(attention.Q)}, {Print(attention.K)}{(attention.V is { } values ? $", {Print(values)} -> {Print(attention.Result!)}" : "")}{Print(attention.Operands)}"
            + (attention.LogSums is { } sums ? $", log sums -> {Print(sums)}" : ""),
        AttentionGradientStep gradient => $"gradient of attention over {Print(gradient.Sizes)}: {Print(gradient.Q)}, {Print(gradient.K)}, {Print(gradient.V)}, {Print(gradient.Result)}, {Print(gradient.LogSums)}, {Print(gradient.ResultGradient)}{Print(gradient.Operands)}"
            + $" -> {string.Join(", ", new[] { gradient.QGradient, gradient.KGradient, gradient.VGradient }.Select(operand => operand is null ? "nothing" : Print(operand)))}",
        FillStep fill => $"fill {Print(fill.Place)} with {fill.Value.ToString("R", CultureInfo.InvariantCulture)}",
        GatherStep gather => $"gather {Print(gather.Source)} at {Print(gather.Index)} -> {Print(gather.Result)}",
        ScatterAddStep scatter => $"scatter {Print(scatter.Values)} at {Print(scatter.Index)} -> {Print(scatter.Result)}",
        CheckRangeStep check => $"check that {Print(check.Values)} is below {check.Bound}",
        CheckConvergedStep check => $"check that {Print(check.Unconverged)} is 0, else {check.Otherwise.ToString().ToLowerInvariant()} with {Print(check.Residual)}",
        SampleStep sample => $"sample {Print(sample.Logits)} by {Print(sample.Draws)} with {Print(sample.Numbers)}{(sample.History is { } history ? $" after {Print(history.Place)}" : "")} -> {Print(sample.Result)}",
        CopyStep copy => $"copy {Print(copy.Source)} -> {Print(copy.Result)}",
        LoopBeginStep begin => $"for {begin.Step} over {begin.Count}{(begin.IsReverse ? ", downwards" : "")}{(begin.Trips is { } trips ? $", at most {Print(trips)}" : "")}:",
        LoopExitStep exit => $"end {exit.Step} if {Print(exit.Flag)}",
        LoopEndStep end => $"next {end.Step}{(end.Rounds is { } rounds ? $", rounds -> {Print(rounds)}" : "")}",
        _ => step.ToString(),
    };

    private string Print(MatrixOperand operand) => Print(operand.Place) + (operand.Offset.IsZero ? "" : $" from {operand.Offset}")
        + (ShowsStrides ? $" ({operand.BatchStride}, {Print(operand.Rows)}, {Print(operand.Columns)})" : "");

    private static string Print(EquatableArray<MatrixAxis> axes) => axes.Count switch
    {
        0 => "0",
        1 => axes[0].Stride.ToString(),
        _ => string.Join(" then ", axes.Select(axis => $"{axis.Length} by {axis.Stride}")),
    };

    private static string Print(AttentionSizes sizes) =>
        $"{sizes.Batch} x {sizes.Heads} heads in {sizes.Groups} groups, {sizes.Queries} queries, {sizes.Keys} keys of {sizes.Width}, values of {sizes.ValueWidth}{(sizes.IsCausal ? ", causal" : "")}"
        + (sizes.Scale is { } scale ? $", scaled by {scale.ToString("R", CultureInfo.InvariantCulture)}" : "");

    private static string Print(FloatFormat operands) => operands == FloatFormat.F32 ? "" : $", in {operands.Name} on GPUs";

    private string Print(AttentionOperand operand) => Print(operand.Place) + (operand.Offset.IsZero ? "" : $" from {operand.Offset}")
        + (ShowsStrides ? $" ({operand.BatchStride}, {operand.SequenceStride}, {operand.HeadStride})" : "");

    private string Print(IEnumerable<Place> places) => string.Join(", ", places.Select(Print));

    private string Print(Place place) => Place(place) + (place.Offset.IsZero ? "" : $" from {place.Offset}");

    private static string NumberedName(Place place) => place switch
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
        KeptPlace kept => $"kept {Number(kept.Index)}",
        NewKeptPlace kept => $"new kept {Number(kept.Index)}",
        ScalarPlace scalar => $"scalar {Number(scalar.Index)}",
        _ => place.ToString(),
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
