using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>What a row computes with on TorchSharp's side: copies of our inputs, parameters and buffers.</summary>
internal sealed record Theirs(Tensor[] Inputs, IReadOnlyDictionary<string, Tensor> Parameters, IReadOnlyDictionary<string, Tensor> Buffers, bool Training)
{
    public Tensor A => Inputs[0];

    public Tensor B => Inputs[1];

    public Tensor C => Inputs[2];
}

/// <summary>
/// A row of the comparison: one of our models beside the same computation in TorchSharp. Both get the same inputs and parameters; compared are the result of
/// Forward, the result of ForwardTraining, the buffers after it, and the gradients of inputs and parameters for one random gradient of the result.
/// </summary>
/// <param name="Model">Its name below this project's namespace: <c>Operators.Exp</c>.</param>
/// <param name="Inputs">In the order of the model's signature.</param>
/// <param name="Compute">The same in TorchSharp.</param>
internal sealed record Case(string Model, Draw[] Inputs, Func<Theirs, Tensor> Compute)
{
    /// <summary>Relative, for each element.</summary>
    public double Tolerance { get; init; } = 2e-6;

    /// <summary>The magnitude below which the tolerance of a result is absolute; null is the result's root mean square.</summary>
    public double? Floor { get; init; }

    /// <summary>Whether gradients are compared too.</summary>
    public bool HasGradients { get; init; } = true;

    /// <summary>Changes the random weights into such as the comparison can be made with.</summary>
    public Action<Model>? Arrange { get; init; }

    public void Check(int seed = 5)
    {
        using var scope = NewDisposeScope();
        var random = new Random(seed);
        var inputs = Inputs.Select(draw => draw.From(random)).ToArray();
        using var ours = new OurModel(Model);
        foreach (var parameter in ours.Model.AllParameters) FillWithDraws(parameter.Value, random, -1, 1);
        foreach (var buffer in ours.Model.AllBuffers) FillWithDraws(buffer.Value, random, 0.5, 1.5);
        Arrange?.Invoke(ours.Model);

        using (no_grad()) Agreement.CheckElements(ours.Forward(inputs), Compute(Prepare(ours.Model, inputs, training: false)), Tolerance, $"{Model}, result", Floor);

        var prepared = Prepare(ours.Model, inputs, training: true);
        var expected = Compute(prepared);
        Agreement.CheckElements(ours.ForwardTraining(inputs), expected, Tolerance, $"{Model}, result in training", Floor);
        foreach (var buffer in ours.Model.AllBuffers) Agreement.CheckElements(buffer.Value.ToArray(), prepared.Buffers[buffer.Path], Tolerance, $"{Model}, {buffer.Path}");
        if (HasGradients && expected.is_floating_point()) CheckGradients(ours, inputs, prepared, expected, random);
    }

    private void CheckGradients(OurModel ours, Input[] inputs, Theirs prepared, Tensor result, Random random)
    {
        var seed = new float[result.numel()];
        FillWithDraws(seed, random, -1, 1);
        var gradients = ours.Backward(seed);
        if (result.requires_grad) result.backward([tensor(seed, result.shape)]);
        // What no gradient flows to has none in PyTorch, and zeros with us.
        var floats = prepared.Inputs.Where(input => input.is_floating_point()).ToArray();
        Assert.Equal(inputs.Count(input => input.IsFloat), gradients.Length);
        for (var i = 0; i < floats.Length; i++) Agreement.CheckElements(gradients[i], floats[i].grad ?? zeros_like(floats[i]), Tolerance, $"{Model}, gradient of input {i}");
        foreach (var parameter in ours.Model.AllParameters)
        {
            var other = prepared.Parameters[parameter.Path];
            Agreement.CheckElements(parameter.Gradient.ToArray(), other.grad ?? zeros_like(other), Tolerance, $"{Model}, gradient of {parameter.Path}");
        }
    }

    private static Theirs Prepare(Model model, Input[] inputs, bool training) => new(
        inputs.Select(input => input.IsFloat ? input.ToTorch().requires_grad_(training) : input.ToTorch()).ToArray(),
        model.AllParameters.ToDictionary(parameter => parameter.Path, parameter => Copy(parameter).requires_grad_(training)),
        model.AllBuffers.ToDictionary(buffer => buffer.Path, Copy),
        training);

    private static Tensor Copy(StorageTensor storage) =>
        tensor(storage.Value.ToArray(), storage.Shape.ToArray().Select(size => (long)size).ToArray());

    private static void FillWithDraws(Span<float> values, Random random, double low, double high)
    {
        foreach (ref var value in values) value = (float)(low + ((high - low) * random.NextDouble()));
    }
}
