using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>How much is known of numbers.</summary>
internal enum KnownKind
{
    Anything,

    /// <summary>They are all one number, which may be infinite.</summary>
    Number,

    /// <summary>Whole numbers that are a form of the positions.</summary>
    Position,

    /// <summary>They are finite, as far as what they are made of is.</summary>
    Finite,

    /// <summary>They are finite or -inf.</summary>
    FiniteOrLess,
}

/// <summary>
/// What is known of some elements of a value. What is not known to be infinite is taken to be finite, and what something is divided by, or a logarithm is taken of, not to be 0: of weights and
/// inputs that is an assumption, without which no mask hides anything (0 · x is 0 for a finite x). Infinities that the text itself makes are followed.
/// </summary>
internal readonly record struct Known(KnownKind Kind, double Value = 0, PositionForm Form = default)
{
    public static Known Finite => new(KnownKind.Finite);

    public static Known FiniteOrLess => new(KnownKind.FiniteOrLess);

    public static Known Anything => new(KnownKind.Anything);

    public static Known Number(double value) => double.IsNaN(value) ? Anything : new Known(KnownKind.Number, value == 0 ? 0 : value);

    public static Known Position(PositionForm form) => form.Checked is not { } right ? Finite : right.IsNumber ? Number(right.Constant) : new Known(KnownKind.Position, 0, right);

    public bool Is(double number) => Kind == KnownKind.Number && Value == number;

    /// <summary>Whether none of them is infinite.</summary>
    public bool IsFinite => Kind is KnownKind.Position or KnownKind.Finite || (Kind == KnownKind.Number && !double.IsInfinity(Value));

    // Finite or -inf.
    private bool IsAtMostFinite => IsFinite || Kind == KnownKind.FiniteOrLess || Is(double.NegativeInfinity);

    private bool IsPositiveNumber => Kind == KnownKind.Number && Value > 0 && IsFinite;

    /// <summary>What is known of elements that are of one or the other.</summary>
    public static Known Either(Known left, Known right) =>
        left == right ? left
        : left.IsFinite && right.IsFinite ? Finite
        : left.IsAtMostFinite && right.IsAtMostFinite ? FiniteOrLess
        : Anything;

    /// <summary>Both are finite, and nothing more is known of the result.</summary>
    public static Known FiniteOf(params Known[] x) => x.All(item => item.IsFinite) ? Finite : Anything;

    /// <summary>In another element type.</summary>
    public Known To(ElementType to) => Kind switch
    {
        KnownKind.Number when !to.IsInteger() || (IsFinite && Math.Abs(Value) < int.MaxValue) => Number(Rounded(Graphs.ElementTyping.Convert(Value, to), to)),
        KnownKind.Position when to.IsInteger() => this,
        KnownKind.FiniteOrLess when !to.IsFloat() => Finite,
        KnownKind.Number or KnownKind.Position => Finite,
        _ when to == ElementType.Bool => Finite,
        _ => this,
    };

    /// <summary>An operator of them.</summary>
    /// <param name="element">Of the result.</param>
    public static Known Of(ScalarOperator op, Known[] x, ElementType element)
    {
        if (x.All(item => item.Kind == KnownKind.Number)) return OfNumbers(op, x, element);
        if (op.Typing == OperatorTyping.Comparison) return OfComparison(op, x[0], x[1]);
        if (op == OperatorTable.And) return x.Any(item => item.Is(0)) ? Number(0) : x[0].Is(1) ? x[1] : x[1].Is(1) ? x[0] : Finite;
        if (op == OperatorTable.Or) return x.Any(item => item.Is(1)) ? Number(1) : x[0].Is(0) ? x[1] : x[1].Is(0) ? x[0] : Finite;
        if (op == OperatorTable.Select) return x[0].Kind == KnownKind.Number ? x[x[0].Value != 0 ? 1 : 2] : Either(x[1], x[2]);
        if (x.Any(item => item.Kind == KnownKind.Anything)) return Anything;
        return OfForms(op, x) ?? (Rules.TryGetValue(op, out var rule) ? rule(x) : FiniteOf(x));
    }

    private static readonly Dictionary<ScalarOperator, Func<Known[], Known>> Rules = new()
    {
        [OperatorTable.Add] = x => Sum(x[0], x[1]),
        [OperatorTable.Sub] = x => Sum(x[0], x[1].Negative),
        [OperatorTable.Neg] = x => x[0].Negative,
        [OperatorTable.Mul] = x => Product(x[0], x[1]),
        [OperatorTable.Div] = x => Quotient(x[0], x[1]),
        [OperatorTable.Maximum] = x => Largest(x[0], x[1]),
        [OperatorTable.Minimum] = x => Largest(x[0].Negative, x[1].Negative).Negative,
        // These are finite for -inf too.
        [OperatorTable.Exp] = x => x[0].IsAtMostFinite ? Finite : Anything,
        [OperatorTable.Softplus] = x => x[0].IsAtMostFinite ? Finite : Anything,
        [OperatorTable.Relu] = x => x[0].IsAtMostFinite ? Finite : Anything,
        [OperatorTable.Sigmoid] = _ => Finite,
        [OperatorTable.Tanh] = _ => Finite,
        [OperatorTable.Erf] = _ => Finite,
        [OperatorTable.Sign] = _ => Finite,
        [OperatorTable.Not] = _ => Finite,
    };

    private Known Negative => Kind switch
    {
        KnownKind.Number => Number(-Value),
        KnownKind.Position => Position(Form.Times(-1)),
        KnownKind.FiniteOrLess => Anything,
        _ => this,
    };

    private static Known Sum(Known x, Known y)
    {
        foreach (var (infinite, other) in new[] { (x, y), (y, x) })
        {
            if (infinite.Is(double.NegativeInfinity) && other.IsAtMostFinite) return infinite;
            if (infinite.Is(double.PositiveInfinity) && other.IsFinite) return infinite;
        }
        return x.IsFinite && y.IsFinite ? Finite : x.IsAtMostFinite && y.IsAtMostFinite ? FiniteOrLess : Anything;
    }

    /// <summary>A number of the one times a number of the other; 0 where that hides what it is multiplied with.</summary>
    public static Known Product(Known x, Known y)
    {
        if ((x.Is(0) && y.IsFinite) || (y.Is(0) && x.IsFinite)) return Number(0);
        if (x.Kind == KnownKind.FiniteOrLess && y.IsPositiveNumber) return x;
        return y.Kind == KnownKind.FiniteOrLess && x.IsPositiveNumber ? y : FiniteOf(x, y);
    }

    private static Known Quotient(Known x, Known y)
    {
        if (y.Is(0)) return Anything;
        if (x.IsFinite && (x.Is(0) ? y.IsFinite : y.Kind == KnownKind.Number && !y.IsFinite)) return Number(0);
        return x.Kind == KnownKind.FiniteOrLess && y.IsPositiveNumber ? x : FiniteOf(x, y);
    }

    private static Known Largest(Known x, Known y)
    {
        if (x.Is(double.NegativeInfinity)) return y;
        if (y.Is(double.NegativeInfinity)) return x;
        if (!x.IsAtMostFinite || !y.IsAtMostFinite) return Anything;
        return x.IsFinite || y.IsFinite ? Finite : FiniteOrLess;
    }

    private static Known OfNumbers(ScalarOperator op, Known[] x, ElementType element)
    {
        var number = op.Evaluate(x.Select(item => item.Value).ToArray());
        if (!element.IsInteger()) return Number(Rounded(number, element));
        return Math.Abs(number) < int.MaxValue ? Number(Math.Floor(number)) : Anything;
    }

    // As the program rounds it: a difference that is 0 in float64 alone is not 0.
    private static double Rounded(double number, ElementType element) => element == ElementType.F32 ? (float)number : number;

    // Whether a comparison holds for all positions, or for none.
    private static Known OfComparison(ScalarOperator op, Known left, Known right)
    {
        if (left.AsForm is not { } a || right.AsForm is not { } b) return Finite;
        var difference = a - b;
        bool? holds =
            op == OperatorTable.Less ? Decided(difference.Greatest < 0, difference.Least >= 0)
            : op == OperatorTable.LessOrEqual ? Decided(difference.Greatest <= 0, difference.Least > 0)
            : op == OperatorTable.Greater ? Decided(difference.Least > 0, difference.Greatest <= 0)
            : op == OperatorTable.GreaterOrEqual ? Decided(difference.Least >= 0, difference.Greatest < 0)
            : op == OperatorTable.Equal ? Decided(difference == default, difference.Least > 0 || difference.Greatest < 0)
            : op == OperatorTable.NotEqual ? Decided(difference.Least > 0 || difference.Greatest < 0, difference == default)
            : null;
        return holds is { } known ? Number(known ? 1 : 0) : Finite;

        static bool? Decided(bool always, bool never) => always ? true : never ? false : null;
    }

    private PositionForm? AsForm => Kind == KnownKind.Position ? Form
        : Kind == KnownKind.Number && Math.Abs(Value) <= 1 << 24 && Value == Math.Floor(Value) ? PositionForm.Number((long)Value)
        : null;

    private static Known? OfForms(ScalarOperator op, Known[] x)
    {
        if (!x.Any(item => item.Kind == KnownKind.Position) || x.Any(item => item.AsForm is null)) return null;
        var a = x[0].AsForm!.Value;
        if (x.Length < 2) return null;
        var b = x[1].AsForm!.Value;
        if (op == OperatorTable.Add) return Position(a + b);
        if (op == OperatorTable.Sub) return Position(a - b);
        if (op == OperatorTable.Mul && b.IsNumber) return Position(a.Times(b.Constant));
        return op == OperatorTable.Mul && a.IsNumber ? Position(b.Times(a.Constant)) : null;
    }
}
