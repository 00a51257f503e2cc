using FeedbackNN.Dsl.Planning;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Programs of the corpus that together have every kind of step and of kernel that GPUs are handed: those that run on PoCL each time. A driver takes a third of a second to compile a
/// kernel, and the corpus has over a thousand.
/// </summary>
internal static class CoveringSet
{
    /// <summary>A file of tests/corpus/good, and a program of it.</summary>
    public static readonly string[] Programs =
    [
        "attention Rounds_Training", "checkpointed_copies FitDrawn_Step0", "constants Exact_Inference", "convolution_over_time Temporal_Training", "digits FitSimpleNN_Step0",
        "doubles Doubles_Training", "extremes_of_functions Extremes_Inference", "families_and_their_files SmallGpt_Training", "family_with_defaults Plain_Training", "feedback_corners InFloat64_Inference",
        "feedback_corners KindsOfStates_Training", "generates Ramble_First", "generates Sample_Step", "index_reducers Reducers_Training", "indices_of_callers Wide_Inference",
        "integers Integers_Inference", "mixture_of_experts HardExperts_Inference", "parts_read_in_place Borders_Inference", "precision FitMemory_Step0", "precision FitPictures_Step0", "precision FitTogether_Step0", "precision Together_Training",
        "reductions Reductions_Inference", "softmax_axes Normalised_Inference", "strided_gradients Sort_Step0",
    ];

    /// <summary>What a program has that others may not have: each kind of step and kernel, by what decides which code of the runtime runs.</summary>
    public static IEnumerable<string> PartsOf(ProgramPlan plan) => plan.Steps.Select(Part).Concat(plan.Kernels.SelectMany(KernelParts)).Distinct(StringComparer.Ordinal);

    private static string Part(Step step) => step switch
    {
        ProductStep product => $"product in {product.Operands.Name}, {(product.Left.HasAxes || product.Right.HasAxes ? "along axes" : "along strides")}, {(product.Epilogue is null ? "as it is" : product.Result is null ? "for a kernel" : "kept, for a kernel")}",
        AttentionStep { V: null } attention => $"log sums of attention in {attention.Operands.Name}",
        AttentionStep attention => $"attention in {attention.Operands.Name}{(attention.LogSums is null ? "" : " with log sums")}",
        AttentionGradientStep gradient => $"gradient of attention in {gradient.Operands.Name}, of {(gradient.QGradient is null ? "" : "q")}{(gradient.KGradient is null ? "" : "k")}{(gradient.VGradient is null ? "" : "v")}",
        LoopBeginStep loop => $"loop{(loop.IsReverse ? ", reverse" : "")}{(loop.Trips is null ? "" : ", of a number in memory")}{(loop.CanStop ? ", that may end early" : "")}",
        SampleStep sample => $"sample{(sample.History is null ? "" : " with a history")}",
        _ => step.GetType().Name,
    };

    private static IEnumerable<string> KernelParts(Kernel kernel)
    {
        if (kernel.AddsParts is { } added)
        {
            yield return $"parts added, {added} of {kernel.Operands[0].Element}";
            yield break;
        }
        var template = GpuMapping.Of(kernel);
        foreach (var store in kernel.Stores) yield return $"{template} of {kernel.Operands[store.Access.Operand].Element}{(store.Adds ? ", added" : "")}{(store.ColumnReduction is { } sum ? $", {sum} of rows" : "")}";
        foreach (var value in kernel.Values)
        {
            switch (value)
            {
                case ReduceValue reduce: yield return $"{template}, {reduce.Kind} of {reduce.Element}"; break;
                case ArgReduceValue arg: yield return $"{template}, {(arg.IsMax ? "argmax" : "argmin")}"; break;
                case RandomValue: yield return $"{template}, random"; break;
                case ConvertValue convert: yield return $"{convert.Element} of {kernel.Values[convert.Input].Element}"; break;
            }
        }
    }
}
