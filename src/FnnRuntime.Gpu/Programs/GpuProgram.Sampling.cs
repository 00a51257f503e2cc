using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <content>Sampling, and what a generate keeps between runs.</content>
public abstract unsafe partial class GpuProgram
{
    /// <summary>A tensor that is kept between runs.</summary>
    protected ArrayView<T> Kept<T>(void* memory) where T : unmanaged => _device.ViewOf(memory).Cast<T>();

    /// <summary>An index for each row of logits, drawn by its probability.</summary>
    /// <param name="logits">[rows, columns].</param>
    /// <param name="draws">One for each row.</param>
    /// <param name="temperature">At 0 the largest logit is taken.</param>
    /// <param name="topK">0 for all.</param>
    /// <param name="topP">A share of the probability.</param>
    /// <param name="penalty">Of what the history has.</param>
    /// <param name="history">Indices that count as drawn before.</param>
    /// <param name="historyStride">From a row's history to the next.</param>
    /// <param name="historyCount">The length of each.</param>
    /// <param name="scores">Room for [rows, columns].</param>
    /// <param name="result">[rows].</param>
    /// <param name="rows">How many indices.</param>
    /// <param name="columns">Of how many each.</param>
    protected void Sample(
        ArrayView<float> logits, ArrayView<float> draws, ArrayView<float> temperature, ArrayView<float> topK, ArrayView<float> topP, ArrayView<float> penalty,
        ArrayView<int> history, int historyStride, int historyCount, ArrayView<float> scores, ArrayView<int> result, long rows, long columns)
    {
        if (rows * columns == 0) return;
        var sizes = new SamplingSizes { Rows = checked((int)rows), Columns = checked((int)columns), HistoryStride = historyStride, HistoryCount = historyCount };
        _device.Start(SamplingKernels.Draw, Launch.Over(rows), logits, draws, temperature, topK, topP, penalty, historyCount == 0 ? result : history, sizes, scores, result);
    }
}
