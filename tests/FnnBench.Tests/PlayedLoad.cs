using FnnBench.Frame;

namespace FnnBench.Tests;

/// <summary>Others that are as busy in each round as a test says; the last number holds from there on.</summary>
internal sealed class PlayedLoad(params double?[] loads) : IForeignLoad
{
    private int _round;

    public void Begin()
    {
    }

    public double? End() => loads[Math.Min(_round++, loads.Length - 1)];
}
