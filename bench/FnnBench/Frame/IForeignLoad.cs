namespace FnnBench.Frame;

/// <summary>Tells how busy others kept the machine meanwhile. Behind an interface so that tests can play the others.</summary>
internal interface IForeignLoad
{
    /// <summary>Begins a stretch.</summary>
    void Begin();

    /// <summary>Looks on at the beginning of each side's turn, when no thread of either computes. Who counts from the beginning to the end need not.</summary>
    void Look()
    {
    }

    /// <summary>Processors that others kept busy since <see cref="Begin"/>, on average; null where the system does not say.</summary>
    double? End();
}
