using System.Numerics;
using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <content>Attention and its gradient.</content>
public abstract unsafe partial class GpuProgram
{
    /// <summary>softmax(scale · q kᵀ) v for each head, and the log sums of its scores.</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values; none where only log sums are computed.</param>
    /// <param name="result">None likewise.</param>
    /// <param name="logSums">[batch, heads, queries]; none where nobody asks for them.</param>
    /// <param name="sizes">How many there are.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="operands">What elements of products are rounded to, in float32.</param>
    protected void Attention<T>(GpuAttentionTensor<T> q, GpuAttentionTensor<T> k, GpuAttentionTensor<T> v, GpuAttentionTensor<T> result, ArrayView<T> logSums, AttentionSizes sizes, double scale, OperandFormat operands = OperandFormat.Float32)
        where T : unmanaged, INumberBase<T>
    {
        var rows = (long)sizes.Batch * sizes.Heads * sizes.Queries;
        if (rows == 0) return;
        var of = new AttentionOperands<T>
        {
            Q = q.Operand(sizes.Width), K = k.Operand(sizes.Width), V = Given(v, q).Operand(sizes.ValueWidth), Result = Given(result, q).Operand(sizes.ValueWidth), ResultGradient = q.Operand(sizes.ValueWidth),
            LogSums = logSums.IsValid ? logSums : q.View, Along = q.View,
        };
        var isFew = sizes.Queries <= AttentionKernels.FewQueries;
        _device.Start(isFew ? ForwardOfFew<T>(operands) : Forward<T>(operands), isFew ? Launch.Rows(rows, Math.Max(sizes.Keys, sizes.ValueWidth)) : Tiles(sizes.Batch * sizes.Heads, sizes.Queries, sizes.ValueWidth), of, sizes,
            T.CreateTruncating(scale), logSums.IsValid ? 1 : 0);
    }

    /// <summary>The gradients of queries, keys and values of an attention, each where it is given a place.</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="result">What the attention gave.</param>
    /// <param name="logSums">The log sums that it gave.</param>
    /// <param name="along">Room for as many numbers; none where only gradients of values are wanted.</param>
    /// <param name="resultGradient">The gradient of the result.</param>
    /// <param name="qGradient">Of the queries.</param>
    /// <param name="kGradient">Of the keys.</param>
    /// <param name="vGradient">Of the values.</param>
    /// <param name="sizes">How many there are.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="operands">What elements of products are rounded to, in float32.</param>
    protected void AttentionGradient<T>(
        GpuAttentionTensor<T> q, GpuAttentionTensor<T> k, GpuAttentionTensor<T> v, GpuAttentionTensor<T> result, ArrayView<T> logSums, ArrayView<T> along,
        GpuAttentionTensor<T> resultGradient, GpuAttentionTensor<T> qGradient, GpuAttentionTensor<T> kGradient, GpuAttentionTensor<T> vGradient, AttentionSizes sizes, double scale,
        OperandFormat operands = OperandFormat.Float32)
        where T : unmanaged, INumberBase<T>
    {
        var of = new AttentionOperands<T>
        {
            Q = q.Operand(sizes.Width), K = k.Operand(sizes.Width), V = v.Operand(sizes.ValueWidth), Result = result.Operand(sizes.ValueWidth), ResultGradient = resultGradient.Operand(sizes.ValueWidth),
            LogSums = logSums, Along = along.IsValid ? along : logSums,
        };
        var factor = T.CreateTruncating(scale);
        var queries = (long)sizes.Batch * sizes.Heads * sizes.Queries;
        if (queries > 0 && along.IsValid) _device.Start(Along<T>(), Launch.Rows(queries, sizes.ValueWidth), of, sizes);
        if (queries > 0 && qGradient.View.IsValid) _device.Start(OfQueries<T>(operands), Tiles(sizes.Batch * sizes.Heads, sizes.Queries, sizes.Width), of, qGradient.Operand(sizes.Width), sizes, factor);
        if ((long)sizes.Batch * sizes.Groups * sizes.Keys == 0) return;
        if (kGradient.View.IsValid) _device.Start(OfKeys<T>(operands), Tiles(sizes.Batch * sizes.Groups, sizes.Keys, sizes.Width), of, kGradient.Operand(sizes.Width), sizes, factor, 0);
        if (vGradient.View.IsValid) _device.Start(OfKeys<T>(operands), Tiles(sizes.Batch * sizes.Groups, sizes.Keys, sizes.ValueWidth), of, vGradient.Operand(sizes.ValueWidth), sizes, factor, 1);
    }

    // A group for each tile of rows and each piece of their elements; one where there are no elements, for the log sums.
    private static KernelConfig Tiles(int sequences, int positions, int width)
    {
        const int rows = AttentionTiles<float, AttentionInFloat<InFloat32>>.Rows;
        const int elements = AttentionTiles<float, AttentionInFloat<InFloat32>>.Elements;
        var groups = new Index3D(checked(sequences * ((positions + rows - 1) / rows)), Math.Max(1, (width + elements - 1) / elements), 1);
        return new KernelConfig(groups, new Index3D(AttentionTiles<float, AttentionInFloat<InFloat32>>.Threads, 1, 1));
    }

    // A kernel is given no empty view: one that is never touched takes its place.
    private static GpuAttentionTensor<T> Given<T>(GpuAttentionTensor<T> tensor, GpuAttentionTensor<T> other) where T : unmanaged => tensor.View.IsValid ? tensor : other;

    private static Action<AttentionOperands<T>, AttentionSizes, T, int> Forward<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionOperands<T>, AttentionSizes, T, int>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.Forward<float, AttentionInFloat<InTensorFloat32>, MaxReduction>,
        OperandFormat.BFloat16 => AttentionKernels.Forward<float, AttentionInFloat<InBFloat16>, MaxReduction>,
        OperandFormat.Float16 => AttentionKernels.Forward<float, AttentionInFloat<InFloat16>, MaxReduction>,
        _ => AttentionKernels.Forward<float, AttentionInFloat<InFloat32>, MaxReduction>,
    }, AttentionKernels.Forward<double, AttentionInDouble, MaxReduction>);

    private static Action<AttentionOperands<T>, AttentionSizes, T, int> ForwardOfFew<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionOperands<T>, AttentionSizes, T, int>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.ForwardOfFew<float, AttentionInFloat<InTensorFloat32>, SumReduction, MaxReduction>,
        OperandFormat.BFloat16 => AttentionKernels.ForwardOfFew<float, AttentionInFloat<InBFloat16>, SumReduction, MaxReduction>,
        OperandFormat.Float16 => AttentionKernels.ForwardOfFew<float, AttentionInFloat<InFloat16>, SumReduction, MaxReduction>,
        _ => AttentionKernels.ForwardOfFew<float, AttentionInFloat<InFloat32>, SumReduction, MaxReduction>,
    }, AttentionKernels.ForwardOfFew<double, AttentionInDouble, SumReduction, MaxReduction>);

    private static Action<AttentionOperands<T>, AttentionOperand<T>, AttentionSizes, T> OfQueries<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionOperands<T>, AttentionOperand<T>, AttentionSizes, T>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.OfQueries<float, AttentionInFloat<InTensorFloat32>>,
        OperandFormat.BFloat16 => AttentionKernels.OfQueries<float, AttentionInFloat<InBFloat16>>,
        OperandFormat.Float16 => AttentionKernels.OfQueries<float, AttentionInFloat<InFloat16>>,
        _ => AttentionKernels.OfQueries<float, AttentionInFloat<InFloat32>>,
    }, AttentionKernels.OfQueries<double, AttentionInDouble>);

    private static Action<AttentionOperands<T>, AttentionOperand<T>, AttentionSizes, T, int> OfKeys<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionOperands<T>, AttentionOperand<T>, AttentionSizes, T, int>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.OfKeys<float, AttentionInFloat<InTensorFloat32>>,
        OperandFormat.BFloat16 => AttentionKernels.OfKeys<float, AttentionInFloat<InBFloat16>>,
        OperandFormat.Float16 => AttentionKernels.OfKeys<float, AttentionInFloat<InFloat16>>,
        _ => AttentionKernels.OfKeys<float, AttentionInFloat<InFloat32>>,
    }, AttentionKernels.OfKeys<double, AttentionInDouble>);

    private static Action<AttentionOperands<T>, AttentionSizes> Along<T>() where T : unmanaged => Of<T, Action<AttentionOperands<T>, AttentionSizes>>(
        AttentionKernels.Along<float, AttentionInFloat<InFloat32>, SumReduction>, AttentionKernels.Along<double, AttentionInDouble, SumReduction>);

    // A kernel has its arithmetic as a type of its own, which the element's type decides.
    private static TKernel Of<T, TKernel>(Delegate ofFloat, Delegate ofDouble) where TKernel : Delegate => (TKernel)(typeof(T) == typeof(float) ? ofFloat : ofDouble);
}
