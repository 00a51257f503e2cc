using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Attention with a row of scores at a time, as many keys at once as a group has threads: the weights of these keys are in shared memory, and each thread adds up some of the
/// elements of the result, which lies in global memory. The softmax is put right as larger scores appear, as on the processor.
/// </summary>
/// <remarks>
/// Floor: every query reads all keys and values that it looks at, so the second-level cache bounds it; a kernel over tiles of queries would read them once for each tile. Not
/// yet measured on a GPU.
/// </remarks>
internal static class AttentionKernels
{
    /// <summary>The result, and log sums where they are wanted: a query of a head a group.</summary>
    public static void Forward<T, TMath, TSum, TMax>(AttentionTensors<T> tensors, AttentionSizes sizes, T scale, int wantsSums)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
        where TSum : struct, IReduction<T>
        where TMax : struct, IReduction<T>
    {
        var weights = SharedMemory.Allocate<T>(WholeGroup.MostThreads);
        var lanes = default(WholeGroup);
        for (var row = Grid.IdxX; row < sizes.Batch * sizes.Heads * sizes.Queries; row += Grid.DimX)
        {
            var place = Place.Of(row, sizes);
            var visible = sizes.Visible(place.Query);
            var result = tensors.Result.Row(place.Sample, place.Head, place.Query);
            for (var f = lanes.First; f < sizes.ValueWidth; f += lanes.Step) tensors.Result.View[result + f] = TMath.Zero;
            var largest = TMath.MinusInfinity;
            var sum = TMath.Zero;
            for (var first = 0; first < visible; first += lanes.Step)
            {
                var key = first + lanes.First;
                var score = TMath.MinusInfinity;
                if (key < visible) score = TMath.Multiply(Score<T, TMath>(tensors, sizes, place, key), scale);
                var now = TMax.Combine(largest, lanes.Reduce<T, TMax>(score));
                var weight = TMath.Zero;
                if (key < visible) weight = TMath.Exp(TMath.Subtract(score, now));
                var factor = TMath.Exp(TMath.Subtract(largest, now));
                sum = TMath.Add(TMath.Multiply(sum, factor), lanes.Reduce<T, TSum>(weight));
                weights[lanes.First] = TMath.Operand(weight);
                Group.Barrier();
                var keys = Math.Min(lanes.Step, visible - first);
                for (var f = lanes.First; f < sizes.ValueWidth; f += lanes.Step)
                {
                    var total = TMath.Multiply(tensors.Result.View[result + f], factor);
                    for (var j = 0; j < keys; j++) total = TMath.Add(total, TMath.Multiply(weights[j], TMath.Operand(tensors.V.View[tensors.V.Row(place.Sample, place.Group, first + j) + f])));
                    tensors.Result.View[result + f] = total;
                }
                Group.Barrier();
                largest = now;
            }
            for (var f = lanes.First; visible > 0 && f < sizes.ValueWidth; f += lanes.Step) tensors.Result.View[result + f] = TMath.Divide(tensors.Result.View[result + f], sum);
            if (lanes.First == 0 && wantsSums != 0) tensors.LogSums[row] = visible > 0 ? TMath.Add(largest, TMath.Log(sum)) : TMath.MinusInfinity;
        }
    }

    /// <summary>The gradients of queries: a query of a head a group.</summary>
    public static void OfQueries<T, TMath>(AttentionTensors<T> tensors, GpuAttentionTensor<T> gradient, AttentionSizes sizes, T scale)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var slopes = SharedMemory.Allocate<T>(WholeGroup.MostThreads);
        var lanes = default(WholeGroup);
        for (var row = Grid.IdxX; row < sizes.Batch * sizes.Heads * sizes.Queries; row += Grid.DimX)
        {
            var place = Place.Of(row, sizes);
            var visible = sizes.Visible(place.Query);
            var to = gradient.Row(place.Sample, place.Head, place.Query);
            for (var e = lanes.First; e < sizes.Width; e += lanes.Step) gradient.View[to + e] = TMath.Zero;
            var along = Along<T, TMath>(tensors, sizes, place);
            for (var first = 0; first < visible; first += lanes.Step)
            {
                var key = first + lanes.First;
                var slope = TMath.Zero;
                if (key < visible)
                {
                    var weight = TMath.Exp(TMath.Subtract(TMath.Multiply(Score<T, TMath>(tensors, sizes, place, key), scale), tensors.LogSums[row]));
                    slope = Slope<T, TMath>(tensors, sizes, place, key, weight, along, scale);
                }
                slopes[lanes.First] = TMath.Operand(slope);
                Group.Barrier();
                var keys = Math.Min(lanes.Step, visible - first);
                for (var e = lanes.First; e < sizes.Width; e += lanes.Step)
                {
                    var total = gradient.View[to + e];
                    for (var j = 0; j < keys; j++) total = TMath.Add(total, TMath.Multiply(slopes[j], TMath.Operand(tensors.K.View[tensors.K.Row(place.Sample, place.Group, first + j) + e])));
                    gradient.View[to + e] = total;
                }
                Group.Barrier();
            }
        }
    }

    /// <summary>The gradients of keys and values, each where it is wanted: a key of a group of heads a group of threads.</summary>
    public static void OfKeysAndValues<T, TMath>(
        AttentionTensors<T> tensors, GpuAttentionTensor<T> keyGradient, GpuAttentionTensor<T> valueGradient, AttentionSizes sizes, T scale, int wantsKeys, int wantsValues)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var weights = SharedMemory.Allocate<T>(WholeGroup.MostThreads);
        var slopes = SharedMemory.Allocate<T>(WholeGroup.MostThreads);
        var lanes = default(WholeGroup);
        var headsOfGroup = sizes.Heads / sizes.Groups;
        var width = wantsKeys != 0 ? sizes.Width : 0;
        var valueWidth = wantsValues != 0 ? sizes.ValueWidth : 0;
        for (var row = Grid.IdxX; row < sizes.Batch * sizes.Groups * sizes.Keys; row += Grid.DimX)
        {
            var sampleAndGroup = row / sizes.Keys;
            var key = row - (sampleAndGroup * sizes.Keys);
            var sample = sampleAndGroup / sizes.Groups;
            var group = sampleAndGroup - (sample * sizes.Groups);
            var toKey = keyGradient.Row(sample, group, key);
            var toValue = valueGradient.Row(sample, group, key);
            for (var e = lanes.First; e < width; e += lanes.Step) keyGradient.View[toKey + e] = TMath.Zero;
            for (var f = lanes.First; f < valueWidth; f += lanes.Step) valueGradient.View[toValue + f] = TMath.Zero;
            for (var head = group * headsOfGroup; head < (group + 1) * headsOfGroup; head++)
            {
                for (var first = sizes.FirstLooking(key); first < sizes.Queries; first += lanes.Step)
                {
                    var place = new Place(sample, head, group, first + lanes.First);
                    var weight = TMath.Zero;
                    var slope = TMath.Zero;
                    if (place.Query < sizes.Queries)
                    {
                        var logSum = tensors.LogSums[(((sample * sizes.Heads) + head) * sizes.Queries) + place.Query];
                        weight = TMath.Exp(TMath.Subtract(TMath.Multiply(Score<T, TMath>(tensors, sizes, place, key), scale), logSum));
                        slope = Slope<T, TMath>(tensors, sizes, place, key, weight, Along<T, TMath>(tensors, sizes, place), scale);
                    }
                    weights[lanes.First] = TMath.Operand(weight);
                    slopes[lanes.First] = TMath.Operand(slope);
                    Group.Barrier();
                    var queries = Math.Min(lanes.Step, sizes.Queries - first);
                    for (var e = lanes.First; e < width; e += lanes.Step)
                    {
                        var total = keyGradient.View[toKey + e];
                        for (var j = 0; j < queries; j++) total = TMath.Add(total, TMath.Multiply(slopes[j], TMath.Operand(tensors.Q.View[tensors.Q.Row(sample, head, first + j) + e])));
                        keyGradient.View[toKey + e] = total;
                    }
                    for (var f = lanes.First; f < valueWidth; f += lanes.Step)
                    {
                        var total = valueGradient.View[toValue + f];
                        for (var j = 0; j < queries; j++) total = TMath.Add(total, TMath.Multiply(weights[j], TMath.Operand(tensors.ResultGradient.View[tensors.ResultGradient.Row(sample, head, first + j) + f])));
                        valueGradient.View[toValue + f] = total;
                    }
                    Group.Barrier();
                }
            }
        }
    }

    // q · k.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Score<T, TMath>(AttentionTensors<T> tensors, AttentionSizes sizes, Place place, int key)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> =>
        Dot<T, TMath>(tensors.Q.View, tensors.Q.Row(place.Sample, place.Head, place.Query), tensors.K.View, tensors.K.Row(place.Sample, place.Group, key), sizes.Width);

    // dy · y: a sum over elements and no matrix product, so in full.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Along<T, TMath>(AttentionTensors<T> tensors, AttentionSizes sizes, Place place)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var (a, b) = (tensors.ResultGradient.Row(place.Sample, place.Head, place.Query), tensors.Result.Row(place.Sample, place.Head, place.Query));
        var sum = TMath.Zero;
        for (var i = 0; i < sizes.ValueWidth; i++) sum = TMath.Add(sum, TMath.Multiply(tensors.ResultGradient.View[a + i], tensors.Result.View[b + i]));
        return sum;
    }

    // scale · p (dy · v - dy · y).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<T, TMath>(AttentionTensors<T> tensors, AttentionSizes sizes, Place place, int key, T weight, T along, T scale)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var ofWeight = Dot<T, TMath>(tensors.ResultGradient.View, tensors.ResultGradient.Row(place.Sample, place.Head, place.Query), tensors.V.View, tensors.V.Row(place.Sample, place.Group, key), sizes.ValueWidth);
        return TMath.Multiply(TMath.Multiply(weight, TMath.Subtract(ofWeight, along)), scale);
    }

    // A row by a column of a matrix product.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Dot<T, TMath>(ArrayView<T> a, int aStart, ArrayView<T> b, int bStart, int count)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var sum = TMath.Zero;
        for (var i = 0; i < count; i++) sum = TMath.Add(sum, TMath.Multiply(TMath.Operand(a[aStart + i]), TMath.Operand(b[bStart + i])));
        return sum;
    }

    /// <summary>A query of a head, and the group of the head.</summary>
    private readonly struct Place(int sample, int head, int group, int query)
    {
        public int Sample => sample;

        public int Head => head;

        public int Group => group;

        public int Query => query;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Place Of(int row, AttentionSizes sizes)
        {
            var sampleAndHead = row / sizes.Queries;
            var sample = sampleAndHead / sizes.Heads;
            var head = sampleAndHead - (sample * sizes.Heads);
            return new Place(sample, head, head / (sizes.Heads / sizes.Groups), row - (sampleAndHead * sizes.Queries));
        }
    }
}
