namespace FnnBench.Frame;

/// <summary>What the rounds of a case gave.</summary>
/// <param name="Ours">Our times.</param>
/// <param name="Torch">The other side's.</param>
/// <param name="Rounds">Rounds that the times are of.</param>
/// <param name="SetAside">Rounds with foreign load.</param>
/// <param name="IsQuiet">Whether the times are of rounds without foreign load only. If not, the machine never was quiet for long enough and they are of all rounds.</param>
/// <param name="ForeignLoad">Processors that others kept busy, average over all rounds; null where the system does not say.</param>
internal sealed record Timing(SideTimes Ours, SideTimes Torch, int Rounds, int SetAside, bool IsQuiet, double? ForeignLoad);
