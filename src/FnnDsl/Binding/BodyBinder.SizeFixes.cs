using System.Globalization;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Binding;

// What to write where two sizes meet that differ: the numbers they came from are known.
internal sealed partial class BodyBinder
{
    /// <summary>Which number to change for two sizes to be equal, if one of them is written as a number somewhere in the user's files; else null.</summary>
    /// <param name="text">How the wanted size is called where it can be written so: <c>classes</c>.</param>
    private static string? SizeFix(Size wanted, AxisNote wantedNote, Size actual, AxisNote actualNote, string? text = null)
    {
        var change = WrittenAt(actual, actualNote) is { } line ? $"write {text ?? wanted.ToString()} for the {actual} in line {line}" : null;
        var other = text is null && actual.IsConstant && WrittenAt(wanted, wantedNote) is { } second ? $"{actual} for the {wanted} in line {second}" : null;
        return (change, other) switch
        {
            ({ } first, { } or) => $"{first}, or {or}",
            ({ } first, null) => first,
            (null, { } or) => $"write {or}",
            _ => null,
        };
    }

    // The line in which a size stands as a number.
    private static string? WrittenAt(Size size, AxisNote note)
    {
        if (note.Source is not { } place || !size.TryGetConstant(out var number)) return null;
        var text = place.Source.GetText(place.Span).Replace("_", "");
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var written) && written == number
            ? (place.Source.GetPosition(place.Span.Start).Line + 1).ToString(CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>For a reshape whose sizes don't multiply to what is there: the last axis of which another length would make them.</summary>
    private string? ReshapeFix(EquatableArray<Size> sizes, Size total)
    {
        for (var axis = sizes.Count - 1; axis >= 0; axis--)
        {
            var rest = context.Facts.Normalize(Size.Product(sizes.Where((_, k) => k != axis)));
            if (rest.IsZero || Size.DivideExactly(total, rest) is not { } length) continue;
            return $"write [{string.Join(", ", sizes.Select((size, k) => k == axis ? length : size))}]";
        }
        return null;
    }
}
