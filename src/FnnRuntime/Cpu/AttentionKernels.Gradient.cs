using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <content>
/// The gradient. Probabilities p are computed again from the log sums, block by block; with dp = dy vᵀ, the gradient of the scores is ds = p (dp - Σ dy y), and then
/// dv = pᵀ dy, dq = scale ds k, dk = scale dsᵀ q. A group of heads of a sample is one unit, which adds up its keys' gradients in a fixed order; where there are few of them,
/// each is cut into parts by keys, whose gradients of queries are added up afterwards.
/// </content>
public static unsafe partial class AttentionKernels
{
    // Two blocks of this side, of p and of ds, and their packed keys and values stay in the second-level cache.
    private const nint Side = 64;

    // Fewer units than this are cut into parts, whatever the number of threads: the same bits on all.
    private const nint FewestUnits = 16;

    /// <summary>Computes the gradients that are asked for.</summary>
    public static void RunGradient(WorkerPool pool, in AttentionArguments<float> a)
    {
        var units = a.Batch * a.Groups;
        if (units == 0) return;
        var parts = Math.Clamp(FewestUnits / units, 1, Math.Max(1, AttentionBlocks.Tiles(a.Keys, Side)));
        var work = Math.Max(1, a.Heads / a.Groups * a.Queries * a.Keys * (a.Width + a.ValueWidth) / parts);
        var grain = Math.Max(1, Grain / work);
        if (parts == 1 || a.QGradient.Start == null)
        {
            pool.For(new GradientKernel(a, parts, null), units * parts, grain);
            return;
        }

        var length = a.Batch * a.Queries * a.Heads * a.Width;
        using var scratch = Scratch.Borrow(parts * length);
        pool.For(new GradientKernel(a, parts, scratch.Pointer), units * parts, grain);
        pool.For(new AddPartsKernel(a, parts, scratch.Pointer, length), a.Batch * a.Queries, Math.Max(1, Grain / Math.Max(1, parts * a.Heads * a.Width)));
    }

    // Where there are several parts, each has its own gradients of queries in partial, [batch, queries, heads, width].
    private readonly struct GradientKernel(AttentionArguments<float> a, nint parts, float* partial) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            var keysLength = AttentionBlocks.PackedLength(Side, a.Width);
            var valuesLength = AttentionBlocks.PackedLength(Side, a.ValueWidth);
            var headsOfGroup = a.Heads / a.Groups;
            using var scratch = Scratch.Borrow(keysLength + valuesLength + (2 * Side * Side) + (headsOfGroup * a.Queries));
            var block = new Block { PackedKeys = scratch.Pointer, PackedValues = scratch.Pointer + keysLength, Weights = scratch.Pointer + keysLength + valuesLength };
            block.Slopes = block.Weights + (Side * Side);
            var along = block.Slopes + (Side * Side);
            var blocks = AttentionBlocks.Tiles(a.Keys, Side);
            for (var unit = begin; unit < end; unit++)
            {
                var (sampleAndGroup, part) = (unit / parts, unit % parts);
                block.Sample = sampleAndGroup / a.Groups;
                block.Group = sampleAndGroup % a.Groups;
                var dq = DestinationOfQueries(part);
                var (firstBlock, endBlock) = (blocks * part / parts, blocks * (part + 1) / parts);
                var steps = part == parts - 1 ? Rows(firstBlock, endBlock) * headsOfGroup : 0;
                var ahead = new AttentionAhead(a, (sampleAndGroup + 1) / a.Groups, (sampleAndGroup + 1) % a.Groups * headsOfGroup, steps);
                for (nint head = 0; blocks == 0 && dq.Start != null && head < headsOfGroup; head++) AttentionBlocks.Clear(dq.Head(block.Sample, (block.Group * headsOfGroup) + head), dq.Sequence, a.Queries, a.Width);
                for (var b = firstBlock; b < endBlock; b++)
                {
                    block.FirstKey = b * Side;
                    block.Keys = Math.Min(Side, a.Keys - block.FirstKey);
                    AttentionBlocks.Pack(a.K.Row(block.Sample, block.Group, block.FirstKey), a.K.Sequence, block.Keys, a.Width, block.PackedKeys);
                    AttentionBlocks.Pack(a.V.Row(block.Sample, block.Group, block.FirstKey), a.V.Sequence, block.Keys, a.ValueWidth, block.PackedValues);

                    // What is computed first is written, what follows is added; only what nobody computes is cleared.
                    var firstQuery = a.FirstLooking(block.FirstKey);
                    if (firstQuery == a.Queries) ClearKeysAndValues(block);
                    for (nint head = 0; head < headsOfGroup; head++)
                    {
                        block.Head = (block.Group * headsOfGroup) + head;
                        block.Along = along + (head * a.Queries);
                        if (b == firstBlock) SumAlong(block, firstQuery);
                        if (b == firstBlock && dq.Start != null) AttentionBlocks.Clear(dq.Head(block.Sample, block.Head), dq.Sequence, firstQuery, a.Width);
                        for (block.FirstQuery = firstQuery; block.FirstQuery < a.Queries; block.FirstQuery += Side)
                        {
                            block.Queries = Math.Min(Side, a.Queries - block.FirstQuery);
                            ComputeSlopes(block, ref ahead);
                            if (dq.Start != null) AddToQueries(block, dq, adds: b != firstBlock);
                            AddToKeysAndValues(block, adds: head > 0 || block.FirstQuery > firstQuery);
                        }
                    }
                }
            }
        }

        // Rows of scores in the blocks of keys.
        private nint Rows(nint firstBlock, nint endBlock)
        {
            nint rows = 0;
            for (var b = firstBlock; b < endBlock; b++) rows += a.Queries - a.FirstLooking(b * Side);
            return rows;
        }

        private AttentionTensor<float> DestinationOfQueries(nint part) => partial == null
            ? a.QGradient
            : new AttentionTensor<float>(partial + (part * a.Batch * a.Queries * a.Heads * a.Width), a.Queries * a.Heads * a.Width, a.Heads * a.Width, a.Width);

        // p and ds of the block, 0 for keys that aren't looked at.
        private void ComputeSlopes(in Block block, ref AttentionAhead ahead)
        {
            var tiles = AttentionBlocks.Tiles(block.Queries, MatrixTile.MaximumRows);
            for (nint tile = 0; tile < tiles; tile++)
            {
                var row = block.Queries * tile / tiles;
                var rows = (block.Queries * (tile + 1) / tiles) - row;
                var query = block.FirstQuery + row;
                var visible = Math.Clamp(a.Visible(query + rows - 1) - block.FirstKey, 0, block.Keys);
                var weights = block.Weights + (row * Side);
                var slopes = block.Slopes + (row * Side);
                AttentionBlocks.MultiplyTransposed(rows, visible, a.Width, a.Q.Row(block.Sample, block.Head, query), a.Q.Sequence, block.PackedKeys, weights, Side);
                AttentionBlocks.MultiplyTransposed(rows, visible, a.ValueWidth, a.ResultGradient.Row(block.Sample, block.Head, query), a.ResultGradient.Sequence, block.PackedValues, slopes, Side);
                OfTile(weights, slopes, rows, query, block.FirstKey, visible, a.SumsOf(block.Sample, block.Head) + query, block.Along + query, ref ahead);
            }
        }

        // Σ dy y of each query from one on.
        private void SumAlong(in Block block, nint firstQuery)
        {
            for (var query = firstQuery; query < a.Queries; query++)
            {
                block.Along[query] = AttentionBlocks.Dot(a.ResultGradient.Row(block.Sample, block.Head, query), a.Result.Row(block.Sample, block.Head, query), a.ValueWidth);
            }
        }

        // From scores and dp of a tile to p and ds: the same rounds for all of its rows, as in the forward kernel.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void OfTile(float* weights, float* slopes, nint rows, nint query, nint key, nint visible, float* logSums, float* along, ref AttentionAhead ahead)
        {
            var scale = Vector512.Create((float)a.Scale);
            var seen = SeenByAll(a.Visible(query) - key, visible);
            for (nint r = 0; r < rows; r++, weights += Side, slopes += Side)
            {
                ahead.StepGradient();
                var own = a.Visible(query + r) - key;
                var minusSum = Vector512.Create(-logSums[r]);
                var mean = Vector512.Create(along[r]);
                nint k = 0;
                for (; k < seen; k += Simd.Lanes)
                {
                    var p = SimdMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(weights + k), scale, minusSum));
                    p.Store(weights + k);
                    (p * (Vector512.Load(slopes + k) - mean) * scale).Store(slopes + k);
                }

                for (; k < visible; k += Simd.Lanes)
                {
                    var isOwn = Simd.FirstLanes(own - k).AsSingle();
                    var p = SimdMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(weights + k), scale, minusSum)) & isOwn;
                    p.Store(weights + k);
                    ((p * (Vector512.Load(slopes + k) - mean) * scale) & isOwn).Store(slopes + k);
                }

                for (; k < Side; k += Simd.Lanes)
                {
                    Vector512<float>.Zero.Store(weights + k);
                    Vector512<float>.Zero.Store(slopes + k);
                }
            }
        }

        private void AddToQueries(in Block block, AttentionTensor<float> dq, bool adds)
        {
            var tiles = AttentionBlocks.Tiles(block.Queries, MatrixTile.MaximumRows);
            for (nint tile = 0; tile < tiles; tile++)
            {
                var row = block.Queries * tile / tiles;
                var rows = (block.Queries * (tile + 1) / tiles) - row;
                var query = block.FirstQuery + row;
                var visible = Math.Clamp(a.Visible(query + rows - 1) - block.FirstKey, 0, block.Keys);
                AttentionBlocks.Multiply(rows, a.Width, visible, block.Slopes + (row * Side), Side, 1,
                    a.K.Row(block.Sample, block.Group, block.FirstKey), a.K.Sequence, dq.Row(block.Sample, block.Head, query), dq.Sequence, adds);
            }
        }

        private void AddToKeysAndValues(in Block block, bool adds)
        {
            var tiles = AttentionBlocks.Tiles(block.Keys, MatrixTile.MaximumRows);
            for (nint tile = 0; tile < tiles; tile++)
            {
                var column = block.Keys * tile / tiles;
                var columns = (block.Keys * (tile + 1) / tiles) - column;
                var key = block.FirstKey + column;
                var skipped = Math.Max(0, a.FirstLooking(key) - block.FirstQuery);
                var depth = Math.Max(0, block.Queries - skipped);
                if (depth == 0 && adds) continue;
                var place = (skipped * Side) + column;
                var query = block.FirstQuery + skipped;
                if (a.KGradient.Start != null)
                {
                    AttentionBlocks.Multiply(columns, a.Width, depth, block.Slopes + place, 1, Side,
                        a.Q.Row(block.Sample, block.Head, query), a.Q.Sequence, a.KGradient.Row(block.Sample, block.Group, key), a.KGradient.Sequence, adds);
                }

                if (a.VGradient.Start != null)
                {
                    AttentionBlocks.Multiply(columns, a.ValueWidth, depth, block.Weights + place, 1, Side,
                        a.ResultGradient.Row(block.Sample, block.Head, query), a.ResultGradient.Sequence, a.VGradient.Row(block.Sample, block.Group, key), a.VGradient.Sequence, adds);
                }
            }
        }

        private void ClearKeysAndValues(in Block block)
        {
            if (a.KGradient.Start != null) AttentionBlocks.Clear(a.KGradient.Row(block.Sample, block.Group, block.FirstKey), a.KGradient.Sequence, block.Keys, a.Width);
            if (a.VGradient.Start != null) AttentionBlocks.Clear(a.VGradient.Row(block.Sample, block.Group, block.FirstKey), a.VGradient.Sequence, block.Keys, a.ValueWidth);
        }

        // Where in the scores a block is, and its memory: p and ds are Side by Side.
        private struct Block
        {
            public nint Sample, Group, Head, FirstKey, Keys, FirstQuery, Queries;
            public float* PackedKeys, PackedValues, Weights, Slopes, Along;
        }
    }

    private readonly struct AddPartsKernel(AttentionArguments<float> a, nint parts, float* partial, nint length) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            for (var position = begin; position < end; position++)
            {
                var (sample, query) = (position / a.Queries, position % a.Queries);
                for (nint head = 0; head < a.Heads; head++)
                {
                    var to = a.QGradient.Row(sample, head, query);
                    AttentionBlocks.Clear(to, 0, 1, a.Width);
                    for (nint part = 0; part < parts; part++) AttentionBlocks.Add(partial + (part * length) + (((position * a.Heads) + head) * a.Width), to, a.Width);
                }
            }
        }
    }
}
