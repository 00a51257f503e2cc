using System.ComponentModel;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>A parameter that a program changes as it computes its gradient, in floats of the net's flat storage.</summary>
/// <param name="Net">Position of the net.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="Length">Its elements.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct UpdatedParameter(int Net, long Start, long Length);

/// <summary>How a program changes parameters as it computes their gradients.</summary>
internal sealed class ParameterUpdates(UpdateRule[] rules, UpdateTarget[] targets)
{
    /// <summary>Two for each share of the learning rate that the objective has: with weight decay and without.</summary>
    public UpdateRule[] Rules => rules;

    /// <summary>One for each of the program's updated parameters.</summary>
    public UpdateTarget[] Targets => targets;
}

/// <summary>Where a parameter lies, with its gradient and what the optimizer remembers of it.</summary>
internal unsafe struct UpdateTarget
{
    public LazyGradient Gradient;

    public float* Parameter, First, Second;

    /// <summary>Which of the rules.</summary>
    public int Rule;
}

/// <summary>
/// The last thing that happens to a tile of a gradient: the parameters it belongs to are changed by it while it is in the cache. The gradient itself is
/// kept like any other, or can be computed again (<see cref="LazyGradient"/>).
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe struct GradientTile : ITileKernel
{
    private readonly ParameterUpdates? _updates;
    private readonly UpdateTarget _target;
    private readonly nint _columns;
    private readonly bool _isUsedUp;

    internal GradientTile(ParameterUpdates updates, UpdateTarget target, nint columns, bool isUsedUp)
    {
        _updates = updates;
        _target = target;
        _columns = columns;
        _isUsedUp = isUsedUp;
    }

    /// <inheritdoc/>
    public void Run(float* tile, nint stride, nint row, nint rows, nint column, nint columns)
    {
        if (!_isUsedUp) return;
        var offset = (row * _columns) + column;
        OptimizerKernels.Update(_updates!.Rules[_target.Rule], _target.Parameter + offset, _columns, tile, stride, _target.First + offset, _target.Second + offset, rows, columns);
    }

    /// <inheritdoc/>
    public void Prefetch(nint row, nint rows, nint column, nint columns)
    {
    }

    /// <summary>The product to run for a gradient that a program computes.</summary>
    internal MatrixProductArguments Begin(in MatrixProductArguments product) => _updates is null ? product : _target.Gradient.Begin(product, _isUsedUp);
}
