using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Derivatives;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Passes;

/// <summary>Adds the derivative to bound graphs: from what a model or a training says to the graphs of the programs that run it.</summary>
public static class ProgramGraphs
{
    /// <summary>
    /// A model's training graph with its backward half: given the gradients of the float results, the gradients of all parameters and
    /// of the float inputs.
    /// </summary>
    public static Graph Training(BoundModel model)
    {
        var builder = new GraphBuilder();
        var values = builder.Import(model.Training);
        builder.Origin = model.Origin;
        var seeds = new List<(Value, Value)>();
        foreach (var output in model.Training.Outputs)
        {
            if (output.Target is not ResultTarget result || !values[output.Node].Type.Element.IsFloat()) continue;
            seeds.Add((values[output.Node], builder.OutputGradient(result.Index, values[output.Node].Type)));
        }
        var targets = model.Parameters.Select((parameter, i) => (Target: (OutputTarget)new GradientTarget(0, i), Value: builder.Parameter(0, i, parameter.Type)))
            .Concat(model.Inputs.Select((input, i) => (input, i)).Where(item => item.input.Element.IsFloat())
                .Select(item => (Target: (OutputTarget)new InputGradientTarget(item.i), Value: builder.Input(item.i, item.input.Name, item.input.Type))))
            .ToArray();
        return WithGradients(builder, model.Training, values, seeds, targets);
    }

    /// <summary>
    /// One objective's graph with the gradients of what it trains: of the loss, or, in a narrow precision, of the loss times the scale that is kept on the device.
    /// </summary>
    /// <param name="precision">What operands of products are rounded to.</param>
    /// <param name="parameterType">The type of a parameter of one of the nets.</param>
    public static Graph Objective(BoundObjective objective, FloatFormat precision, Func<BoundParameterReference, TensorType> parameterType)
    {
        var builder = new GraphBuilder();
        var values = builder.Import(objective.Forward);
        builder.Origin = objective.Origin;
        var loss = values[objective.LossNode];
        var targets = objective.Trained
            .Select(trained => (Target: (OutputTarget)new GradientTarget(trained.Net, trained.Parameter), Value: builder.Parameter(trained.Net, trained.Parameter, parameterType(trained))))
            .ToArray();
        var seed = precision.IsNarrow ? builder.Make(new Kept(0), [], loss.Type) : builder.Constant(1, loss.Type.Element);
        return OperandPrecision.Run(WithGradients(builder, objective.Forward, values, [(loss, seed)], targets), precision);
    }

    private static Graph WithGradients(
        GraphBuilder builder, Graph forward, IReadOnlyList<Value> values, IReadOnlyList<(Value, Value)> seeds, IReadOnlyList<(OutputTarget Target, Value Value)> targets)
    {
        var gradients = Differentiation.Gradients(builder, seeds, targets.Select(target => target.Value).ToArray());
        return builder.Build(forward.Outputs.Select(output => output with { Node = values[output.Node].Id })
            .Concat(targets.Select((target, i) => new GraphOutput(target.Target, gradients[i].Id))));
    }
}
