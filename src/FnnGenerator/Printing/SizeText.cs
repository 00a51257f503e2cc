using System.Globalization;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Sizes as C# expressions over <c>nint</c> locals named after the axes.</summary>
internal static class SizeText
{
    /// <summary>Names that loops, and the methods that are given sizes, use themselves.</summary>
    private static readonly HashSet<string> Taken =
    [
        "row", "rows", "firstRow", "column", "columns", "firstColumn", "begin", "end", "part", "kept", "reduced", "remaining", "tile", "stride",
        "seed", "step", "call", "parts", "first", "loaded", "sizes", "bytes", "lanes", "device", "round", "rounds", "descriptions",
        "inputs", "results", "resultGradients", "inputGradients", "chosen", "data", "sample", "i", "scalars", "miniBatch", "returned", "model", "growth",
    ];

    public static string Axis(string name)
    {
        // The step of a loop: #0 is the innermost.
        if (name[0] == '#') return name == "#0" ? "round" : "round_" + name.Substring(1);
        var camel = CSharpNames.Camel(name);
        // rows is rowsSize, and so rows_size is rowsSizeSize.
        var stem = camel.TrimStart('@');
        while (stem.Length > 4 && stem.EndsWith("Size", StringComparison.Ordinal)) stem = stem.Substring(0, stem.Length - 4);
        return Taken.Contains(stem) || (stem.Length > 1 && stem.Skip(1).All(char.IsDigit)) ? camel + "Size" : camel;
    }

    /// <summary>The number of rounds of the loop with this step.</summary>
    public static string Rounds(string step) => Axis(step).Replace("round", "rounds");

    public static string Print(Size size)
    {
        if (size.TryGetConstant(out var value)) return value.ToString(CultureInfo.InvariantCulture);
        var text = "";
        foreach (var term in size.Terms.OrderBy(term => term.Factors.Count == 0))
        {
            var isNegative = term.Coefficient < 0;
            var magnitude = Math.Abs(term.Coefficient);
            var factors = term.Factors.Select(Print).ToList();
            if (magnitude != 1 || factors.Count == 0) factors.Add(magnitude.ToString(CultureInfo.InvariantCulture));
            var product = string.Join(" * ", factors);
            text += text.Length == 0 ? (isNegative ? "-" : "") + product : (isNegative ? " - " : " + ") + product;
        }
        return text;
    }

    /// <summary>In parentheses where it stands as a factor and is a sum.</summary>
    public static string Factor(Size size) => size.Terms.Count > 1 || (size.TryGetConstant(out var value) && value < 0) ? $"({Print(size)})" : Print(size);

    /// <summary>In parentheses where it stands behind a division and is more than a name or a number.</summary>
    public static string Divisor(Size size) => Print(size) is var text && text.All(character => char.IsLetterOrDigit(character) || character == '_') ? text : $"({text})";

    /// <summary><c>a * stride</c>, shortened for strides 0 and 1; null for 0.</summary>
    public static string? Times(string variable, Size stride) => stride.IsZero ? null : stride.IsOne ? variable : $"{variable} * {Factor(stride)}";

    private static string Print(Size.Atom atom) => atom switch
    {
        Size.NamedAtom named => Axis(named.Name),
        Size.DivAtom div when div.IsExact || IsNeverNegative(div.Numerator) => $"({Divisor(div.Numerator)} / {Divisor(div.Denominator)})",
        // Rounded down, as C# does for what is not below 0 alone.
        Size.DivAtom div => $"(({Divisor(div.Numerator)} - {FloorRemainder(div.Numerator, div.Denominator)}) / {Divisor(div.Denominator)})",
        Size.RemainderAtom rem when IsNeverNegative(rem.Numerator) => $"({Divisor(rem.Numerator)} % {Divisor(rem.Denominator)})",
        Size.RemainderAtom rem => FloorRemainder(rem.Numerator, rem.Denominator),
        _ => throw new InvalidOperationException($"No C# is known for the size {atom.Key}."),
    };

    private static string FloorRemainder(Size numerator, Size denominator) => $"(({Divisor(numerator)} % {Divisor(denominator)} + {Divisor(denominator)}) % {Divisor(denominator)})";

    private static bool IsNeverNegative(Size size) => size.Terms.All(term => term.Coefficient >= 0 && term.Factors.All(factor => factor switch
    {
        Size.DivAtom div => IsNeverNegative(div.Numerator) && IsNeverNegative(div.Denominator),
        Size.RemainderAtom rem => IsNeverNegative(rem.Denominator),
        _ => true,
    }));
}
