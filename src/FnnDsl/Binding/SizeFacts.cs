using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What conditions state about sizes: equalities, exact divisions and inequalities. They decide questions that normal forms alone leave open.
/// Run-time axes are at least 1.
/// </summary>
internal sealed class SizeFacts
{
    // Conditions may lead from one quotient to another without an end.
    private const int DeepestQuotient = 4;

    private readonly Dictionary<string, Size> _equal = new(StringComparer.Ordinal);
    private readonly HashSet<(Size Numerator, Size Denominator)> _exact = [];
    private readonly List<Size> _notNegative = [];

    /// <summary>With what is stated to be equal put in place of axes.</summary>
    public Size Normalize(Size size)
    {
        // Each pass puts at least one axis in another's place, so as many passes as axes are enough.
        for (var pass = 0; pass <= _equal.Count; pass++)
        {
            var next = size.Substitute(name => _equal.TryGetValue(name, out var other) ? other : null);
            if (next == size) return size;
            size = next;
        }
        return size;
    }

    public void AddEqual(Size left, Size right)
    {
        left = Normalize(left);
        right = Normalize(right);
        if (left == right) return;
        if (AsAxis(left) is { } a && !right.AxisNames.Contains(a)) _equal[a] = right;
        else if (AsAxis(right) is { } b && !left.AxisNames.Contains(b)) _equal[b] = left;
        else
        {
            _notNegative.Add(left - right);
            _notNegative.Add(right - left);
        }
    }

    /// <summary>States that <paramref name="right"/> divides <paramref name="left"/>.</summary>
    public void AddExactDivision(Size left, Size right) => _exact.Add((Normalize(left), Normalize(right)));

    /// <summary>States that <paramref name="size"/> is at least 0.</summary>
    public void AddNotNegative(Size size) => _notNegative.Add(Normalize(size));

    public bool AreEqual(Size left, Size right)
    {
        if (left == right) return true;
        var difference = Normalize(left) - Normalize(right);
        return difference.IsZero || (difference.TryGetConstant(out _) is false && IsNotNegative(difference) && IsNotNegative(Size.Zero - difference));
    }

    /// <summary>The quotient where it is known to be exact; else null.</summary>
    public Size? Divide(Size left, Size right)
    {
        left = Normalize(left);
        right = Normalize(right);
        if (Size.DivideExactly(left, right) is { } exact) return exact;
        if (_exact.Contains((left, right))) return Size.Divide(left, right, isExact: true);
        // A multiple of what divides: (3*d) / heads where d % heads == 0.
        foreach (var (numerator, denominator) in _exact)
        {
            if (denominator == right && Size.DivideExactly(left, numerator) is { } factor) return factor * Size.Divide(numerator, denominator, isExact: true);
        }
        return null;
    }

    /// <summary>Whether <paramref name="size"/> is provably at least 0.</summary>
    public bool IsNotNegative(Size size) => IsAtLeastZero(Normalize(size), 1, 0);

    /// <summary>
    /// Whether <paramref name="size"/> is at least 0 even where axes are empty: what decides whether the program has to check it, as a caller may
    /// pass tensors without elements.
    /// </summary>
    public bool IsNotNegativeWhenEmpty(Size size) => IsAtLeastZero(Normalize(size), 0, 0);

    private bool IsAtLeastZero(Size size, long shortest, int depth) =>
        LowerBound(size, shortest, depth) >= 0 || _notNegative.Any(fact => LowerBound(size - fact, shortest, depth) >= 0);

    // The least value there can be when axes are at least so long; null when there is none.
    private long? LowerBound(Size size, long shortest, int depth)
    {
        long bound = 0;
        foreach (var term in size.Terms)
        {
            if (term.Factors.Count == 0) bound += term.Coefficient;
            else if (term.Coefficient < 0 || !term.Factors.All(factor => IsAtLeastZero(factor, shortest, depth))) return null;
            else if (term.Factors.All(factor => factor is Size.NamedAtom)) bound += term.Coefficient * shortest;
        }
        return bound;
    }

    // A quotient is below 0 where what is divided is; a remainder has the sign of the divisor.
    private bool IsAtLeastZero(Size.Atom factor, long shortest, int depth) => factor switch
    {
        Size.DivAtom quotient => depth < DeepestQuotient && IsAtLeastZero(quotient.Numerator, shortest, depth + 1) && IsAtLeastZero(quotient.Denominator, shortest, depth + 1),
        Size.RemainderAtom remainder => depth < DeepestQuotient && IsAtLeastZero(remainder.Denominator, shortest, depth + 1),
        _ => true,
    };

    private static string? AsAxis(Size size) =>
        size.Terms.Count == 1 && size.Terms[0].Coefficient == 1 && size.Terms[0].Factors.Count == 1 && size.Terms[0].Factors[0] is Size.NamedAtom named ? named.Name : null;
}
