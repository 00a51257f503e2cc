using System.Globalization;

namespace FeedbackNN.Dsl.Text;

/// <summary>Large numbers as people read them: three digits and a letter, in powers of 1000, the same in every culture.</summary>
public static class Amounts
{
    private static readonly string[] Letters = ["", "K", "M", "G", "T", "P", "E"];

    /// <summary><c>1.23 M</c></summary>
    public static string Count(long number) => Text(number, "");

    /// <summary><c>1.23 MB</c></summary>
    public static string Bytes(long bytes) => Text(bytes, "B");

    /// <summary><c>1.23 Gflops</c></summary>
    public static string Flops(long flops) => Text(flops, "flops");

    private static string Text(long number, string unit)
    {
        decimal rest = number;
        var letter = 0;
        // 999.6 K would be written 1000 K.
        while (Math.Round(rest, Digits(rest)) >= 1000 && letter + 1 < Letters.Length)
        {
            rest /= 1000;
            letter++;
        }
        var digits = letter == 0 ? 0 : Digits(rest);
        return (rest.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) + " " + Letters[letter] + unit).TrimEnd();
    }

    private static int Digits(decimal number) => number >= 99.95m ? 0 : number >= 9.995m ? 1 : 2;
}
