using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl;

/// <summary>What a model costs at given sizes, in all and by the place in the source that asks for it.</summary>
/// <param name="Parameters">Numbers that are trained.</param>
/// <param name="ParameterBytes">The storage of the parameters: each begins on a cache line. Their gradients take as much again.</param>
/// <param name="BufferBytes">The storage of the buffers: what they are, and what a step makes of them.</param>
/// <param name="InputBytes">Inputs and results of one call.</param>
/// <param name="GradientBytes">Gradients of the float inputs and results.</param>
/// <param name="InferenceArena">Intermediate values of a call without training.</param>
/// <param name="TrainingArena">Intermediate values of a training step.</param>
/// <param name="InferenceFlops">Of a call without training.</param>
/// <param name="Places">By place, in the order in which programs come to them.</param>
public sealed record ModelCosts(
    long Parameters, long ParameterBytes, long BufferBytes, long InputBytes, long GradientBytes, long InferenceArena, long TrainingArena, long InferenceFlops, EquatableArray<PlaceCosts> Places)
{
    /// <summary>What a call without training needs.</summary>
    public long InferenceMemory => checked(ParameterBytes + BufferBytes + InputBytes + InferenceArena);

    /// <summary>What a training step needs: forward and backward, without what an optimizer remembers.</summary>
    public long TrainingMemory => checked(2 * ParameterBytes + BufferBytes + InputBytes + GradientBytes + TrainingArena);

    /// <summary>Of one forward pass of a training step.</summary>
    public long ForwardFlops => Places.Sum(place => place.ForwardFlops);

    /// <summary>Of the backward pass.</summary>
    public long BackwardFlops => Places.Sum(place => place.BackwardFlops);

    /// <exception cref="OverflowException">Something is larger than a 64-bit integer.</exception>
    public static ModelCosts Of(CompiledModel compiled, Func<string, long> axis)
    {
        var model = compiled.Model;
        var places = new Dictionary<Origin, PlaceCosts>();
        foreach (var storage in model.Parameters) Change(storage.Origin, place => place with { Parameters = place.Parameters + storage.Type.ElementCount.Value });
        foreach (var step in ProgramCosts.Flops(compiled.Training, axis))
        {
            Change(step.Origin, place => step.IsBackward ? place with { BackwardFlops = checked(place.BackwardFlops + step.Flops) } : place with { ForwardFlops = checked(place.ForwardFlops + step.Flops) });
        }
        foreach (var (origin, bytes) in ProgramMemory.AtPeak(compiled.Training, axis)) Change(origin, place => place with { ValueBytes = checked(place.ValueBytes + bytes) });
        long Bytes(IEnumerable<BoundTensor> tensors) => tensors.Sum(tensor => ProgramMemory.BytesOf(tensor.Element, tensor.Type.ElementCount, axis));
        var tensors = model.Inputs.Concat(model.Results).ToArray();
        return new ModelCosts(
            model.Parameters.Sum(storage => storage.Type.ElementCount.Value),
            StorageLayout.Compute(model.Parameters).Length * ElementType.F32.SizeInBytes(),
            2 * StorageLayout.Compute(model.Buffers).Length * ElementType.F32.SizeInBytes(),
            Bytes(tensors), Bytes(tensors.Where(tensor => tensor.Element.IsFloat())),
            ProgramMemory.ArenaBytes(compiled.Inference, axis), ProgramMemory.ArenaBytes(compiled.Training, axis),
            ProgramCosts.Flops(compiled.Inference, axis).Sum(step => step.Flops),
            places.Values.ToEquatableArray());

        void Change(Origin origin, Func<PlaceCosts, PlaceCosts> change) =>
            places[origin] = change(places.TryGetValue(origin, out var place) ? place : new PlaceCosts(origin, 0, 0, 0, 0));
    }
}

/// <summary>What one place of the source asks for.</summary>
/// <param name="Parameters">Numbers that are trained and come into being here.</param>
/// <param name="ValueBytes">Intermediate values made here that are there when a training step needs most.</param>
public sealed record PlaceCosts(Origin Origin, long Parameters, long ValueBytes, long ForwardFlops, long BackwardFlops)
{
    /// <summary>Bytes of its weights, their gradients and its values.</summary>
    public long TrainingBytes => checked(2 * Parameters * ElementType.F32.SizeInBytes() + ValueBytes);

    public long Flops => checked(ForwardFlops + BackwardFlops);
}
