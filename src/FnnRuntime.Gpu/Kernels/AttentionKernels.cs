using System.Runtime.CompilerServices;
using ILGPU;

namespace FeedbackNN.Gpu;

/// <summary>
/// Attention over tiles: a group has 64 queries of a head and goes over their keys 32 at a time, so that keys and values are read once for 64 queries. The softmax is put right as larger scores appear, as on the
/// processor; no score is ever stored. Of values wider than 64 each group makes 64 elements, and scores are computed again for the next. Tiles of keys that no query of the group looks at are left out.
/// </summary>
/// <remarks>
/// Bytes from global memory for each query and key, in float32, heads 64 wide: 16 (a tile of 64 x 32 reads 64 + 32 rows for its scores and 32 for its sums), where a kernel that has one query a group reads 512;
/// most of the 16 are queries, which the first-level cache still has. Multiply-adds: 128, with 9 loads of 128 bits from shared memory for 16 + 32 of them. Not yet measured on a GPU.
/// A weight of zero within a tile (a key behind a query's last) is still multiplied by the value, so that a value that is no number shows up in the 64 queries of its tile.
/// </remarks>
internal static partial class AttentionKernels
{
    /// <summary>Up to so many queries of a head each have a group of their own: a tile would be mostly empty.</summary>
    public const int FewQueries = 8;

    /// <summary>The result, and log sums where they are wanted: 64 queries of a head and 64 elements a group.</summary>
    public static void Forward<T, TMath, TMax>(AttentionOperands<T> of, AttentionSizes sizes, T scale, int wantsSums)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
        where TMax : struct, IReduction<T>
    {
        const int line = (AttentionTiles<T, TMath>.Rows / 4) + 1;
        var shared = Tiles<T, TMath>();
        // A line for each column of threads; what each has of a row is put together in one order.
        var parts = SharedMemory.Allocate<Four<T>>(8 * line);
        var ofRows = SharedMemory.Allocate<Four<T>>(AttentionTiles<T, TMath>.Rows / 4);
        var place = TilePlace.Of(sizes, sizes.Queries, sizes.Heads, true);
        var firstElement = Grid.IdxY * AttentionTiles<T, TMath>.Elements;
        var (row, column) = (AttentionTiles<T, TMath>.Row, AttentionTiles<T, TMath>.Column);
        var group = place.Head / (sizes.Heads / sizes.Groups);
        var (q0, q1) = place.Rows(of.Q, AttentionTiles<T, TMath>.ReadRow, AttentionTiles<T, TMath>.Rows / 2);
        var query = place.First + (4 * row);
        var (v0, v1, v2, v3) = (sizes.VisibleOr0(query), sizes.VisibleOr0(query + 1), sizes.VisibleOr0(query + 2), sizes.VisibleOr0(query + 3));
        var end = sizes.Visible(Math.Min(place.First + AttentionTiles<T, TMath>.Rows, sizes.Queries) - 1);
        var largest = Four<T>.Of(TMath.MinusInfinity);
        var sums = default(Four<T>);
        var result = default(AttentionSums<T>);
        for (var first = 0; first < end; first += AttentionTiles<T, TMath>.Columns)
        {
            var read = first + AttentionTiles<T, TMath>.ReadRow;
            var weights = shared.Product(of.Q, q0, q1, of.K, read < end ? of.K.Row(place.Sample, group, read) : -1);
            var key = first + (4 * column);
            weights.R0 = Scores<T, TMath>(weights.R0, scale, v0 - key);
            weights.R1 = Scores<T, TMath>(weights.R1, scale, v1 - key);
            weights.R2 = Scores<T, TMath>(weights.R2, scale, v2 - key);
            weights.R3 = Scores<T, TMath>(weights.R3, scale, v3 - key);
            parts[(column * line) + row] = new Four<T>(Largest<T, TMax>(weights.R0), Largest<T, TMax>(weights.R1), Largest<T, TMax>(weights.R2), Largest<T, TMax>(weights.R3));
            Group.Barrier();
            var now = largest;
            for (var part = 0; part < 8; part++)
            {
                var other = parts[(part * line) + row];
                now = new Four<T>(TMax.Combine(now.X, other.X), TMax.Combine(now.Y, other.Y), TMax.Combine(now.Z, other.Z), TMax.Combine(now.W, other.W));
            }
            weights.R0 = Weights<T, TMath>(weights.R0, now.X, v0 - key);
            weights.R1 = Weights<T, TMath>(weights.R1, now.Y, v1 - key);
            weights.R2 = Weights<T, TMath>(weights.R2, now.Z, v2 - key);
            weights.R3 = Weights<T, TMath>(weights.R3, now.W, v3 - key);
            var factors = new Four<T>(Factor<T, TMath>(largest.X, now.X, v0), Factor<T, TMath>(largest.Y, now.Y, v1), Factor<T, TMath>(largest.Z, now.Z, v2), Factor<T, TMath>(largest.W, now.W, v3));
            sums = new Four<T>(
                Sum<T, TMath>(sums.X, factors.X, weights.R0), Sum<T, TMath>(sums.Y, factors.Y, weights.R1), Sum<T, TMath>(sums.Z, factors.Z, weights.R2), Sum<T, TMath>(sums.W, factors.W, weights.R3));
            largest = now;
            if (column == 0) ofRows[row] = factors;
            shared.Keep(weights);
            Group.Barrier();
            result = result.Times<TMath>(ofRows[2 * AttentionTiles<T, TMath>.SumRow], ofRows[(2 * AttentionTiles<T, TMath>.SumRow) + 1]);
            if (sizes.ValueWidth > 0) result = shared.Accumulate(result, of.V, place.Sample, group, first, end, firstElement);
        }

        // Nobody may write here before everybody has read the last tile's.
        Group.Barrier();
        parts[(column * line) + row] = sums;
        Group.Barrier();
        if (column == 0)
        {
            var total = parts[row];
            for (var part = 1; part < 8; part++)
            {
                var other = parts[(part * line) + row];
                total = new Four<T>(TMath.Add(total.X, other.X), TMath.Add(total.Y, other.Y), TMath.Add(total.Z, other.Z), TMath.Add(total.W, other.W));
            }
            // Where a query looks at nothing the sums are zero, and so is the result.
            var one = TMath.Exp(TMath.Zero);
            ofRows[row] = new Four<T>(v0 > 0 ? total.X : one, v1 > 0 ? total.Y : one, v2 > 0 ? total.Z : one, v3 > 0 ? total.W : one);
            if (wantsSums != 0 && Grid.IdxY == 0)
            {
                var to = (((place.Sample * sizes.Heads) + place.Head) * sizes.Queries) + query;
                if (query < sizes.Queries) of.LogSums[to] = v0 > 0 ? TMath.Add(largest.X, TMath.Log(total.X)) : TMath.MinusInfinity;
                if (query + 1 < sizes.Queries) of.LogSums[to + 1] = v1 > 0 ? TMath.Add(largest.Y, TMath.Log(total.Y)) : TMath.MinusInfinity;
                if (query + 2 < sizes.Queries) of.LogSums[to + 2] = v2 > 0 ? TMath.Add(largest.Z, TMath.Log(total.Z)) : TMath.MinusInfinity;
                if (query + 3 < sizes.Queries) of.LogSums[to + 3] = v3 > 0 ? TMath.Add(largest.W, TMath.Log(total.W)) : TMath.MinusInfinity;
            }
        }
        Group.Barrier();
        var sumRow = AttentionTiles<T, TMath>.SumRow;
        result = result.Over<TMath>(ofRows[2 * sumRow], ofRows[(2 * sumRow) + 1]);
        if (sizes.ValueWidth > 0) result.Write(of.Result, place.Sample, place.Head, place.First + (8 * sumRow), sizes.Queries, firstElement + (4 * AttentionTiles<T, TMath>.Element));
    }

    /// <summary>The same of few queries: one a group, as many keys at once as it has threads. The result lies in global memory meanwhile.</summary>
    public static void ForwardOfFew<T, TMath, TSum, TMax>(AttentionOperands<T> of, AttentionSizes sizes, T scale, int wantsSums)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
        where TSum : struct, IReduction<T>
        where TMax : struct, IReduction<T>
    {
        var weights = SharedMemory.Allocate<T>(WholeGroup.MostThreads);
        var lanes = default(WholeGroup);
        for (var row = Grid.IdxX; row < sizes.Batch * sizes.Heads * sizes.Queries; row += Grid.DimX)
        {
            var sampleAndHead = row / sizes.Queries;
            var query = row - (sampleAndHead * sizes.Queries);
            var sample = sampleAndHead / sizes.Heads;
            var head = sampleAndHead - (sample * sizes.Heads);
            var group = head / (sizes.Heads / sizes.Groups);
            var visible = sizes.Visible(query);
            var result = of.Result.Row(sample, head, query);
            var from = of.Q.Row(sample, head, query);
            for (var f = lanes.First; f < sizes.ValueWidth; f += lanes.Step) of.Result.View[result + f] = TMath.Zero;
            var largest = TMath.MinusInfinity;
            var sum = TMath.Zero;
            for (var first = 0; first < visible; first += lanes.Step)
            {
                var key = first + lanes.First;
                var score = TMath.MinusInfinity;
                if (key < visible) score = TMath.Multiply(Dot<T, TMath>(of.Q, from, of.K, of.K.Row(sample, group, key)), scale);
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
                    var total = TMath.Multiply(of.Result.View[result + f], factor);
                    for (var j = 0; j < keys; j++) total = TMath.Add(total, TMath.Multiply(weights[j], TMath.Operand(of.V.View[of.V.Row(sample, group, first + j) + f])));
                    of.Result.View[result + f] = total;
                }
                Group.Barrier();
                largest = now;
            }
            for (var f = lanes.First; visible > 0 && f < sizes.ValueWidth; f += lanes.Step) of.Result.View[result + f] = TMath.Divide(of.Result.View[result + f], sum);
            if (lanes.First == 0 && wantsSums != 0) of.LogSums[row] = visible > 0 ? TMath.Add(largest, TMath.Log(sum)) : TMath.MinusInfinity;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static AttentionTiles<T, TMath> Tiles<T, TMath>()
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => new(SharedMemory.Allocate<Four<T>>(256), SharedMemory.Allocate<Four<T>>(128), SharedMemory.Allocate<Four<T>>(512));

    // Four keys' scores, of which so many are looked at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Scores<T, TMath>(Four<T> products, T scale, int visible)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => new(
        visible > 0 ? TMath.Multiply(products.X, scale) : TMath.MinusInfinity, visible > 1 ? TMath.Multiply(products.Y, scale) : TMath.MinusInfinity,
        visible > 2 ? TMath.Multiply(products.Z, scale) : TMath.MinusInfinity, visible > 3 ? TMath.Multiply(products.W, scale) : TMath.MinusInfinity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Four<T> Weights<T, TMath>(Four<T> scores, T largest, int visible)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => new(
        Weight<T, TMath>(scores.X, largest, visible > 0), Weight<T, TMath>(scores.Y, largest, visible > 1), Weight<T, TMath>(scores.Z, largest, visible > 2), Weight<T, TMath>(scores.W, largest, visible > 3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Weight<T, TMath>(T score, T largest, bool isVisible)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var weight = TMath.Exp(TMath.Subtract(score, largest));
        return isVisible ? weight : TMath.Zero;
    }

    // What earlier sums are multiplied by. A query that looks at nothing has no largest score.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Factor<T, TMath>(T before, T now, int visible)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var factor = TMath.Exp(TMath.Subtract(before, now));
        return visible > 0 ? factor : TMath.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Sum<T, TMath>(T sum, T factor, Four<T> weights)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T> => TMath.Add(TMath.Multiply(sum, factor), TMath.Add(TMath.Add(weights.X, weights.Y), TMath.Add(weights.Z, weights.W)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Largest<T, TMax>(Four<T> x)
        where T : unmanaged
        where TMax : struct, IReduction<T> => TMax.Combine(TMax.Combine(x.X, x.Y), TMax.Combine(x.Z, x.W));

    // A row by a column of a matrix product.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Dot<T, TMath>(AttentionOperand<T> a, int aStart, AttentionOperand<T> b, int bStart)
        where T : unmanaged
        where TMath : struct, IAttentionArithmetic<T>
    {
        var sum = TMath.Zero;
        for (var i = 0; i < a.Width; i++) sum = TMath.Add(sum, TMath.Multiply(TMath.Operand(a.View[aStart + i]), TMath.Operand(b.View[bStart + i])));
        return sum;
    }

    /// <summary>What a group has of a tensor: the rows of a tile.</summary>
    private readonly struct TilePlace(int sample, int head, int first, int end)
    {
        public int Sample => sample;

        /// <summary>Or group of heads.</summary>
        public int Head => head;

        public int First => first;

        /// <param name="sizes">Of the attention.</param>
        /// <param name="positions">Of a sequence.</param>
        /// <param name="heads">Or groups.</param>
        /// <param name="lastFirst">The last tiles begin: of queries that look back they have the most keys.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TilePlace Of(AttentionSizes sizes, int positions, int heads, bool lastFirst)
        {
            var tiles = (positions + 63) >> 6;
            var sampleAndHead = Grid.IdxX / tiles;
            var tile = Grid.IdxX - (sampleAndHead * tiles);
            var sample = sampleAndHead / heads;
            return new TilePlace(sample, sampleAndHead - (sample * heads), 64 * (lastFirst ? tiles - 1 - tile : tile), positions);
        }

        /// <summary>Where two rows of the tile begin; -1 where they aren't there.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (int, int) Rows<T>(AttentionOperand<T> tensor, int row, int distance) where T : unmanaged =>
            (first + row < end ? tensor.Row(sample, head, first + row) : -1, first + row + distance < end ? tensor.Row(sample, head, first + row + distance) : -1);
    }
}
