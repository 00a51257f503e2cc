using System.Globalization;

namespace FeedbackNN.Generator.Printing;

/// <summary>Numbers as C# literals that read back to the same bits.</summary>
internal static class NumberText
{
    public static string Double(double value)
    {
        if (double.IsNaN(value)) return "double.NaN";
        if (double.IsInfinity(value)) return value > 0 ? "double.PositiveInfinity" : "double.NegativeInfinity";
        return value.ToString("R", CultureInfo.InvariantCulture);
    }

    public static string Integer(long value) => value.ToString(CultureInfo.InvariantCulture);
}
