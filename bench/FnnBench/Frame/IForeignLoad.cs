namespace FnnBench.Frame;

/// <summary>Tells how busy others kept the machine meanwhile. Behind an interface so that tests can play the others.</summary>
internal interface IForeignLoad
{
    /// <summary>Begins a stretch.</summary>
    void Begin();

    /// <summary>Processors that others kept busy since <see cref="Begin"/>, on average; null where the system does not say.</summary>
    double? End();
}
