using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace FeedbackNN.Cpu;

/// <summary>
/// Asks for the rows of another head while one is computed, a few at a time, so that they are in the second-level cache when its turn comes. Rows of a head are short, and lie far apart with other heads between them:
/// processors don't foresee them. With operands from memory 16 heads of 128 x 128 x 32 took 22% longer without it, and their gradients 25%; gradients as much again where hundreds of lines were asked for at once.
/// </summary>
/// <param name="arguments">What is computed.</param>
/// <param name="sample">The sample of the other head; none is fetched where there is none.</param>
/// <param name="head">The other head.</param>
/// <param name="steps">How often rows will be asked for; 0 for none. Many small steps keep the processor from waiting: it has a few dozen lines on their way at most.</param>
internal unsafe struct AttentionAhead(in AttentionArguments<float> arguments, nint sample, nint head, nint steps)
{
    // Of each tensor. Longer ones take so long to compute that fetching them counts for little.
    private const nint MostRows = 256;

    private readonly AttentionArguments<float> _arguments = arguments;
    private readonly nint _group = head / (arguments.Heads / arguments.Groups);
    private readonly nint _rows = Sse.IsSupported && steps > 0 && sample < arguments.Batch ? RowsOf(arguments) : 0;
    private readonly nint _rowsOfStep = steps > 0 ? AttentionBlocks.Tiles(RowsOf(arguments), steps) : 0;
    private nint _row;

    /// <summary>Asks for the next rows of what the forward pass reads and writes.</summary>
    public void StepForward()
    {
        for (var end = Math.Min(_row + _rowsOfStep, _rows); _row < end; _row++) FetchForward();
    }

    /// <summary>Asks for the next rows of what the gradient reads and writes.</summary>
    public void StepGradient()
    {
        for (var end = Math.Min(_row + _rowsOfStep, _rows); _row < end; _row++)
        {
            FetchForward();
            FetchRow(_arguments.ResultGradient, head, _arguments.Queries, _arguments.ValueWidth);
            FetchRow(_arguments.QGradient, head, _arguments.Queries, _arguments.Width);
            FetchRow(_arguments.KGradient, _group, _arguments.Keys, _arguments.Width);
            FetchRow(_arguments.VGradient, _group, _arguments.Keys, _arguments.ValueWidth);
        }
    }

    private static nint RowsOf(in AttentionArguments<float> arguments) => Math.Min(Math.Max(arguments.Queries, arguments.Keys), MostRows);

    private readonly void FetchForward()
    {
        FetchRow(_arguments.Q, head, _arguments.Queries, _arguments.Width);
        FetchRow(_arguments.K, _group, _arguments.Keys, _arguments.Width);
        FetchRow(_arguments.V, _group, _arguments.Keys, _arguments.ValueWidth);
        FetchRow(_arguments.Result, head, _arguments.Queries, _arguments.ValueWidth);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void FetchRow(in AttentionTensor<float> tensor, nint index, nint rows, nint width)
    {
        if (_row < rows && tensor.Start != null) RowsAhead.FetchRow(tensor.Row(sample, index, _row), width);
    }
}
