using System.Globalization;
using System.Text;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>The C# type of an axis: <c>Batch</c> and <c>Pixels</c> for names, <c>N10</c> for numbers, <c>TimePlus1</c> for expressions.</summary>
internal static class AxisNames
{
    public static string Type(BoundAxis axis) => axis.Name is { } name ? Type(name) : Type(axis.Size);

    public static string Type(string axis)
    {
        var name = CSharpNames.Pascal(axis);
        // An axis called 'model' must not hide the runtime's type.
        return RuntimeNames.Contains(name) ? name + "Axis" : name;
    }

    /// <summary>How the <c>.fnn</c> file writes it.</summary>
    public static string Text(BoundAxis axis) => axis.Name ?? axis.Open ?? axis.Size.ToString();

    private static string Type(Size size)
    {
        if (size.TryGetConstant(out var value)) return "N" + value.ToString(CultureInfo.InvariantCulture);
        var words = new StringBuilder();
        foreach (var character in size.ToString())
        {
            words.Append(character switch
            {
                '+' => " plus ",
                '-' => " minus ",
                '*' => " times ",
                _ => char.IsLetterOrDigit(character) ? character.ToString() : " ",
            });
        }
        var name = CSharpNames.Pascal(words.ToString());
        return name[0] == '_' ? "N" + name.Substring(1) : name;
    }
}
