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
        var tensors = new AttentionTensors<T> { Q = q, K = k, V = Given(v, q), Result = Given(result, q), ResultGradient = q, LogSums = logSums.IsValid ? logSums : q.View };
        _device.Start(Forward<T>(operands), Launch.Rows(rows, Math.Max(sizes.Keys, sizes.ValueWidth)), tensors, sizes, T.CreateTruncating(scale), logSums.IsValid ? 1 : 0);
    }

    /// <summary>The gradients of queries, keys and values of an attention, each where it is given a place.</summary>
    /// <param name="q">Queries.</param>
    /// <param name="k">Keys.</param>
    /// <param name="v">Values.</param>
    /// <param name="result">What the attention gave.</param>
    /// <param name="logSums">The log sums that it gave.</param>
    /// <param name="resultGradient">The gradient of the result.</param>
    /// <param name="qGradient">Of the queries.</param>
    /// <param name="kGradient">Of the keys.</param>
    /// <param name="vGradient">Of the values.</param>
    /// <param name="sizes">How many there are.</param>
    /// <param name="scale">What scores are multiplied by.</param>
    /// <param name="operands">What elements of products are rounded to, in float32.</param>
    protected void AttentionGradient<T>(
        GpuAttentionTensor<T> q, GpuAttentionTensor<T> k, GpuAttentionTensor<T> v, GpuAttentionTensor<T> result, ArrayView<T> logSums,
        GpuAttentionTensor<T> resultGradient, GpuAttentionTensor<T> qGradient, GpuAttentionTensor<T> kGradient, GpuAttentionTensor<T> vGradient, AttentionSizes sizes, double scale,
        OperandFormat operands = OperandFormat.Float32)
        where T : unmanaged, INumberBase<T>
    {
        var tensors = new AttentionTensors<T> { Q = q, K = k, V = v, Result = result, ResultGradient = resultGradient, LogSums = logSums };
        var queries = (long)sizes.Batch * sizes.Heads * sizes.Queries;
        if (queries > 0 && qGradient.View.IsValid)
        {
            _device.Start(OfQueries<T>(operands), Launch.Rows(queries, Math.Max(sizes.Keys, sizes.Width)), tensors, qGradient, sizes, T.CreateTruncating(scale));
        }

        var keys = (long)sizes.Batch * sizes.Groups * sizes.Keys;
        if (keys == 0 || !(kGradient.View.IsValid || vGradient.View.IsValid)) return;
        _device.Start(OfKeysAndValues<T>(operands), Launch.Rows(keys, Math.Max(sizes.Queries, Math.Max(sizes.Width, sizes.ValueWidth))), tensors, Given(kGradient, k), Given(vGradient, v), sizes, T.CreateTruncating(scale),
            kGradient.View.IsValid ? 1 : 0, vGradient.View.IsValid ? 1 : 0);
    }

    // A kernel is given no empty view: one that is never touched takes its place.
    private static GpuAttentionTensor<T> Given<T>(GpuAttentionTensor<T> tensor, GpuAttentionTensor<T> other) where T : unmanaged => tensor.View.IsValid ? tensor : other;

    private static Action<AttentionTensors<T>, AttentionSizes, T, int> Forward<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionTensors<T>, AttentionSizes, T, int>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.Forward<float, AttentionInFloat<InTensorFloat32>, SumReduction, MaxReduction>,
        OperandFormat.BFloat16 => AttentionKernels.Forward<float, AttentionInFloat<InBFloat16>, SumReduction, MaxReduction>,
        OperandFormat.Float16 => AttentionKernels.Forward<float, AttentionInFloat<InFloat16>, SumReduction, MaxReduction>,
        _ => AttentionKernels.Forward<float, AttentionInFloat<InFloat32>, SumReduction, MaxReduction>,
    }, AttentionKernels.Forward<double, AttentionInDouble, SumReduction, MaxReduction>);

    private static Action<AttentionTensors<T>, GpuAttentionTensor<T>, AttentionSizes, T> OfQueries<T>(OperandFormat operands) where T : unmanaged => Of<T, Action<AttentionTensors<T>, GpuAttentionTensor<T>, AttentionSizes, T>>(operands switch
    {
        OperandFormat.TensorFloat32 => AttentionKernels.OfQueries<float, AttentionInFloat<InTensorFloat32>>,
        OperandFormat.BFloat16 => AttentionKernels.OfQueries<float, AttentionInFloat<InBFloat16>>,
        OperandFormat.Float16 => AttentionKernels.OfQueries<float, AttentionInFloat<InFloat16>>,
        _ => AttentionKernels.OfQueries<float, AttentionInFloat<InFloat32>>,
    }, AttentionKernels.OfQueries<double, AttentionInDouble>);

    private static Action<AttentionTensors<T>, GpuAttentionTensor<T>, GpuAttentionTensor<T>, AttentionSizes, T, int, int> OfKeysAndValues<T>(OperandFormat operands) where T : unmanaged =>
        Of<T, Action<AttentionTensors<T>, GpuAttentionTensor<T>, GpuAttentionTensor<T>, AttentionSizes, T, int, int>>(operands switch
        {
            OperandFormat.TensorFloat32 => AttentionKernels.OfKeysAndValues<float, AttentionInFloat<InTensorFloat32>>,
            OperandFormat.BFloat16 => AttentionKernels.OfKeysAndValues<float, AttentionInFloat<InBFloat16>>,
            OperandFormat.Float16 => AttentionKernels.OfKeysAndValues<float, AttentionInFloat<InFloat16>>,
            _ => AttentionKernels.OfKeysAndValues<float, AttentionInFloat<InFloat32>>,
        }, AttentionKernels.OfKeysAndValues<double, AttentionInDouble>);

    // A kernel has its arithmetic as a type of its own, which the element's type decides.
    private static TKernel Of<T, TKernel>(Delegate ofFloat, Delegate ofDouble) where TKernel : Delegate => (TKernel)(typeof(T) == typeof(float) ? ofFloat : ofDouble);
}
