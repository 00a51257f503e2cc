using FeedbackNN;
using Spectre.Console;

namespace Digits;

/// <summary>Draws a few digits side by side as text, with what they are and what the network says: two mistakes, if there are any, and others.</summary>
internal static class DigitPictures
{
    private const int Side = 8;
    private const int Shown = 4;
    private const string Shades = " ░▒▓█";

    public static void Draw(IDataSource<FitSimpleNN.Sample> digits, IReadOnlyList<int> predictions)
    {
        var all = Enumerable.Range(0, digits.Count).ToArray();
        var mistakes = all.Where(i => predictions[i] != digits[i].Label).Take(Shown / 2).ToArray();
        var chosen = mistakes.Concat(all.Where(i => predictions[i] == digits[i].Label)).Take(Shown).ToArray();
        for (var row = 0; row < Side; row++)
            AnsiConsole.WriteLine(string.Join("  ", chosen.Select(i => Line(digits[i].X.Span.Slice(row * Side, Side)))));
        var captions = chosen.Select(i =>
        {
            var color = predictions[i] == digits[i].Label ? "green" : "red";
            var text = $"a {digits[i].Label}, it says {predictions[i]}";
            return $"[{color}]{text.PadRight(2 * Side)}[/]";
        });
        AnsiConsole.MarkupLine(string.Join("  ", captions).TrimEnd());
        AnsiConsole.WriteLine();
    }

    // Two characters a pixel: a character is about twice as high as wide.
    private static string Line(ReadOnlySpan<float> pixels)
    {
        var line = "";
        foreach (var pixel in pixels)
            line += new string(Shades[(int)MathF.Round(pixel * (Shades.Length - 1))], 2);
        return line;
    }
}
