using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;

namespace FeedbackNN;

/// <summary>How a parameter or buffer gets its first values: a constant, or independent draws from a distribution.</summary>
/// <remarks>Immutable: may be used from several threads.</remarks>
public sealed class Initializer : IEquatable<Initializer>
{
    // Draws for first values live in a step of their own, so that they share no number with the draws of any training step.
    private const ulong InitialStep = ulong.MaxValue;
    private const int DrawsAtOnce = 16;
    private readonly Distribution _distribution;
    private readonly double _first;
    private readonly double _second;

    private Initializer(Distribution distribution, double first, double second)
    {
        _distribution = distribution;
        _first = first;
        _second = second;
    }

    private enum Distribution { Constant, Uniform, Normal }

    /// <summary>Every element is <paramref name="value"/>.</summary>
    public static Initializer Constant(double value) => new(Distribution.Constant, value, 0);

    /// <summary>Evenly distributed in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public static Initializer Uniform(double low, double high) => new(Distribution.Uniform, low, high);

    /// <summary>Normally distributed, by the method of Box and Muller (1958).</summary>
    public static Initializer Normal(double mean, double deviation) => new(Distribution.Normal, mean, deviation);

    /// <inheritdoc/>
    public bool Equals(Initializer? other) => other is not null && _distribution == other._distribution && _first.Equals(other._first) && _second.Equals(other._second);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Initializer);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_distribution, _first, _second);

    /// <summary>As in <c>.fnn</c>: <c>uniform(-0.1, 0.1)</c>.</summary>
    public override string ToString() => _distribution switch
    {
        Distribution.Constant => string.Create(CultureInfo.InvariantCulture, $"constant({_first})"),
        Distribution.Uniform => string.Create(CultureInfo.InvariantCulture, $"uniform({_first}, {_second})"),
        _ => string.Create(CultureInfo.InvariantCulture, $"normal({_first}, {_second})"),
    };

    /// <summary>Fills a tensor. Its values depend on the seed, the tensor's place among the model's and the element's index, on nothing else.</summary>
    internal void Fill(Span<float> values, ulong seed, uint site)
    {
        switch (_distribution)
        {
            case Distribution.Constant:
                values.Fill((float)_first);
                break;
            case Distribution.Uniform:
                FillUniform(values, seed, site);
                break;
            case Distribution.Normal:
                FillNormal(values, seed, site);
                break;
        }
    }

    // Optimized from the first call on: a model is constructed once, and unoptimized this would be a good part of a small program's start.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillUniform(Span<float> values, ulong seed, uint site)
    {
        Span<float> draws = stackalloc float[DrawsAtOnce];
        for (var start = 0; start < values.Length; start += DrawsAtOnce)
        {
            Philox.Uniform16(seed, InitialStep, site, start).CopyTo(draws);
            var count = Math.Min(DrawsAtOnce, values.Length - start);
            for (var i = 0; i < count; i++) values[start + i] = (float)(_first + (_second - _first) * draws[i]);
        }
    }

    // Two draws make a value.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillNormal(Span<float> values, ulong seed, uint site)
    {
        Span<float> draws = stackalloc float[DrawsAtOnce];
        for (var start = 0; start < values.Length; start += DrawsAtOnce / 2)
        {
            Philox.Uniform16(seed, InitialStep, site, 2L * start).CopyTo(draws);
            var count = Math.Min(DrawsAtOnce / 2, values.Length - start);
            for (var i = 0; i < count; i++)
            {
                // 1 - u lies in (0, 1], so that the logarithm is finite.
                var radius = Math.Sqrt(-2 * Math.Log(1 - (double)draws[2 * i]));
                values[start + i] = (float)(_first + _second * (radius * Math.Cos(2 * Math.PI * draws[(2 * i) + 1])));
            }
        }
    }
}
