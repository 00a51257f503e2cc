using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Interpretation;

/// <summary>Indices of row-major tensors.</summary>
internal static class Indexing
{
    public static long Count(IEnumerable<long> shape) => shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>All indices of a shape in row-major order, each in the same array.</summary>
    public static IEnumerable<long[]> Indices(long[] shape)
    {
        if (Count(shape) == 0) yield break;
        var index = new long[shape.Length];
        while (true)
        {
            yield return index;
            var axis = shape.Length - 1;
            while (axis >= 0 && ++index[axis] == shape[axis]) index[axis--] = 0;
            if (axis < 0) yield break;
        }
    }

    /// <summary>Where an element lies.</summary>
    /// <exception cref="InvalidOperationException">The index is out of the shape.</exception>
    public static long Offset(long[] shape, long[] index)
    {
        var offset = 0L;
        for (var axis = 0; axis < shape.Length; axis++)
        {
            if (index[axis] < 0 || index[axis] >= shape[axis])
            {
                throw new InvalidOperationException($"The index [{string.Join(", ", index)}] is outside of [{string.Join(", ", shape)}].");
            }
            offset = offset * shape[axis] + index[axis];
        }
        return offset;
    }
}

/// <summary>A view's map with its sizes as numbers.</summary>
internal sealed class EvaluatedMap(IEnumerable<AffineIndex> map, Func<Size, long> evaluate)
{
    private readonly (long Offset, long[] Coefficients)[] _functions = map.Select(function => (evaluate(function.Offset), function.Coefficients.Select(evaluate).ToArray())).ToArray();

    /// <summary>The index in the tensor that a view reads.</summary>
    public long[] At(long[] index)
    {
        var result = new long[_functions.Length];
        for (var axis = 0; axis < result.Length; axis++)
        {
            var (sum, coefficients) = _functions[axis];
            for (var k = 0; k < index.Length; k++) sum += coefficients[k] * index[k];
            result[axis] = sum;
        }
        return result;
    }
}
