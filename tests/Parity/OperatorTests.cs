using FeedbackNN.Dsl.Operators;
using TorchSharp;

namespace FeedbackNN.Parity;

/// <summary>
/// Every row of the operator table beside TorchSharp's operator, element by element within the row's tolerance: forward and gradients on the row's samples,
/// forward and gradients at the ends of float32, and on integers. A row that is new fails here until it is given its counterpart.
/// </summary>
public sealed class OperatorTests
{
    // An odd number, so that vectors have a tail.
    private const int Count = 1003;

    private static readonly float[] Extremes =
    [
        float.NegativeInfinity, -3e38f, -1e30f, -200, -88.5f, -20, -1.5f, -1, -0.5f, -1e-6f, -1e-30f, -0f,
        0, 1e-30f, 1e-6f, 0.5f, 1, 1.5f, 2.5f, 20.5f, 88.5f, 200, 1e30f, 3e38f, float.PositiveInfinity, float.NaN,
    ];

    private static readonly Dictionary<string, Func<Theirs, torch.Tensor>> Counterparts = new()
    {
        ["add"] = x => x.A + x.B,
        ["sub"] = x => x.A - x.B,
        ["mul"] = x => x.A * x.B,
        ["div"] = x => x.A.is_floating_point() ? x.A / x.B : x.A.floor_divide(x.B),
        ["rem"] = x => x.A.remainder(x.B),
        ["pow"] = x => x.A.pow(x.B),
        ["neg"] = x => -x.A,
        ["abs"] = x => x.A.abs(),
        ["maximum"] = x => torch.maximum(x.A, x.B),
        ["minimum"] = x => torch.minimum(x.A, x.B),
        ["exp"] = x => x.A.exp(),
        ["log"] = x => x.A.log(),
        ["log1p"] = x => x.A.log1p(),
        ["expm1"] = x => x.A.expm1(),
        ["sqrt"] = x => x.A.sqrt(),
        ["rsqrt"] = x => x.A.rsqrt(),
        ["sin"] = x => x.A.sin(),
        ["cos"] = x => x.A.cos(),
        ["tanh"] = x => x.A.tanh(),
        ["sigmoid"] = x => x.A.sigmoid(),
        ["softplus"] = x => torch.nn.functional.softplus(x.A),
        ["erf"] = x => x.A.erf(),
        ["floor"] = x => x.A.floor(),
        ["ceil"] = x => x.A.ceil(),
        ["round"] = x => x.A.round(),
        ["sign"] = x => x.A.sign(),
        ["relu"] = x => x.A.relu(),
        ["less"] = x => x.A.less(x.B),
        ["less_or_equal"] = x => x.A.less_equal(x.B),
        ["greater"] = x => x.A.greater(x.B),
        ["greater_or_equal"] = x => x.A.greater_equal(x.B),
        ["equal"] = x => x.A.eq(x.B),
        ["not_equal"] = x => x.A.not_equal(x.B),
        ["and"] = x => x.A.logical_and(x.B),
        ["or"] = x => x.A.logical_or(x.B),
        ["not"] = x => x.A.logical_not(),
        ["select"] = x => torch.where(x.A, x.B, x.C),
    };

    /// <summary>Rows that PyTorch does not have, with the reason. There are none today.</summary>
    private static readonly Dictionary<string, string> NotInTorch = [];

    /// <summary>Where results differ from PyTorch's by choice; docs/decisions.md says why.</summary>
    private static readonly Dictionary<string, Func<float[], bool>> OtherResults = new()
    {
        ["sign"] = x => float.IsNaN(x[0]),
        ["rem"] = x => x.All(float.IsFinite) && x[1] != 0 && float.IsInfinity(x[0] / x[1]),
    };

    /// <summary>Where gradients differ from PyTorch's by choice.</summary>
    private static readonly Dictionary<string, Func<float[], bool>> OtherGradients = new()
    {
        ["abs"] = x => float.IsNaN(x[0]),
        ["relu"] = x => float.IsNaN(x[0]),
        ["maximum"] = x => x.Any(float.IsNaN),
        ["minimum"] = x => x.Any(float.IsNaN),
        ["rem"] = x => float.IsInfinity(x[0]) || float.IsInfinity(x[1]),
        ["pow"] = x => float.IsNaN(x[0]) || x[0] < 0 || (x[0] == 0 && x[1] < 0) || Math.Abs(x[1] * Math.Pow(x[0], x[1] - 1)) > float.MaxValue,
    };

    public static TheoryData<string> Rows() => [.. OperatorTable.All.Select(row => row.Name)];

    public static TheoryData<string> RowsOfFloats() =>
        [.. OperatorTable.All.Where(row => row.Typing is OperatorTyping.Float or OperatorTyping.Numeric or OperatorTyping.Comparison).Select(row => row.Name)];

    public static TheoryData<string> RowsOfIntegers() =>
        [.. OperatorTable.All.Where(row => row.Typing is OperatorTyping.Numeric or OperatorTyping.Comparison or OperatorTyping.Select).Select(row => row.Name)];

    [SkippableTheory]
    [MemberData(nameof(Rows))]
    public void Samples_agree(string name) => CaseOf(name, "", (row, input) => row.Typing switch
    {
        OperatorTyping.Logical => Draw.Booleans(Count),
        OperatorTyping.Select when input == 0 => Draw.Booleans(Count),
        _ => Draw.Between(row.Samples[input].Low, row.Samples[input].High, Count),
    })?.Check();

    /// <summary>Zeros of both signs, kinks, ties, and where float32 ends: all of them, and for two inputs each with each.</summary>
    [SkippableTheory]
    [MemberData(nameof(RowsOfFloats))]
    public void Extremes_agree(string name)
    {
        var row = OperatorTable.TryFind(name)!;
        var points = row.Arity == 1 ? Extremes.Select(a => new[] { a }) : Extremes.SelectMany(a => Extremes.Select(b => new[] { a, b }));
        var known = points.Where(x => !OtherResults.TryGetValue(name, out var differs) || !differs(x)).ToArray();
        var smooth = known.Where(x => !OtherGradients.TryGetValue(name, out var differs) || !differs(x)).ToArray();
        (CaseOf(name, "", (_, input) => Draw.Given(known.Select(x => x[input]).ToArray())) is { } results ? results with { HasGradients = false } : null)?.Check();
        CaseOf(name, "", (_, input) => Draw.Given(smooth.Select(x => x[input]).ToArray()))?.Check();
    }

    [SkippableTheory]
    [MemberData(nameof(RowsOfIntegers))]
    public void Integers_agree(string name) => CaseOf(name, "Integers", (row, input) => row.Typing switch
    {
        OperatorTyping.Select when input == 0 => Draw.Booleans(Count),
        _ => input == 1 && name is "div" or "rem" ? Draw.Divisors(Count) : Draw.Integers(-9, 10, Count),
    })?.Check();

    [Fact]
    public void Every_row_has_a_counterpart_or_a_reason()
    {
        var known = Counterparts.Keys.Concat(NotInTorch.Keys).Order(StringComparer.Ordinal);
        Assert.Equal(OperatorTable.All.Select(row => row.Name).Order(StringComparer.Ordinal), known);
    }

    private static Case? CaseOf(string name, string form, Func<ScalarOperator, int, Draw> draw)
    {
        if (NotInTorch.ContainsKey(name)) return null;
        Libtorch.Require();
        var row = OperatorTable.TryFind(name)!;
        var model = "Operators." + string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + form;
        return new Case(model, Enumerable.Range(0, row.Arity).Select(input => draw(row, input)).ToArray(), Counterparts[name]) { Tolerance = row.Tolerance, Floor = 0 };
    }
}
