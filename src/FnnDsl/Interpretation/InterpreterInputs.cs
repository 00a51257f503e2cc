namespace FeedbackNN.Dsl.Interpretation;

/// <summary>What the interpreter runs a graph on. Tensors are their elements in row-major order; bool is 0 and 1.</summary>
public sealed record InterpreterInputs
{
    /// <summary>The length of each run-time axis.</summary>
    public IReadOnlyDictionary<string, long> Sizes { get; init; } = new Dictionary<string, long>();

    /// <summary>The program's inputs, by position.</summary>
    public IReadOnlyList<double[]> Inputs { get; init; } = [];

    /// <summary>In a loop's body: its states and what it reads from outside.</summary>
    public IReadOnlyList<double[]> Arguments { get; init; } = [];

    /// <summary>Parameters by net and position.</summary>
    public Func<int, int, double[]> Parameter { get; init; } = (net, index) => throw new InvalidOperationException($"No parameter ({net}, {index}) was given.");

    /// <summary>Buffers by net and position.</summary>
    public Func<int, int, double[]> Buffer { get; init; } = (net, index) => throw new InvalidOperationException($"No buffer ({net}, {index}) was given.");

    /// <summary>What a generate keeps between runs, by position.</summary>
    public IReadOnlyList<double[]> Kept { get; init; } = [];

    /// <summary>Whether operands of products are rounded to the format that is said of them, as GPUs do; the processor takes them as they are.</summary>
    public bool RoundsOperands { get; init; } = true;

    /// <summary>Gradients of the results, by position.</summary>
    public IReadOnlyList<double[]> OutputGradients { get; init; } = [];

    /// <summary>The draw in [0, 1) for a site and an element's index.</summary>
    public Func<int, long, double> Random { get; init; } = (site, _) => throw new InvalidOperationException($"No random numbers were given for site {site}.");
}
