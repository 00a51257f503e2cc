using System.Globalization;
using System.Text;

namespace FeedbackNN;

/// <summary>A weight and the tensor that it is in another project's file.</summary>
/// <param name="Path">The weight: <c>h.0.linear1.weight</c>.</param>
/// <param name="Tensor">The tensor's name in the file, or the path of the weight that stands for it.</param>
public readonly record struct MappedWeight(string Path, string Tensor);

/// <summary>How another project's file and a model go together.</summary>
/// <param name="File">The file.</param>
/// <param name="Mapped">Each weight, or part of one, and its tensor.</param>
/// <param name="Missing">Weights for which the file has no tensor, with the names that it could have.</param>
/// <param name="Extra">Tensors of the file that are no weight of the model.</param>
/// <param name="Unfit">Tensors of another shape or of a type that is no float, in words.</param>
public sealed record CheckpointReport(string File, IReadOnlyList<MappedWeight> Mapped, IReadOnlyList<MappedWeight> Missing, IReadOnlyList<string> Extra, IReadOnlyList<string> Unfit)
{
    private const int Listed = 8;

    /// <summary>Whether each weight has its tensor and each tensor its weight.</summary>
    public bool IsComplete => Missing.Count + Extra.Count + Unfit.Count == 0;

    /// <summary>How many are mapped, and a line for each kind of difference, with the first names.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Mapped.Count} of {Mapped.Count + Missing.Count + Unfit.Count} tensors mapped");
        Add("missing in the file", Missing.Select(weight => $"{weight.Tensor} (for {weight.Path})").ToArray());
        Add("extra in the file", Extra);
        Add("of another shape or type", Unfit);
        return text.ToString();

        void Add(string what, IReadOnlyList<string> names)
        {
            if (names.Count == 0) return;
            text.Append(CultureInfo.InvariantCulture, $"\n  {what} ({names.Count}): ").AppendJoin(", ", names.Take(Listed));
            if (names.Count > Listed) text.Append(", …");
        }
    }
}
