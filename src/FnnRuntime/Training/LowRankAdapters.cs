using System.Collections.Immutable;
using System.ComponentModel;
using System.Numerics;

namespace FeedbackNN;

/// <summary>
/// Updates of low rank for weights of a network, W + s · B A, that a training with <c>lora</c> trains in the weights' stead. They are a model of their own: <see cref="Model.Save(string)"/> and
/// <see cref="Model.Load(string)"/> are for them alone, and <see cref="Model.ParameterCount"/> says how many numbers they are.
/// Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, 2021 (arXiv:2106.09685).
/// </summary>
/// <remarks>The training reads the weights with their updates, in evaluations too. The network itself doesn't, until they are merged.</remarks>
public abstract unsafe class LowRankAdapters : Model
{
    private readonly Model _net;
    private readonly ImmutableArray<int> _adapted;
    private readonly float _scale;
    private NativeBuffer? _unmerged;

    /// <summary>For generated code.</summary>
    /// <param name="manifest">B and A of each adapted weight.</param>
    /// <param name="net">Whose weights they are.</param>
    /// <param name="adapted">Which, by position.</param>
    /// <param name="scale">alpha / rank.</param>
    /// <param name="seed">Of the first values of A; B is 0.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected LowRankAdapters(ModelManifest manifest, Model net, ImmutableArray<int> adapted, double scale, ulong seed) : base(manifest, Checked(net).Device, seed)
    {
        (_net, _adapted, _scale) = (net, adapted, (float)scale);
    }

    /// <summary>Whether the network's weights have the updates in them at present.</summary>
    public bool IsMerged => _unmerged is not null;

    /// <summary>
    /// Adds the updates to the network's weights: it then computes what it was trained to, without any work more than before, and can be saved as it is.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are merged already, or another thread uses them or the network, as their training does throughout a run.</exception>
    public void Merge()
    {
        RequireMemory();
        using var use = Exclusively();
        using var useOfNet = _net.Exclusively();
        if (IsMerged) throw new InvalidOperationException($"{GetManifest().Name} is merged into the weights already.");
        var updates = (float*)ParameterMemory.ForReading();
        var weights = (float*)_net.ParameterMemory.ForWriting();
        _unmerged = new NativeBuffer(AdaptedSpecs.Sum(spec => (long)spec.Count) * sizeof(float));
        var kept = (float*)_unmerged.Pointer;
        for (var k = 0; k < _adapted.Length; k++)
        {
            var spec = WeightSpec(k);
            var weight = new Span<float>(weights + spec.Offset, spec.Count);
            weight.CopyTo(new Span<float>(kept, spec.Count));
            kept += spec.Count;
            var (b, a) = (GetManifest().Parameters[2 * k], GetManifest().Parameters[(2 * k) + 1]);
            AddProduct(weight, new ReadOnlySpan<float>(updates + b.Offset, b.Count), new ReadOnlySpan<float>(updates + a.Offset, a.Count), b.Shape[0], b.Shape[1]);
        }
        GC.KeepAlive(this);
    }

    /// <summary>Puts the weights back as they were before <see cref="Merge"/>, to the bit.</summary>
    /// <exception cref="InvalidOperationException">They are not merged, or another thread uses them or the network, as their training does throughout a run.</exception>
    public void Unmerge()
    {
        RequireMemory();
        using var use = Exclusively();
        using var useOfNet = _net.Exclusively();
        if (_unmerged is not { } unmerged) throw new InvalidOperationException($"{GetManifest().Name} is not merged into the weights.");
        var kept = (float*)unmerged.Pointer;
        var weights = (float*)_net.ParameterMemory.ForWriting();
        foreach (var spec in AdaptedSpecs)
        {
            new ReadOnlySpan<float>(kept, spec.Count).CopyTo(new Span<float>(weights + spec.Offset, spec.Count));
            kept += spec.Count;
        }
        unmerged.Dispose();
        _unmerged = null;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _unmerged?.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Before a training reads the weights and adds the updates itself.</summary>
    internal override void CheckTrainable()
    {
        if (IsMerged) throw new InvalidOperationException("The updates are merged into the weights, where the training would add them once more: call Unmerge first.");
    }

    private IEnumerable<StorageSpec> AdaptedSpecs => Enumerable.Range(0, _adapted.Length).Select(WeightSpec);

    private StorageSpec WeightSpec(int k) => _net.GetManifest().Parameters[_adapted[k]];

    // w[i, …] += s Σ_r b[i, r] a[r, …]
    private void AddProduct(Span<float> weight, ReadOnlySpan<float> b, ReadOnlySpan<float> a, int rows, int rank)
    {
        var columns = weight.Length / rows;
        for (var i = 0; i < rows; i++)
        {
            var row = weight.Slice(i * columns, columns);
            for (var r = 0; r < rank; r++)
            {
                var factor = _scale * b[(i * rank) + r];
                var addend = a.Slice(r * columns, columns);
                var j = 0;
                for (; j <= columns - Vector<float>.Count; j += Vector<float>.Count)
                {
                    (new Vector<float>(row[j..]) + (new Vector<float>(factor) * new Vector<float>(addend[j..]))).CopyTo(row[j..]);
                }
                for (; j < columns; j++) row[j] += factor * addend[j];
            }
        }
    }

    private static Model Checked(Model net)
    {
        ArgumentNullException.ThrowIfNull(net);
        return net;
    }
}
