namespace FnnBench.Frame;

/// <summary>What a sample of a side is measured in.</summary>
internal enum SampleUnit
{
    Microseconds,
    Megabytes,
}

/// <summary>Two sides that measure themselves, once a turn: what is in question is not how long a step takes that is repeated.</summary>
internal sealed record SampledSides(SampleUnit Unit, Func<double> Ours, Func<double> Torch);
