namespace FeedbackNN.Parity;

/// <summary>Our typed tensors, and the plain numbers that stand for those without axes, made of arrays and taken apart again.</summary>
internal static class Tensors
{
    public static object Make(Type type, Array values, int[] shape)
    {
        if (type.IsPrimitive) return values.GetValue(0)!;
        var tensor = Activator.CreateInstance(type, shape.Cast<object>().ToArray())!;
        switch (tensor)
        {
            case Tensor<float> floats: floats.CopyFrom((float[])values); break;
            case Tensor<int> integers: integers.CopyFrom((int[])values); break;
            case Tensor<bool> truths: truths.CopyFrom((bool[])values); break;
            default: throw new ArgumentException(type.ToString());
        }
        return tensor;
    }

    public static Array Values(object result) => result switch
    {
        Tensor<float> floats => floats.ToArray(),
        Tensor<int> integers => integers.ToArray(),
        Tensor<long> longs => longs.ToArray(),
        Tensor<bool> truths => truths.ToArray(),
        float number => new[] { number },
        int number => new[] { number },
        _ => throw new ArgumentException(result.GetType().ToString()),
    };

    public static int[] Shape(object result) => result switch
    {
        Tensor<float> floats => floats.Shape.ToArray(),
        Tensor<int> integers => integers.Shape.ToArray(),
        Tensor<long> longs => longs.Shape.ToArray(),
        Tensor<bool> truths => truths.Shape.ToArray(),
        _ => [],
    };
}
