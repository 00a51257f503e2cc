using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Names;

/// <summary>What binding found out about a name, as text.</summary>
/// <param name="Type">A tensor's type, a number's or size's value, an instance's layer.</param>
/// <param name="Axes">Of a tensor, those of its axes that have a name: <c>hidden = 128</c>.</param>
/// <param name="Weights">Of an instance or network, its parameters and buffers with their types.</param>
public sealed record NameFacts(string Type, EquatableArray<string> Axes, EquatableArray<string> Weights)
{
    internal static NameFacts Of(Operand operand) => operand switch
    {
        TensorOperand tensor => new NameFacts(tensor.Type.ToString(), AxesOf(tensor).ToEquatableArray(), default),
        SizeOperand size => new NameFacts(size.Size.ToString(), default, default),
        InstanceOperand { Instance: var instance } => new NameFacts(TextOf(instance), default, WeightsOf(instance).ToEquatableArray()),
        TupleOperand tuple => new NameFacts($"({string.Join(", ", tuple.Items.Select(item => Of(item).Type))})", default, default),
        _ => new NameFacts(BodyBinder.Describe(operand), default, default),
    };

    private static IEnumerable<string> AxesOf(TensorOperand tensor)
    {
        for (var axis = 0; axis < tensor.Rank && axis < tensor.Notes.Count; axis++)
        {
            var size = tensor.Shape[axis].ToString();
            if (tensor.Notes[axis].Name is { } name && name != size) yield return $"{name} = {size}";
        }
    }

    // linear(out: 128, bias: true)
    private static string TextOf(LayerInstance instance) => instance.Config.Count == 0
        ? instance.Symbol.Name
        : $"{instance.Symbol.Name}({string.Join(", ", instance.Config.Select(pair => $"{pair.Key}: {ValueOf(pair.Value)}"))})";

    private static string ValueOf(Operand operand) => operand switch
    {
        SizeOperand size => size.Size.ToString(),
        CallableOperand callable => callable.Symbol.Name,
        BuiltInOperand builtIn => builtIn.Name,
        _ => BodyBinder.Describe(operand),
    };

    private static IEnumerable<string> WeightsOf(LayerInstance instance)
    {
        if (instance.Net is not { } net || instance.Path is not { } path) return [];
        var prefix = path.Length == 0 ? "" : path + ".";
        return net.Parameters.Concat(net.Buffers).Where(storage => storage.Path.StartsWith(prefix, StringComparison.Ordinal))
            .Select(storage => $"{storage.Path.Substring(prefix.Length)}: {storage.Type}");
    }
}
