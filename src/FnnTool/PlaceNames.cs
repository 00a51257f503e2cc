using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Tool;

/// <summary>What the tensors that a program takes and gives are called in the source: those of a model, or those of a training with its networks.</summary>
/// <param name="Inputs">In the program's order.</param>
/// <param name="Results">Likewise; a training has none.</param>
/// <param name="Parameters">For each network.</param>
/// <param name="Buffers">For each network.</param>
internal sealed record PlaceNames(IReadOnlyList<string> Inputs, IReadOnlyList<string> Results, IReadOnlyList<IReadOnlyList<string>> Parameters, IReadOnlyList<IReadOnlyList<string>> Buffers)
{
    public static PlaceNames Of(BoundModel model) => new(
        [.. model.Inputs.Select(input => input.Name)], [.. model.Results.Select(result => result.Name)], [Paths(model.Parameters, "")], [Paths(model.Buffers, "")]);

    /// <summary>Weights begin with their network's name, updates of low rank with <c>lora</c> before it.</summary>
    public static PlaceNames Of(CompiledTrain compiled)
    {
        var train = compiled.Train;
        var prefixes = train.Nets.Select(net => net.Name + ".").Concat(train.Adapters.Select(set => $"lora.{train.Nets[set.Net].Name}.")).ToArray();
        return new([.. train.Inputs.Select(input => input.Name)], [],
            [.. compiled.Nets.Select((net, i) => Paths(net.Parameters, prefixes[i]))], [.. compiled.Nets.Select((net, i) => Paths(net.Buffers, prefixes[i]))]);
    }

    private static IReadOnlyList<string> Paths(IEnumerable<BoundStorage> storages, string prefix) => [.. storages.Select(storage => prefix + storage.Path)];
}
