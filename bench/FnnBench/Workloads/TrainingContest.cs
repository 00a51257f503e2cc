using FnnBench.Frame;

namespace FnnBench.Workloads;

/// <summary>A training on both sides: losses of ten steps are compared at a normal learning rate, then steps are timed at one that leaves the weights where they are.</summary>
/// <param name="makePair">Both sides, given the learning rate.</param>
/// <param name="normalRate">The learning rate for the comparison.</param>
/// <param name="limit">By how much losses may differ: ten steps of float32, whose sums are added up in different orders.</param>
internal sealed class TrainingContest(Func<double, TrainingPair> makePair, double normalRate, double limit) : IContest
{
    private const int ComparedSteps = 10;

    // Training one batch to the end would time denormal numbers.
    private const double StandingStill = 1e-7;

    private readonly TrainingPair _timed = makePair(StandingStill);

    public Agreement Compare()
    {
        using var pair = makePair(normalRate);
        double[] ours = new double[ComparedSteps], theirs = new double[ComparedSteps];
        for (var step = 0; step < ComparedSteps; step++)
        {
            ours[step] = pair.StepOurs();
            theirs[step] = pair.TorchLoss();
        }
        return Agreement.OfLosses(ours, theirs, limit);
    }

    public void StepOurs() => _timed.StepOurs();

    public void StepTorch() => _timed.StepTorch();

    public void Dispose() => _timed.Dispose();
}
