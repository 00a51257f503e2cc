using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace FnnBench;

/// <summary>
/// What the processes of both sides do when a start is measured: a first training step of the perceptron with a batch of 100, from the same numbers.
/// </summary>
internal static class FirstStepTask
{
    public const int BatchSize = 100;
    public const int Pixels = 784;
    public const int Classes = 10;
    public const double LearningRate = 0.01;

    /// <summary>The batch's pixels, and its labels.</summary>
    public static (float[] Pixels, int[] Labels) Batch()
    {
        var labels = new int[BatchSize];
        for (var i = 0; i < labels.Length; i++) labels[i] = i % Classes;
        return (Numbers(BatchSize * Pixels, 1, 1), labels);
    }

    /// <summary>Numbers in [0, <paramref name="limit"/>): weights of a tensor, by its position among the parameters, are <c>Numbers(count, 2 + position, 0.05f)</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float[] Numbers(int count, uint seed, float limit)
    {
        var numbers = new float[count];
        var state = seed * 2654435761u;
        for (var i = 0; i < count; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            numbers[i] = (state >> 8) * limit / 16777216;
        }
        return numbers;
    }

    /// <summary>
    /// Says when the step was over, on the clock that all processes of the machine share, what the loss was, and how much memory the process has
    /// taken at most.
    /// </summary>
    public static void Report(double loss)
    {
        var end = Stopwatch.GetTimestamp();
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(FormattableString.Invariant($"{end} {loss:R} {process.PeakWorkingSet64}"));
    }
}
