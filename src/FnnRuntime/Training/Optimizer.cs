using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>
/// A rule that changes parameters by their gradients. Its settings are those of the <c>.fnn</c> file until C# sets others, which hold from
/// the next step on. What it remembers from step to step belongs to the trainer.
/// </summary>
/// <remarks>Set between steps, by the thread that trains.</remarks>
public abstract class Optimizer
{
    private protected Optimizer(Schedule learningRate) => LearningRate = learningRate;

    /// <summary>How far a step goes.</summary>
    public Schedule LearningRate { get; set; }

    /// <summary>What it remembers for each trained number, by name: as many as the present settings need.</summary>
    internal abstract ReadOnlySpan<string> StateNames { get; }

    /// <summary>Changes <paramref name="count"/> parameters in place.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="parameters">What to change.</param>
    /// <param name="gradients">Its gradients.</param>
    /// <param name="state">The first remembered array for these parameters.</param>
    /// <param name="stateStride">Elements from one remembered array to the next.</param>
    /// <param name="count">How many.</param>
    /// <param name="update">Updates made before, from 0.</param>
    internal abstract unsafe void Apply(WorkerPool pool, float* parameters, float* gradients, float* state, nint stateStride, nint count, long update);
}
