namespace FeedbackNN.Dsl.Graphs;

/// <summary>The inputs of a <see cref="Sample"/>, by position.</summary>
internal static class SampleInputs
{
    public const int Logits = 0;

    public const int Draws = 1;

    /// <summary>The first of the four numbers: temperature, top_k, top_p and repetition_penalty.</summary>
    public const int Temperature = 2;

    public const int WithoutHistory = 6;

    public const int History = 6;

    public const int WithHistory = 7;
}
