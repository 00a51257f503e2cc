using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints the lines that tell a profile what each step of a program does: its kernel, its sizes, its operations and bytes in one round.</summary>
/// <param name="kernelNames">The name of each kernel's struct.</param>
/// <param name="isCpu">The program is the processor's, which packs matrices before loops and changes weights on the tiles of their gradients.</param>
internal sealed class DescriptionPrinter(ProgramPlan plan, IReadOnlyList<string> kernelNames, bool isCpu)
{
    private readonly IReadOnlyList<StepCosts> _costs = StepCosts.Of(plan);

    /// <summary>The sizes that the lines name.</summary>
    public IEnumerable<Size> Sizes => _costs.SelectMany(costs =>
        Extents(plan.Steps[costs.Position]).Concat(costs.Flops.Select(place => place.Flops)).Concat(costs.Traffic.SelectMany(one => new[] { one.Touched, one.Held })));

    /// <summary>In the order of the steps.</summary>
    public IEnumerable<string> Lines() => _costs
        .Select(costs => (costs.Position, Line: Line(costs.Position, Kernel(plan.Steps[costs.Position]) + (isCpu && plan.Updates.Contains(costs.Position) ? ", update" : ""), Extents(plan.Steps[costs.Position]), Flops(costs), Bytes(costs.Traffic))))
        // What a loop does before its first round, where it does something.
        .Concat(plan.Kept.Where(_ => isCpu).Select(kept => kept.Loop).Distinct().Select(loop => (Position: loop, Line: Line(loop, "pack", [], "0", "0"))))
        .OrderBy(line => line.Position)
        .Select(line => line.Line);

    private static string Line(int position, string kernel, IEnumerable<Size> sizes, string flops, string bytes) =>
        $"descriptions.Add({NumberText.Integer(position)}, {CSharpNames.Literal(kernel)}, [{string.Join(", ", sizes.Select(SizeText.Print))}], {flops}, {bytes});";

    private string Kernel(Step step) => step switch
    {
        KernelStep kernel => kernelNames[kernel.Kernel],
        ProductStep { Epilogue: { } id } => "product, " + kernelNames[id],
        ProductStep => "product",
        AttentionStep => "attention",
        AttentionGradientStep => "gradient of attention",
        FillStep => "fill",
        CopyStep => "copy",
        SampleStep => "sample",
        GatherStep => "gather",
        ScatterAddStep => "scatter",
        _ => "check",
    };

    private IEnumerable<Size> Extents(Step step) => step switch
    {
        KernelStep kernel => plan.Kernels[kernel.Kernel].Rows.Append(plan.Kernels[kernel.Kernel].Columns),
        ProductStep product => product.Batch.IsOne ? [product.M, product.N, product.K] : [product.Batch, product.M, product.N, product.K],
        AttentionStep attention => Extents(attention.Sizes),
        AttentionGradientStep gradient => Extents(gradient.Sizes),
        FillStep fill => [fill.Length],
        CopyStep copy => [copy.Length],
        SampleStep sample => [sample.Rows, sample.Columns],
        GatherStep gather => [gather.Outer, gather.IndexCount, gather.Inner],
        ScatterAddStep scatter => [scatter.Outer, scatter.IndexCount, scatter.Inner],
        CheckRangeStep check => [check.Count],
        _ => [],
    };

    private static IEnumerable<Size> Extents(AttentionSizes sizes) => [sizes.Batch, sizes.Heads, sizes.Queries, sizes.Keys, sizes.Width];

    private static string Flops(StepCosts costs) => SizeText.Print(costs.Flops.Aggregate(Size.Zero, (sum, place) => sum + place.Flops));

    private static string Bytes(EquatableArray<Traffic> traffic)
    {
        var known = traffic.Where(one => Least(one) is not null).Aggregate(Size.Zero, (sum, one) => sum + Size.Constant(one.Element.SizeInBytes()) * Least(one)!);
        var others = traffic.Where(one => Least(one) is null).Select(one => $"{NumberText.Integer(one.Element.SizeInBytes())} * Math.Min({SizeText.Print(one.Touched)}, {SizeText.Print(one.Held)})");
        return string.Join(" + ", (known.IsZero && others.Any() ? [] : new[] { SizeText.Print(known) }).Concat(others));
    }

    // The smaller of both numbers where it is known which that is.
    private static Size? Least(Traffic traffic)
    {
        if (traffic.Touched == traffic.Held) return traffic.Held;
        return traffic.Touched.TryGetConstant(out var touched) && traffic.Held.TryGetConstant(out var held) ? Size.Constant(Math.Min(touched, held)) : null;
    }
}
