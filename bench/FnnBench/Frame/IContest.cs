namespace FnnBench.Frame;

/// <summary>Both sides of a case, ready to run. Comparing must leave nothing behind that changes how long the steps take.</summary>
internal interface IContest : IDisposable
{
    /// <summary>Lets both sides compute and says how far apart their answers are. Called once, before any step.</summary>
    Agreement Compare();

    /// <summary>Our step, the whole of it.</summary>
    void StepOurs();

    /// <summary>The same step on the other side.</summary>
    void StepTorch();

    /// <summary>What takes a sample of each side instead of timing its steps; null where steps are timed.</summary>
    SampledSides? Samples => null;
}
