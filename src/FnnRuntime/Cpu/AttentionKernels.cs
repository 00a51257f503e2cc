using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace FeedbackNN.Cpu;

/// <summary>
/// Attention without a matrix of scores in memory: a block of keys at a time, with the softmax put right as larger scores appear (Milakov and Gimelshein, Online normalizer
/// calculation for softmax, 2018, arXiv:1805.02867; Dao, Fu, Ermon, Rudra and Ré, FlashAttention, 2022, arXiv:2205.14135). Keys that a causal query doesn't look at are left
/// out tile by tile. What is added up in which order depends on sizes only, so the bits don't depend on the number of threads.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe partial class AttentionKernels
{
    // A tile of rows by this many scores stays in the first-level cache.
    private const nint KeysAtOnce = 128;

    // Rows for which a block of keys is packed once.
    private const nint QueriesAtOnce = 128;

    // With so few queries, packing keys costs more than dot products along them.
    private const nint FewQueries = 4;

    // Multiply-adds worth a thread's while.
    private const nint Grain = 65_536;

    /// <summary>Computes the result and, where asked for, the log sums.</summary>
    public static void Run(WorkerPool pool, in AttentionArguments<float> a)
    {
        var blocks = AttentionBlocks.Tiles(a.Queries, QueriesAtOnce);
        var work = Math.Min(a.Queries, QueriesAtOnce) * Math.Max(1, a.Keys * (a.Width + a.ValueWidth));
        pool.For(new ForwardKernel(a, blocks), a.Batch * a.Heads * blocks, Math.Max(1, Grain / Math.Max(1, work)));
    }

    // Scores of a tile, whole vectors of them, that all of its queries look at, of which the first looks at the fewest.
    private static nint SeenByAll(nint ofFirst, nint visible) => Math.Clamp(ofFirst, 0, visible) / Simd.Lanes * Simd.Lanes;

    private readonly struct ForwardKernel(AttentionArguments<float> a, nint blocks) : IRangeKernel
    {
        public void Run(nint begin, nint end)
        {
            var padded = AttentionBlocks.Padded(a.ValueWidth);
            var packedLength = AttentionBlocks.PackedLength(KeysAtOnce, a.Width);
            using var scratch = Scratch.Borrow(packedLength + (MatrixTile.MaximumRows * KeysAtOnce) + (2 * QueriesAtOnce) + (QueriesAtOnce * padded));
            var packed = scratch.Pointer;
            var scores = packed + packedLength;
            var largest = scores + (MatrixTile.MaximumRows * KeysAtOnce);
            var sums = largest + QueriesAtOnce;
            var totals = sums + QueriesAtOnce;
            for (var unit = begin; unit < end; unit++)
            {
                var (sampleAndHead, block) = (unit / blocks, unit % blocks);
                var (sample, head) = (sampleAndHead / a.Heads, sampleAndHead % a.Heads);
                var first = block * QueriesAtOnce;
                var rows = Math.Min(QueriesAtOnce, a.Queries - first);
                new Span<float>(largest, (int)rows).Fill(float.NegativeInfinity);
                new Span<float>(sums, (int)rows).Clear();
                var group = head / (a.Heads / a.Groups);
                var lastKey = a.Visible(first + rows - 1);
                var isDots = a.Queries <= FewQueries;
                var tiles = AttentionBlocks.Tiles(rows, MatrixTile.MaximumRows);
                var ahead = new AttentionAhead(a, (sampleAndHead + 1) / a.Heads, (sampleAndHead + 1) % a.Heads, steps: block == blocks - 1 && !isDots ? tiles : 0);
                for (nint key = 0; key < lastKey; key += KeysAtOnce)
                {
                    var keys = Math.Min(KeysAtOnce, lastKey - key);
                    var from = a.K.Row(sample, group, key);
                    if (!isDots) AttentionBlocks.Pack(from, a.K.Sequence, keys, a.Width, packed);
                    for (nint tile = 0; tile < tiles; tile++)
                    {
                        var row = rows * tile / tiles;
                        var count = (rows * (tile + 1) / tiles) - row;
                        var visible = Math.Min(keys, a.Visible(first + row + count - 1) - key);
                        ahead.StepForward();
                        if (visible <= 0) continue;
                        var queries = a.Q.Row(sample, head, first + row);
                        if (isDots) Dots(count, visible, queries, from, scores);
                        else AttentionBlocks.MultiplyTransposed(count, visible, a.Width, queries, a.Q.Sequence, packed, scores, KeysAtOnce);
                        Soften(first + row, count, key, visible, scores, largest + row, sums + row, totals + (row * padded), padded);
                        Weigh(count, visible, scores, a.V.Row(sample, group, key), totals + (row * padded), padded, isFirst: key == 0);
                    }
                }

                Finish(sample, head, first, rows, largest, sums, totals, padded);
            }
        }

        // Scores of a few queries as dot products along keys that lie where they are.
        private void Dots(nint rows, nint keys, float* queries, float* from, float* scores)
        {
            for (nint r = 0; r < rows; r++, queries += a.Q.Sequence, scores += KeysAtOnce)
            {
                nint key = 0;
                for (; key + DotTile.Columns <= keys; key += DotTile.Columns) DotTile.Run(1, a.Width, queries, 0, from + (key * a.K.Sequence), a.K.Sequence, scores + key, 0);
                for (; key < keys; key++) scores[key] = DotTile.RunSingle(1, a.Width, queries, from + (key * a.K.Sequence));
            }
        }

        // Scores of a tile become exp(scale · score - largest), with 0 for keys that aren't looked at; what was added up so far is put right for the new largest score. All rows of a tile make the same
        // rounds, whatever they look at: where each ended with its own last key, half of the time went into branches that nothing could foretell. First the largest scores of all rows, then
        // their exponentials: no row waits for the end of the one before.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Soften(nint query, nint rows, nint key, nint visible, float* scores, float* largest, float* sums, float* totals, nint padded)
        {
            var scale = Vector512.Create((float)a.Scale);
            var none = Vector512.Create(float.NegativeInfinity);
            var seen = SeenByAll(a.Visible(query) - key, visible);
            for (nint r = 0; r < rows; r++)
            {
                var row = scores + (r * KeysAtOnce);
                var own = a.Visible(query + r) - key;
                var most = none;

                // A NaN is left out here, and makes the sum NaN.
                nint j = 0;
                for (; j < seen; j += Simd.Lanes) most = Vector512.MaxNative(Vector512.Load(row + j) * scale, most);
                for (; j < visible; j += Simd.Lanes) most = Vector512.MaxNative(Simd.Select(Simd.FirstLanes(own - j), Vector512.Load(row + j) * scale, none), most);
                var before = largest[r];
                var now = MathF.Max(before, Simd.MaxNative(most));
                largest[r] = now;
                if (key > 0 && now != before) Shrink(ScalarMath.Exp(before - now), sums + r, totals + (r * padded), padded);
            }

            for (nint r = 0; r < rows; r++)
            {
                var row = scores + (r * KeysAtOnce);
                var own = a.Visible(query + r) - key;
                var minus = Vector512.Create(-largest[r]);
                Vector512<float> added = default;
                nint k = 0;
                for (; k < seen; k += Simd.Lanes)
                {
                    var p = SimdMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(row + k), scale, minus));
                    p.Store(row + k);
                    added += p;
                }

                for (; k < visible; k += Simd.Lanes)
                {
                    var p = SimdMath.Exp(Vector512.FusedMultiplyAdd(Vector512.Load(row + k), scale, minus)) & Simd.FirstLanes(own - k).AsSingle();
                    p.Store(row + k);
                    added += p;
                }

                sums[r] += Simd.Sum(added);
            }
        }

        private static void Shrink(float factor, float* sum, float* total, nint padded)
        {
            *sum *= factor;
            for (nint f = 0; f < padded; f += Simd.Lanes) (Vector512.Load(total + f) * Vector512.Create(factor)).Store(total + f);
        }

        private void Weigh(nint rows, nint keys, float* weights, float* values, float* totals, nint padded, bool isFirst)
        {
            for (nint column = 0; column < a.ValueWidth; column += MatrixTile.Columns)
            {
                MatrixTile.Run(rows, Math.Min(MatrixTile.Columns, a.ValueWidth - column), keys, weights, KeysAtOnce, 1, values + column, a.V.Sequence, totals + column, padded, accumulate: !isFirst);
            }
        }

        // A query that looks at no key has a log sum of -inf, and a result of 0.
        private void Finish(nint sample, nint head, nint first, nint rows, float* largest, float* sums, float* totals, nint padded)
        {
            for (nint r = 0; r < rows; r += Simd.Lanes)
            {
                var sum = Vector512.Load(sums + r);
                if (a.LogSums != null) Simd.Store(a.SumsOf(sample, head) + first + r, Vector512.Load(largest + r) + SimdMath.Log(sum), rows - r);
                (Vector512<float>.One / sum).Store(sums + r);
            }

            if (a.ValueWidth == 0) return;
            for (nint r = 0; r < rows; r++, totals += padded)
            {
                var isEmpty = a.Visible(first + r) == 0;
                var result = a.Result.Row(sample, head, first + r);
                for (nint f = 0; f < a.ValueWidth; f += Simd.Lanes) Simd.Store(result + f, isEmpty ? default : Vector512.Load(totals + f) * Vector512.Create(sums[r]), a.ValueWidth - f);
            }
        }
    }
}
