using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Types;

/// <summary>What one element of a tensor is. <c>real</c> is resolved to one of these before the graph is built.</summary>
public enum ElementType { F32, F64, I32, I64, Bool }

public static class ElementTypes
{
    public static bool IsFloat(this ElementType type) => type is ElementType.F32 or ElementType.F64;

    public static bool IsInteger(this ElementType type) => type is ElementType.I32 or ElementType.I64;

    /// <summary>The name in the language: <c>f32</c>.</summary>
    public static string Text(this ElementType type) => type.ToString().ToLowerInvariant();

    public static int SizeInBytes(this ElementType type) => type switch
    {
        ElementType.F32 or ElementType.I32 => 4,
        ElementType.F64 or ElementType.I64 => 8,
        _ => 1,
    };
}

/// <summary>Element type and axes: <c>f32[batch, 10]</c>.</summary>
public sealed record TensorType(ElementType Element, EquatableArray<Size> Shape)
{
    public static TensorType Scalar(ElementType element) => new(element, default);

    public int Rank => Shape.Count;

    public Size ElementCount => Size.Product(Shape);

    public override string ToString() => $"{Element.Text()}[{string.Join(", ", Shape)}]";
}
