using System.Globalization;

namespace FeedbackNN.Dsl.Types;

/// <summary>
/// The size of an axis in normal form: a polynomial with integer coefficients over atoms. Two sizes are equal exactly when
/// their normal forms are. Atoms are axes sized at run time (<c>batch</c>), symbolic config (while a layer is checked by itself),
/// and <c>div</c> and <c>%</c> of sizes that do not simplify further.
/// </summary>
public sealed class Size : IEquatable<Size>
{
    /// <summary>Terms of a product of sizes, before those that are alike are put together. A compiler has the time to handle that many.</summary>
    public const int MaximumTerms = 10_000;

    // Whatever is built from a program with thousands of lines has the same few numbers in it again and again.
    private static readonly Size[] SmallConstants = Enumerable.Range(0, 257).Select(value => new Size(value == 0 ? [] : [new Monomial(value, [])])).ToArray();

    // Monomials in ascending order of their key; no zero coefficients.
    private readonly Monomial[] _terms;

    // Sizes are compared and hashed all the time.
    private string? _text;
    private int _hash;

    private Size(Monomial[] terms) => _terms = terms;

    /// <summary>The sum of terms in any order.</summary>
    private static Size Sum(IEnumerable<Monomial> terms)
    {
        var merged = new SortedDictionary<string, Monomial>(StringComparer.Ordinal);
        foreach (var term in terms)
        {
            merged[term.Key] = merged.TryGetValue(term.Key, out var same) ? Monomial.Add(same, term) : term;
        }
        return new Size(merged.Values.Where(term => term.Coefficient != 0).ToArray());
    }

    public static Size Zero => SmallConstants[0];

    public static Size One => SmallConstants[1];

    public static Size Constant(long value) => value >= 0 && value < SmallConstants.Length ? SmallConstants[value] : new([new Monomial(value, [])]);

    /// <summary>An axis known by name only.</summary>
    public static Size Axis(string name) => new([new Monomial(1, [new NamedAtom(name)])]);

    public static implicit operator Size(long value) => Constant(value);

    public bool IsConstant => TryGetConstant(out _);

    public bool IsOne => TryGetConstant(out var value) && value == 1;

    public bool IsZero => _terms.Length == 0;

    public IReadOnlyList<Monomial> Terms => _terms;

    /// <summary>The names of all run-time axes in it, inside <c>div</c> and <c>%</c> too.</summary>
    public IEnumerable<string> AxisNames => _terms.SelectMany(term => term.Factors).SelectMany(factor => factor switch
    {
        NamedAtom named => [named.Name],
        DivAtom div => div.Numerator.AxisNames.Concat(div.Denominator.AxisNames),
        RemainderAtom rem => rem.Numerator.AxisNames.Concat(rem.Denominator.AxisNames),
        _ => Enumerable.Empty<string>(),
    }).Distinct();

    /// <summary>Whether a run-time axis stands in it.</summary>
    internal bool Mentions(string axis)
    {
        foreach (var term in _terms)
        {
            foreach (var factor in term.Factors)
            {
                if (factor.Mentions(axis)) return true;
            }
        }
        return false;
    }

    public bool TryGetConstant(out long value)
    {
        value = 0;
        if (_terms.Length == 0) return true;
        if (_terms.Length > 1 || _terms[0].Factors.Count > 0) return false;
        value = _terms[0].Coefficient;
        return true;
    }

    /// <summary>The constant this is. Throws when it is not one.</summary>
    public long Value => TryGetConstant(out var value) ? value : throw new InvalidOperationException($"The size {this} is not known at build.");

    public static Size operator +(Size left, Size right)
    {
        if (left.IsZero) return right;
        if (right.IsZero) return left;
        if (left.TryGetConstant(out var a) && right.TryGetConstant(out var b)) return Constant(checked(a + b));
        // Both are in order already.
        var terms = new List<Monomial>(left._terms.Length + right._terms.Length);
        for (int i = 0, j = 0; i < left._terms.Length || j < right._terms.Length;)
        {
            var order = i == left._terms.Length ? 1 : j == right._terms.Length ? -1 : string.CompareOrdinal(left._terms[i].Key, right._terms[j].Key);
            var next = order < 0 ? left._terms[i] : order > 0 ? right._terms[j] : Monomial.Add(left._terms[i], right._terms[j]);
            if (order <= 0) i++;
            if (order >= 0) j++;
            if (next.Coefficient != 0) terms.Add(next);
        }
        return new Size(terms.ToArray());
    }

    public static Size operator -(Size left, Size right) => left + Constant(-1) * right;

    /// <exception cref="OverflowException">It leaves 64 bits, or has more than <see cref="MaximumTerms"/>.</exception>
    public static Size operator *(Size left, Size right)
    {
        if (left.IsZero || right.IsOne) return left;
        if (right.IsZero || left.IsOne) return right;
        if (left.TryGetConstant(out var a) && right.TryGetConstant(out var b)) return Constant(checked(a * b));
        if ((long)left._terms.Length * right._terms.Length > MaximumTerms) throw new OverflowException();
        return left._terms.Length == 1 && right._terms.Length == 1
            ? new Size([Monomial.Multiply(left._terms[0], right._terms[0])])
            : Sum(left._terms.SelectMany(term => right._terms.Select(other => Monomial.Multiply(term, other))));
    }

    /// <summary><paramref name="left"/> / <paramref name="right"/> when every term divides, without remainder; else null.</summary>
    public static Size? DivideExactly(Size left, Size right)
    {
        if (right.IsZero) return null;
        if (left.IsZero) return Zero;
        if (left.Equals(right)) return One;
        // By one monomial: term by term.
        if (right._terms.Length == 1)
        {
            var quotient = new List<Monomial>();
            foreach (var term in left._terms)
            {
                if (Monomial.TryDivide(term, right._terms[0]) is not { } part) return null;
                quotient.Add(part);
            }
            return Sum(quotient);
        }
        return null;
    }

    /// <summary>
    /// Floor division. Folds constants and exact quotients; otherwise an atom. With <paramref name="isExact"/> (a <c>where</c> states
    /// that it divides) the atom times its denominator is the numerator again.
    /// </summary>
    public static Size Divide(Size left, Size right, bool isExact = false)
    {
        if (DivideExactly(left, right) is { } exact) return exact;
        if (left.TryGetConstant(out var a) && right.TryGetConstant(out var b) && b != 0) return Constant(FloorDivide(a, b));
        return new Size([new Monomial(1, [new DivAtom(left, right, isExact)])]);
    }

    public static Size Remainder(Size left, Size right)
    {
        if (DivideExactly(left, right) is not null) return Zero;
        if (left.TryGetConstant(out var a) && right.TryGetConstant(out var b) && b != 0) return Constant(a - FloorDivide(a, b) * b);
        return new Size([new Monomial(1, [new RemainderAtom(left, right)])]);
    }

    public static Size Product(IEnumerable<Size> sizes) => sizes.Aggregate(One, (a, b) => a * b);

    /// <summary>The number, given one for each named axis.</summary>
    public long Evaluate(Func<string, long> axis) => _terms.Sum(term => term.Factors.Aggregate(term.Coefficient, (product, factor) => checked(product * factor.Evaluate(axis))));

    /// <summary>Replaces named axes; those for which <paramref name="replacement"/> gives null stay.</summary>
    public Size Substitute(Func<string, Size?> replacement) => IsConstant ? this : _terms.Aggregate(Zero, (sum, term) =>
        sum + term.Factors.Aggregate(Constant(term.Coefficient), (product, factor) => product * factor.Substitute(replacement)));

    public bool Equals(Size? other)
    {
        if (ReferenceEquals(this, other)) return true;
        if (other is null || _terms.Length != other._terms.Length) return false;
        for (var k = 0; k < _terms.Length; k++)
        {
            if (_terms[k].Coefficient != other._terms[k].Coefficient || _terms[k].Key != other._terms[k].Key) return false;
        }
        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as Size);

    public override int GetHashCode()
    {
        if (_hash != 0) return _hash;
        var hash = 17;
        foreach (var term in _terms) hash = unchecked((hash * 31 + term.Coefficient.GetHashCode()) * 31 + term.Key.GetHashCode());
        return _hash = hash;
    }

    public static bool operator ==(Size? left, Size? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Size? left, Size? right) => !(left == right);

    /// <summary>As the language writes it: <c>2*batch + 1</c>; also valid C# when the atoms are names.</summary>
    public override string ToString() => _text ??= ToText();

    private string ToText()
    {
        if (_terms.Length == 0) return "0";
        var text = "";
        // Named terms first, the constant last, as people write it.
        foreach (var term in _terms.OrderBy(term => term.Factors.Count == 0))
        {
            var magnitude = term.ToText();
            if (text.Length == 0) text = magnitude;
            else text += magnitude[0] == '-' ? " - " + magnitude.Substring(1) : " + " + magnitude;
        }
        return text;
    }

    private static long FloorDivide(long a, long b)
    {
        var quotient = a / b;
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    /// <summary>What a polynomial is made of besides numbers.</summary>
    public abstract class Atom
    {
        /// <summary>Unique text; atoms with equal keys are equal.</summary>
        public abstract string Key { get; }

        internal abstract bool Mentions(string axis);

        internal abstract long Evaluate(Func<string, long> axis);

        internal abstract Size Substitute(Func<string, Size?> replacement);
    }

    public sealed class NamedAtom(string name) : Atom
    {
        public string Name => name;

        public override string Key => name;

        internal override bool Mentions(string axis) => axis == name;

        internal override long Evaluate(Func<string, long> axis) => axis(name);

        internal override Size Substitute(Func<string, Size?> replacement) => replacement(name) ?? Axis(name);
    }

    /// <summary>Floor division that does not simplify.</summary>
    public sealed class DivAtom(Size numerator, Size denominator, bool isExact) : Atom
    {
        public Size Numerator => numerator;

        public Size Denominator => denominator;

        /// <summary>A <c>where</c> states that it divides without remainder.</summary>
        public bool IsExact => isExact;

        public override string Key { get; } = $"div({numerator}, {denominator})";

        internal override bool Mentions(string axis) => numerator.Mentions(axis) || denominator.Mentions(axis);

        internal override long Evaluate(Func<string, long> axis) => FloorDivide(numerator.Evaluate(axis), denominator.Evaluate(axis));

        internal override Size Substitute(Func<string, Size?> replacement) =>
            Divide(numerator.Substitute(replacement), denominator.Substitute(replacement), isExact);
    }

    public sealed class RemainderAtom(Size numerator, Size denominator) : Atom
    {
        public Size Numerator => numerator;

        public Size Denominator => denominator;

        public override string Key { get; } = $"rem({numerator}, {denominator})";

        internal override bool Mentions(string axis) => numerator.Mentions(axis) || denominator.Mentions(axis);

        internal override long Evaluate(Func<string, long> axis)
        {
            var d = denominator.Evaluate(axis);
            var n = numerator.Evaluate(axis);
            return n - FloorDivide(n, d) * d;
        }

        internal override Size Substitute(Func<string, Size?> replacement) =>
            Remainder(numerator.Substitute(replacement), denominator.Substitute(replacement));
    }

    /// <summary>A coefficient times atoms (a power is a repeated atom), sorted by key.</summary>
    public sealed class Monomial
    {
        internal Monomial(long coefficient, IReadOnlyList<Atom> factors)
        {
            Coefficient = coefficient;
            Factors = factors;
            Key = factors.Count switch
            {
                0 => "",
                1 => factors[0].Key,
                _ => string.Join("*", factors.Select(factor => factor.Key)),
            };
        }

        public long Coefficient { get; }

        public IReadOnlyList<Atom> Factors { get; }

        internal string Key { get; }

        // No factor cancels a quotient in it.
        private bool IsIrreducible => !Factors.Any(factor => factor is DivAtom { IsExact: true });

        /// <summary>The sum of two that differ in nothing but their coefficients.</summary>
        internal static Monomial Add(Monomial a, Monomial b) => new(checked(a.Coefficient + b.Coefficient), a.Factors);

        internal static Monomial Multiply(Monomial a, Monomial b)
        {
            var coefficient = checked(a.Coefficient * b.Coefficient);
            if (a.Factors.Count == 0 && b.IsIrreducible) return new Monomial(coefficient, b.Factors);
            if (b.Factors.Count == 0 && a.IsIrreducible) return new Monomial(coefficient, a.Factors);
            var factors = a.Factors.Concat(b.Factors).ToList();
            // (p / q) * q = p where p / q is known to be exact and p, q are single terms.
            for (var i = 0; i < factors.Count; i++)
            {
                if (factors[i] is not DivAtom { IsExact: true } div || div.Numerator._terms.Length != 1 || div.Denominator._terms.Length != 1) continue;
                var denominator = div.Denominator._terms[0];
                var rest = factors.Where((_, k) => k != i).ToList();
                if (coefficient % denominator.Coefficient != 0 || !TryRemove(rest, denominator.Factors)) continue;
                var numerator = div.Numerator._terms[0];
                return Multiply(new Monomial(coefficient / denominator.Coefficient, Sorted(rest)), numerator);
            }
            return new Monomial(coefficient, Sorted(factors));
        }

        internal static Monomial? TryDivide(Monomial a, Monomial b)
        {
            if (b.Coefficient == 0 || a.Coefficient % b.Coefficient != 0) return null;
            var rest = a.Factors.ToList();
            return TryRemove(rest, b.Factors) ? new Monomial(a.Coefficient / b.Coefficient, rest) : null;
        }

        internal string ToText()
        {
            if (Factors.Count == 0) return Coefficient.ToString(CultureInfo.InvariantCulture);
            var sign = Coefficient == 1 ? "" : Coefficient == -1 ? "-" : Coefficient.ToString(CultureInfo.InvariantCulture) + "*";
            return sign + Key;
        }

        private static IReadOnlyList<Atom> Sorted(IEnumerable<Atom> factors) => factors.OrderBy(factor => factor.Key, StringComparer.Ordinal).ToArray();

        private static bool TryRemove(List<Atom> from, IEnumerable<Atom> wanted)
        {
            foreach (var atom in wanted)
            {
                var index = from.FindIndex(factor => factor.Key == atom.Key);
                if (index < 0) return false;
                from.RemoveAt(index);
            }
            return true;
        }
    }
}
