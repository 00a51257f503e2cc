using System.ComponentModel;
using System.Globalization;

namespace FeedbackNN;

/// <summary>What the steps of a program do at given sizes; generated code fills it in when a program is profiled.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class StepDescriptions
{
    private readonly List<StepDescription> _steps = [];

    internal StepDescriptions() { }

    internal IReadOnlyList<StepDescription> Steps => _steps;

    /// <summary>Adds a step.</summary>
    /// <param name="position">Its place in the program.</param>
    /// <param name="kernel">What runs: a kernel's name, <c>product</c>, <c>fill</c>.</param>
    /// <param name="sizes">Over what: for a product M, N and K, its batch before them.</param>
    /// <param name="flops">Operations on numbers in one round.</param>
    /// <param name="bytes">Bytes that it reads and writes in one round, each tensor's once.</param>
    public void Add(int position, string kernel, ReadOnlySpan<nint> sizes, long flops, long bytes)
    {
        var texts = new string[sizes.Length];
        for (var k = 0; k < texts.Length; k++) texts[k] = sizes[k].ToString(CultureInfo.InvariantCulture);
        _steps.Add(new StepDescription(position, kernel, string.Join(" x ", texts), flops, bytes));
    }
}

internal sealed record StepDescription(int Position, string Kernel, string Sizes, long Flops, long Bytes);
