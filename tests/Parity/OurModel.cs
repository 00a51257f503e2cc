using System.Reflection;

namespace FeedbackNN.Parity;

/// <summary>
/// A compiled model by its name in the <c>.fnn</c> files, over plain arrays: what a table of cases needs, where every model has a class and tensor types of
/// its own. Models under test have one result.
/// </summary>
internal sealed class OurModel : IDisposable
{
    private readonly Type _type;
    private Type? _resultType;
    private int[] _resultShape = [];

    /// <param name="name">Below this namespace: <c>Operators.Exp</c>.</param>
    public OurModel(string name, ulong seed = 1)
    {
        _type = Find(name);
        Model = (Model)Activator.CreateInstance(_type, null, seed)!;
    }

    public Model Model { get; }

    /// <summary>A generated class: a model or a trainer.</summary>
    public static Type Find(string name) =>
        typeof(OurModel).Assembly.GetType($"{typeof(OurModel).Namespace}.{name}") ?? throw new ArgumentException($"The .fnn files declare no {name}.");

    /// <summary>The names of the models of a namespace.</summary>
    public static IEnumerable<string> Names(string area) =>
        typeof(OurModel).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Model)) && type.Namespace == $"{typeof(OurModel).Namespace}.{area}").Select(type => $"{area}.{type.Name}");

    public Array Forward(IEnumerable<Input> inputs) => Run("Forward", inputs);

    public Array ForwardTraining(IEnumerable<Input> inputs) => Run("ForwardTraining", inputs);

    /// <summary>The gradients of the inputs that are floats, in order.</summary>
    public float[][] Backward(float[] resultGradient)
    {
        var seed = _resultType == typeof(float) ? resultGradient[0] : Tensors.Make(_resultType!, resultGradient, _resultShape);
        return _type.GetMethod("Backward")!.Invoke(Model, [seed]) switch
        {
            null => [],
            System.Runtime.CompilerServices.ITuple several => Enumerable.Range(0, several.Length).Select(i => (float[])Tensors.Values(several[i]!)).ToArray(),
            var one => [(float[])Tensors.Values(one)],
        };
    }

    public void Dispose() => Model.Dispose();

    private Array Run(string name, IEnumerable<Input> inputs)
    {
        var method = _type.GetMethods().Single(candidate => candidate.Name == name && candidate.ReturnType != typeof(void));
        var arguments = method.GetParameters().Zip(inputs, (parameter, input) => Tensors.Make(parameter.ParameterType, input.Values, input.Shape)).ToArray();
        var result = method.Invoke(Model, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
        _resultType = method.ReturnType;
        _resultShape = Tensors.Shape(result);
        return Tensors.Values(result);
    }
}
