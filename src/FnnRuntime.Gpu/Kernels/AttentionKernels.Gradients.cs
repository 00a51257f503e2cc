using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <content>
/// The gradients, over the same tiles. Weights are computed again from the scores and the log sums, and dy · y of each row once, before. Of keys and values the rows of a tile are keys and its columns queries, of
/// all heads of the group one after the other, so that each sum is one group's and has one order.
/// </content>
internal static partial class AttentionKernels
{
    /// <summary>dy · y for each query of a head: a row a group. A sum over elements and no matrix product, so in full.</summary>
    public static void Along<T, TMath, TSum>(AttentionOperands<T> of, AttentionSizes sizes)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
        where TSum : struct, IReduction<T>
    {
        var lanes = default(WholeGroup);
        for (var row = Grid.IdxX; row < sizes.Batch * sizes.Heads * sizes.Queries; row += Grid.DimX)
        {
            var sampleAndHead = row / sizes.Queries;
            var query = row - (sampleAndHead * sizes.Queries);
            var sample = sampleAndHead / sizes.Heads;
            var head = sampleAndHead - (sample * sizes.Heads);
            var (a, b) = (of.ResultGradient.Row(sample, head, query), of.Result.Row(sample, head, query));
            var sum = TMath.Zero;
            for (var f = lanes.First; f < sizes.ValueWidth; f += lanes.Step) sum = TMath.Add(sum, TMath.Multiply(of.ResultGradient.View[a + f], of.Result.View[b + f]));
            sum = lanes.Reduce<T, TSum>(sum);
            if (lanes.First == 0) of.Along[row] = sum;
        }
    }

    /// <summary>The gradients of queries: 64 queries of a head and 64 elements a group.</summary>
    public static void OfQueries<T, TMath>(AttentionOperands<T> of, AttentionOperand<T> gradient, AttentionSizes sizes, T scale)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var shared = Tiles<T, TMath>();
        var place = TilePlace.Of(sizes, sizes.Queries, sizes.Heads, true);
        var firstElement = Grid.IdxY * AttentionTiles<T, TMath>.Elements;
        var group = place.Head / (sizes.Heads / sizes.Groups);
        var (q0, q1) = place.Rows(of.Q, AttentionTiles<T, TMath>.ReadRow, AttentionTiles<T, TMath>.Rows / 2);
        var (y0, y1) = place.Rows(of.ResultGradient, AttentionTiles<T, TMath>.ReadRow, AttentionTiles<T, TMath>.Rows / 2);
        var query = place.First + (4 * AttentionTiles<T, TMath>.Row);
        var (v0, v1, v2, v3) = (sizes.VisibleOr0(query), sizes.VisibleOr0(query + 1), sizes.VisibleOr0(query + 2), sizes.VisibleOr0(query + 3));
        var ofQueries = ((place.Sample * sizes.Heads) + place.Head) * sizes.Queries;
        var logSums = OfFour(of.LogSums, ofQueries, query, sizes.Queries);
        var along = OfFour(of.Along, ofQueries, query, sizes.Queries);
        var end = sizes.Visible(Math.Min(place.First + AttentionTiles<T, TMath>.Rows, sizes.Queries) - 1);
        var sums = default(AttentionSums<T>);
        for (var first = 0; first < end; first += AttentionTiles<T, TMath>.Columns)
        {
            var read = first + AttentionTiles<T, TMath>.ReadRow;
            var weights = shared.Product(of.Q, q0, q1, of.K, read < end ? of.K.Row(place.Sample, group, read) : -1);
            var key = first + (4 * AttentionTiles<T, TMath>.Column);
            weights.R0 = Weights<T, TMath>(Scores<T, TMath>(weights.R0, scale, v0 - key), logSums.X, v0 - key);
            weights.R1 = Weights<T, TMath>(Scores<T, TMath>(weights.R1, scale, v1 - key), logSums.Y, v1 - key);
            weights.R2 = Weights<T, TMath>(Scores<T, TMath>(weights.R2, scale, v2 - key), logSums.Z, v2 - key);
            weights.R3 = Weights<T, TMath>(Scores<T, TMath>(weights.R3, scale, v3 - key), logSums.W, v3 - key);
            var ofWeights = shared.Product(of.ResultGradient, y0, y1, of.V, read < end ? of.V.Row(place.Sample, group, read) : -1);
            weights.R0 = Slopes<T, TMath>(weights.R0, ofWeights.R0, Four<T>.Of(along.X), scale);
            weights.R1 = Slopes<T, TMath>(weights.R1, ofWeights.R1, Four<T>.Of(along.Y), scale);
            weights.R2 = Slopes<T, TMath>(weights.R2, ofWeights.R2, Four<T>.Of(along.Z), scale);
            weights.R3 = Slopes<T, TMath>(weights.R3, ofWeights.R3, Four<T>.Of(along.W), scale);
            shared.Keep(weights);
            Group.Barrier();
            sums = shared.Accumulate(sums, of.K, place.Sample, group, first, end, firstElement);
        }
        sums.Write(gradient, place.Sample, place.Head, place.First + (8 * AttentionTiles<T, TMath>.SumRow), sizes.Queries, firstElement + (4 * AttentionTiles<T, TMath>.Element));
    }

    /// <summary>The gradients of keys, or those of values: 64 keys of a group of heads and 64 elements a group of threads.</summary>
    public static void OfKeys<T, TMath>(AttentionOperands<T> of, AttentionOperand<T> gradient, AttentionSizes sizes, T scale, int isOfValues)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var shared = Tiles<T, TMath>();
        var place = TilePlace.Of(sizes, sizes.Keys, sizes.Groups, false);
        var firstElement = Grid.IdxY * AttentionTiles<T, TMath>.Elements;
        var headsOfGroup = sizes.Heads / sizes.Groups;
        var (k0, k1) = place.Rows(of.K, AttentionTiles<T, TMath>.ReadRow, AttentionTiles<T, TMath>.Rows / 2);
        var (v0, v1) = place.Rows(of.V, AttentionTiles<T, TMath>.ReadRow, AttentionTiles<T, TMath>.Rows / 2);
        var key = place.First + (4 * AttentionTiles<T, TMath>.Row);
        var sums = default(AttentionSums<T>);
        for (var head = place.Head * headsOfGroup; head < (place.Head + 1) * headsOfGroup; head++)
        {
            var ofQueries = ((place.Sample * sizes.Heads) + head) * sizes.Queries;
            for (var first = sizes.FirstLooking(place.First); first < sizes.Queries; first += AttentionTiles<T, TMath>.Columns)
            {
                var read = first + AttentionTiles<T, TMath>.ReadRow;
                var weights = shared.Product(of.K, k0, k1, of.Q, read < sizes.Queries ? of.Q.Row(place.Sample, head, read) : -1);
                var query = first + (4 * AttentionTiles<T, TMath>.Column);
                var (n0, n1, n2, n3) = (sizes.VisibleOr0(query), sizes.VisibleOr0(query + 1), sizes.VisibleOr0(query + 2), sizes.VisibleOr0(query + 3));
                var logSums = OfFour(of.LogSums, ofQueries, query, sizes.Queries);
                weights.R0 = Weights<T, TMath>(weights.R0, scale, logSums, n0 - key, n1 - key, n2 - key, n3 - key);
                weights.R1 = Weights<T, TMath>(weights.R1, scale, logSums, n0 - key - 1, n1 - key - 1, n2 - key - 1, n3 - key - 1);
                weights.R2 = Weights<T, TMath>(weights.R2, scale, logSums, n0 - key - 2, n1 - key - 2, n2 - key - 2, n3 - key - 2);
                weights.R3 = Weights<T, TMath>(weights.R3, scale, logSums, n0 - key - 3, n1 - key - 3, n2 - key - 3, n3 - key - 3);
                if (isOfValues == 0)
                {
                    var ofWeights = shared.Product(of.V, v0, v1, of.ResultGradient, read < sizes.Queries ? of.ResultGradient.Row(place.Sample, head, read) : -1);
                    var along = OfFour(of.Along, ofQueries, query, sizes.Queries);
                    weights.R0 = Slopes<T, TMath>(weights.R0, ofWeights.R0, along, scale);
                    weights.R1 = Slopes<T, TMath>(weights.R1, ofWeights.R1, along, scale);
                    weights.R2 = Slopes<T, TMath>(weights.R2, ofWeights.R2, along, scale);
                    weights.R3 = Slopes<T, TMath>(weights.R3, ofWeights.R3, along, scale);
                }
                shared.Keep(weights);
                Group.Barrier();
                sums = shared.Accumulate(sums, isOfValues != 0 ? of.ResultGradient : of.Q, place.Sample, head, first, sizes.Queries, firstElement);
            }
        }
        sums.Write(gradient, place.Sample, place.Head, place.First + (8 * AttentionTiles<T, TMath>.SumRow), sizes.Keys, firstElement + (4 * AttentionTiles<T, TMath>.Element));
    }

    // Of four queries, one number each; those that aren't there have zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> OfFour<T>(ArrayView<T> ofQueries, int start, int query, int queries) where T : unmanaged
    {
        var four = default(Four<T>);
        if (query < queries) four.X = ofQueries[start + query];
        if (query + 1 < queries) four.Y = ofQueries[start + query + 1];
        if (query + 2 < queries) four.Z = ofQueries[start + query + 2];
        if (query + 3 < queries) four.W = ofQueries[start + query + 3];
        return four;
    }

    // Of four queries and one key, which those look at for which the number is above zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Weights<T, TMath>(Four<T> products, T scale, Four<T> logSums, int visible0, int visible1, int visible2, int visible3)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => new(
        Weight<T, TMath>(TMath.Multiply(products.X, scale), logSums.X, visible0 > 0), Weight<T, TMath>(TMath.Multiply(products.Y, scale), logSums.Y, visible1 > 0),
        Weight<T, TMath>(TMath.Multiply(products.Z, scale), logSums.Z, visible2 > 0), Weight<T, TMath>(TMath.Multiply(products.W, scale), logSums.W, visible3 > 0));

    // scale · p (dy · v - dy · y).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Slopes<T, TMath>(Four<T> weights, Four<T> ofWeights, Four<T> along, T scale)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => new(
        Slope<T, TMath>(weights.X, ofWeights.X, along.X, scale), Slope<T, TMath>(weights.Y, ofWeights.Y, along.Y, scale),
        Slope<T, TMath>(weights.Z, ofWeights.Z, along.Z, scale), Slope<T, TMath>(weights.W, ofWeights.W, along.W, scale));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<T, TMath>(T weight, T ofWeight, T along, T scale)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => TMath.Multiply(TMath.Multiply(weight, TMath.Subtract(ofWeight, along)), scale);
}
