namespace FnnBench.Frame;

/// <summary>A kind of work that both sides can do, as one or more cases. A new one is one file in Workloads/ and one row in its list.</summary>
internal interface IWorkload
{
    /// <summary>What the command line calls it.</summary>
    string Name { get; }

    /// <summary>One sentence for the list.</summary>
    string Summary { get; }

    /// <summary>The cases in the order they run. Naming them costs nothing: what a case needs it makes when it is opened.</summary>
    IReadOnlyList<ICase> Cases { get; }
}
