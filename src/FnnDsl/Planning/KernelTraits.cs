using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Decides whether a kernel computes its columns in vectors, and estimates what a column costs.</summary>
public static class KernelTraits
{
    public static Kernel Decide(Kernel kernel) => kernel with
    {
        IsVectorized = kernel.Values.All(value => HasVectorForm(kernel, value)) && kernel.Stores.All(store => HasVectorForm(kernel, store)),
        Sizes = LoopSizes(kernel).Concat(kernel.Values.SelectMany(SizesOf)).Concat(kernel.Stores.SelectMany(store => SizesOf(store.Access)))
            .SelectMany(size => size.AxisNames).Distinct().OrderBy(axis => axis, StringComparer.Ordinal).ToEquatableArray(),
        Cost = Math.Max(1, kernel.Values.Sum(CostOf) + kernel.Stores.Count),
    };

    /// <summary>Vectors hold sixteen 32-bit lanes; booleans are masks of the same width, and bytes in memory.</summary>
    private static bool HasVectorForm(Kernel kernel, KernelValue value)
    {
        if (value.Level != Level.Column && value is not (ReduceValue or ArgReduceValue)) return true;
        return value switch
        {
            RandomValue random => random.ColumnCoefficient.IsOne,
            LoadValue load => IsLane(load.Element),
            ConvertValue convert => IsLane(convert.Element) && IsLane(kernel.Values[convert.Input].Element),
            ReduceValue reduce => reduce.Element is ElementType.F32 or ElementType.I32,
            ArgReduceValue arg => kernel.Values[arg.Input].Element == ElementType.F32,
            ApplyValue apply => IsLane(apply.Element) && apply.Inputs.All(id => IsLane(kernel.Values[id].Element)) && (apply.Element != ElementType.I32 || HasIntegerVectorForm(apply)),
            _ => true,
        };
    }

    /// <summary>For each value the pass over a row's columns in which it is computed: what is made of a reduction is there when the pass over what it takes in has ended.</summary>
    public static IReadOnlyList<int> Passes(Kernel kernel)
    {
        var passes = new int[kernel.Values.Count];
        for (var i = 0; i < passes.Length; i++)
        {
            passes[i] = kernel.Values[i] switch
            {
                ReduceValue reduce => passes[reduce.Input] + 1,
                ArgReduceValue arg => passes[arg.Input] + 1,
                ApplyValue { Inputs.Count: > 0 } apply => apply.Inputs.Max(id => passes[id]),
                ConvertValue convert => passes[convert.Input],
                _ => 0,
            };
        }
        return passes;
    }

    /// <summary>
    /// The values erf(x) that have e^(-x^2) beside them, by their positions: the derivative of the error function is made of it, and so is the function itself from about 1 on, so that a backend can compute it once.
    /// </summary>
    public static IReadOnlyDictionary<int, int> Gaussians(Kernel kernel)
    {
        var pairs = new Dictionary<int, int>();
        for (var id = 0; id < kernel.Values.Count; id++)
        {
            if (kernel.Values[id] is not ApplyValue { Element: ElementType.F32, Level: Level.Column, Operator.Name: "erf" } erf) continue;
            var gaussian = Enumerable.Range(0, kernel.Values.Count).FirstOrDefault(other => IsGaussian(kernel, other, erf.Inputs[0]));
            if (gaussian > 0) pairs.Add(id, gaussian);
        }
        return pairs;
    }

    private static bool IsGaussian(Kernel kernel, int id, int x) =>
        kernel.Values[id] is ApplyValue { Operator.Name: "exp" } exp && kernel.Values[exp.Inputs[0]] is ApplyValue { Operator.Name: "neg" } neg
        && kernel.Values[neg.Inputs[0]] is ApplyValue { Operator.Name: "mul" } square && square.Inputs[0] == x && square.Inputs[1] == x;

    private static bool HasIntegerVectorForm(ApplyValue apply) => apply.Operator.Name is "add" or "sub" or "mul" or "neg" or "abs" or "maximum" or "minimum" or "select";

    private static bool HasVectorForm(Kernel kernel, KernelStore store)
    {
        var value = kernel.Values[store.Value];
        if (store.ColumnReduction is not null) return value.Element == ElementType.F32;
        if (store.Access.ColumnStride.IsZero) return value.Level != Level.Column && !store.Adds && (kernel.Form != KernelForm.Map || value.Element is ElementType.F32 or ElementType.I32);
        return store.Access.ColumnStride.IsOne ? IsLane(value.Element) && !(store.Adds && value.Element == ElementType.Bool) : value.Element is ElementType.F32 or ElementType.I32 && !store.Adds;
    }

    /// <summary>Sizes that the loops themselves need: of inner row axes, to tell their indices apart, and of the columns.</summary>
    private static IEnumerable<Size> LoopSizes(Kernel kernel) => kernel.Form switch
    {
        KernelForm.Map => [],
        KernelForm.Epilogue => kernel.Rows.Skip(1),
        KernelForm.Parts => kernel.Rows.Append(kernel.Columns),
        _ => kernel.Rows.Skip(kernel.ReducedRows > 0 ? 0 : 1).Append(kernel.Columns),
    };

    private static IEnumerable<Size> SizesOf(KernelValue value) => value switch
    {
        LoadValue load => SizesOf(load.Access),
        SizeNumberValue size => [size.Size],
        IndexValue index => index.RowCoefficients.Append(index.ColumnCoefficient).Append(index.Offset),
        RandomValue random => random.RowCoefficients.Append(random.ColumnCoefficient).Append(random.Offset),
        _ => [],
    };

    private static IEnumerable<Size> SizesOf(Access access) => access.RowStrides.Append(access.ColumnStride).Append(access.Offset);

    private static bool IsLane(ElementType element) => element is ElementType.F32 or ElementType.I32 or ElementType.Bool;

    private static int CostOf(KernelValue value) => value switch
    {
        { Level: not Level.Column } and not (ReduceValue or ArgReduceValue) => 0,
        ApplyValue apply => apply.Operator.Cost,
        RandomValue => 24,
        LoadValue { Access.ColumnStride.IsOne: false } => 4,
        NumberValue or SizeNumberValue => 0,
        _ => 1,
    };
}
