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

    public static TheoryData<string> Rows() => [.. OperatorTable.All.Select(row => row.Name)];

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
