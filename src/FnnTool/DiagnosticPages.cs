using FeedbackNN.Dsl.Diagnostics;

namespace FeedbackNN.Tool;

/// <summary>The pages of <c>docs/diagnostics</c>, one for each code, which travel inside the tool.</summary>
internal static class DiagnosticPages
{
    /// <summary>The row of the code that someone typed: <c>FNN3004</c>, <c>fnn3004</c> or <c>3004</c>.</summary>
    public static DiagnosticRow? Find(string typed) => DiagnosticTable.Find(Code(typed));

    /// <summary>The code that was probably meant: one of similar digits, else the next number of the same thousand.</summary>
    public static string? Nearest(string typed)
    {
        var code = Code(typed);
        var codes = DiagnosticTable.All.Select(row => row.Code).ToArray();
        if (Spelling.Closest(code, codes) is { } similar) return similar;
        if (!TryNumber(code, out var number)) return null;
        return codes.Where(other => other[3] == code[3]).OrderBy(other => TryNumber(other, out var its) ? Math.Abs(its - number) : int.MaxValue).FirstOrDefault();
    }

    /// <summary>The page of a row, as it is written.</summary>
    public static string Read(DiagnosticRow row)
    {
        using var stream = typeof(DiagnosticPages).Assembly.GetManifestResourceStream(row.Code)
            ?? throw new InvalidOperationException($"The page of {row.Code} is missing from the tool.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Code(string typed)
    {
        var code = typed.Trim().ToUpperInvariant();
        return code.Length > 0 && char.IsAsciiDigit(code[0]) ? "FNN" + code : code;
    }

    private static bool TryNumber(string code, out int number)
    {
        number = 0;
        return code.Length == 7 && code.StartsWith("FNN", StringComparison.Ordinal)
            && int.TryParse(code.AsSpan(3), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number);
    }
}
