namespace FeedbackNN.Cpu;

/// <content>The float64 twin, for gradient checks and models in float64: plain loops, one query after the other.</content>
public static unsafe partial class AttentionKernels
{
    /// <inheritdoc cref="Run(WorkerPool, in AttentionArguments{float})"/>
    public static void Run(WorkerPool pool, in AttentionArguments<double> a) =>
        pool.For(new ForwardOfDoubles(a), a.Batch * a.Heads * a.Queries, Math.Max(1, Grain / Math.Max(1, a.Keys * (a.Width + a.ValueWidth))));

    /// <inheritdoc cref="RunGradient(WorkerPool, in AttentionArguments{float})"/>
    public static void RunGradient(WorkerPool pool, in AttentionArguments<double> a) => pool.For(new GradientOfDoubles(a), a.Batch * a.Groups, 1);

    private static double Dot(double* a, double* b, nint count)
    {
        var sum = 0.0;
        for (nint i = 0; i < count; i++) sum = Math.FusedMultiplyAdd(a[i], b[i], sum);
        return sum;
    }

    private static void AddScaled(double factor, double* from, double* to, nint count)
    {
        for (nint i = 0; i < count; i++) to[i] = Math.FusedMultiplyAdd(factor, from[i], to[i]);
    }

    private static void Clear(in AttentionTensor<double> tensor, nint sample, nint head, nint positions, nint width)
    {
        for (nint position = 0; tensor.Start != null && position < positions; position++) new Span<double>(tensor.Row(sample, head, position), checked((int)width)).Clear();
    }

    private readonly struct ForwardOfDoubles(AttentionArguments<double> a) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            using var scratch = Scratch.Borrow(2 * a.Keys);
            var weights = (double*)scratch.Pointer;
            for (var unit = begin; unit < end; unit++)
            {
                var (sampleAndHead, query) = (unit / a.Queries, unit % a.Queries);
                var (sample, head) = (sampleAndHead / a.Heads, sampleAndHead % a.Heads);
                var group = head / (a.Heads / a.Groups);
                var visible = a.Visible(query);
                var largest = double.NegativeInfinity;
                for (nint key = 0; key < visible; key++)
                {
                    weights[key] = Dot(a.Q.Row(sample, head, query), a.K.Row(sample, group, key), a.Width) * a.Scale;
                    largest = Math.Max(largest, weights[key]);
                }

                var sum = 0.0;
                for (nint key = 0; key < visible; key++) sum += weights[key] = Math.Exp(weights[key] - largest);
                if (a.LogSums != null) a.SumsOf(sample, head)[query] = visible == 0 ? double.NegativeInfinity : largest + Math.Log(sum);
                if (a.ValueWidth == 0) continue;
                var result = a.Result.Row(sample, head, query);
                new Span<double>(result, checked((int)a.ValueWidth)).Clear();
                for (nint key = 0; key < visible; key++) AddScaled(weights[key] / sum, a.V.Row(sample, group, key), result, a.ValueWidth);
            }
        }
    }

    private readonly struct GradientOfDoubles(AttentionArguments<double> a) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            var headsOfGroup = a.Heads / a.Groups;
            for (var unit = begin; unit < end; unit++)
            {
                var (sample, group) = (unit / a.Groups, unit % a.Groups);
                Clear(a.KGradient, sample, group, a.Keys, a.Width);
                Clear(a.VGradient, sample, group, a.Keys, a.ValueWidth);
                for (var head = group * headsOfGroup; head < (group + 1) * headsOfGroup; head++)
                {
                    Clear(a.QGradient, sample, head, a.Queries, a.Width);
                    for (nint query = 0; query < a.Queries; query++) OfQuery(sample, group, head, query);
                }
            }
        }

        private void OfQuery(nint sample, nint group, nint head, nint query)
        {
            double* q = a.Q.Row(sample, head, query), dy = a.ResultGradient.Row(sample, head, query);
            var along = Dot(dy, a.Result.Row(sample, head, query), a.ValueWidth);
            var visible = a.Visible(query);
            for (nint key = 0; key < visible; key++)
            {
                var p = Math.Exp((Dot(q, a.K.Row(sample, group, key), a.Width) * a.Scale) - a.SumsOf(sample, head)[query]);
                var slope = p * (Dot(dy, a.V.Row(sample, group, key), a.ValueWidth) - along) * a.Scale;
                if (a.VGradient.Start != null) AddScaled(p, dy, a.VGradient.Row(sample, group, key), a.ValueWidth);
                if (a.KGradient.Start != null) AddScaled(slope, q, a.KGradient.Row(sample, group, key), a.Width);
                if (a.QGradient.Start != null) AddScaled(slope, a.K.Row(sample, group, key), a.QGradient.Row(sample, head, query), a.Width);
            }
        }
    }
}
