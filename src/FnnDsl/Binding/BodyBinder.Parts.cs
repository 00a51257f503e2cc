using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;

namespace FeedbackNN.Dsl.Binding;

// Parts of a network that nothing has called yet: net.encoder(x), net.fc.weight.
internal sealed partial class BodyBinder
{
    /// <summary>
    /// What the latest call of an instance has made. A network needs no call for it: its model's own signature gives all sizes that its parts have, so its body is bound once, into a graph that is thrown away.
    /// </summary>
    private Frame? PartsOf(LayerInstance instance) => instance.LatestCall ?? (instance.IsNetwork ? instance.Parts ??= Rehearsed(instance) : null);

    private Frame? Rehearsed(LayerInstance network)
    {
        var (frame, rehearsal) = Rehearse(network, training: true);
        if (rehearsal.DependsOnMode && !context.AskForTraining()) (frame, _) = Rehearse(network, training: false);
        return frame is null ? null : Adopted(frame, []);
    }

    private (Frame? Frame, BindingContext Context) Rehearse(LayerInstance network, bool training)
    {
        // What is wrong in a model is reported with the model.
        var rehearsal = new BindingContext(context.Scope, new DiagnosticBag(), training, symbolic: false);
        var inside = new Frame(network.Symbol, null, default) { Owner = network };
        foreach (var pair in network.Config) inside.Config[pair.Key] = pair.Value;
        foreach (var pair in network.Notes) inside.Notes[pair.Key] = pair.Value;
        var body = new BodyBinder(rehearsal, inside);
        var declaration = network.Symbol.Declaration;
        body.BindInputs(declaration.Parameters, declaration.Where, out _);
        if (body.HasWrongHead) return (null, rehearsal);
        body.BindStatements(declaration.Body);
        return (inside, rehearsal);
    }

    /// <summary>The instances of a rehearsed body with their weights as values of this graph.</summary>
    private Frame Adopted(Frame rehearsed, Dictionary<Frame, Frame> known)
    {
        if (known.TryGetValue(rehearsed, out var done)) return done;
        var adopted = known[rehearsed] = new Frame(rehearsed.Symbol, null, default) { Owner = rehearsed.Owner };
        foreach (var pair in rehearsed.Buffers) adopted.Buffers[pair.Key] = pair.Value;
        foreach (var pair in rehearsed.StorageValues)
        {
            if (pair.Value is TensorOperand tensor) adopted.StorageValues[pair.Key] = tensor with { Value = Adopted(tensor.Value) };
        }
        foreach (var pair in rehearsed.Values)
        {
            // A layer that was given a size of the model's call has none before one.
            if (pair.Value is not InstanceOperand { Instance: { } part } || part.Config.Values.Any(value => value is SizeOperand { Size.IsConstant: false })) continue;
            if (part.LatestCall is { } call) part.LatestCall = Adopted(call, known);
            adopted.Values[pair.Key] = pair.Value;
        }
        return adopted;
    }

    private Value Adopted(Value stored)
    {
        switch (stored.Node.Operation)
        {
            case Parameter parameter:
                var weight = Builder.Parameter(parameter.Net, parameter.Index, stored.Type);
                return context.Adapters?.Adapt(Builder, weight) ?? weight;
            case BufferValue buffer:
                return Builder.BufferValue(buffer.Net, buffer.Index, stored.Type);
            default:
                throw new InvalidOperationException($"{stored.Node.Operation} is no weight.");
        }
    }
}
