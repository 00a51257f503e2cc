namespace FeedbackNN;

/// <summary>A tensor that lies in a model's storage: a view, valid as long as the model is alive and not disposed.</summary>
/// <remarks>Reading from several threads is safe as long as nothing writes: no training step, <c>Load</c> or <c>Initialize</c>.</remarks>
public abstract class StorageTensor
{
    private protected StorageTensor(Model model, StorageSpec spec)
    {
        Model = model;
        Spec = spec;
    }

    /// <summary>Its place in the model: <c>fc1.weight</c>.</summary>
    public string Path => Spec.Path;

    /// <summary>Its name in checkpoints.</summary>
    public string CheckpointName => Spec.CheckpointName;

    /// <summary>The sizes of its axes.</summary>
    public ReadOnlySpan<int> Shape => Spec.Shape.AsSpan();

    /// <summary>The number of elements.</summary>
    public int Length => Spec.Count;

    /// <summary>
    /// The elements in row-major order; writing to it changes the model. On a GPU it is a copy that is good until the model computes or is trained again; ask anew
    /// afterwards.
    /// </summary>
    public abstract Span<float> Value { get; }

    /// <summary>The element at a position, one index for each axis.</summary>
    /// <exception cref="IndexOutOfRangeException">An index lies outside, or there are too few or too many.</exception>
    public ref float this[params ReadOnlySpan<int> indices] => ref Value[Index(indices)];

    /// <summary>A copy of the value as a tensor of its own.</summary>
    public Tensor<float> ToTensor() => new(Present, Shape);

    internal StorageSpec Spec { get; }

    /// <summary>The elements for reading alone: on a GPU, nothing has to go back.</summary>
    private protected abstract ReadOnlySpan<float> Present { get; }

    private protected Model Model { get; }

    /// <summary>Path and shape: <c>fc1.weight [128, 784]</c>.</summary>
    public override string ToString() => $"{Path} {Tensor<float>.FormatShape(Shape)}";

    private protected int Index(ReadOnlySpan<int> indices)
    {
        var shape = Shape;
        var index = 0;
        var inside = indices.Length == shape.Length;
        for (var axis = 0; inside && axis < shape.Length; axis++)
        {
            inside = (uint)indices[axis] < (uint)shape[axis];
            index = index * shape[axis] + indices[axis];
        }
        return inside ? index : throw new IndexOutOfRangeException($"{Tensor<float>.FormatShape(indices)} lies outside {this}.");
    }
}

/// <summary>A tensor that is kept from step to step without being trained, such as a running mean.</summary>
public sealed class BufferTensor : StorageTensor
{
    /// <summary>For generated code: the buffer at a path.</summary>
    public BufferTensor(Model model, string path) : base(model, model.GetManifest().Buffers[model.GetManifest().FindBuffer(path)]) { }

    /// <inheritdoc/>
    public override unsafe Span<float> Value => new((float*)Model.BufferMemory.ForWriting() + Spec.Offset, Length);

    private protected override unsafe ReadOnlySpan<float> Present => new((float*)Model.BufferMemory.ForReading() + Spec.Offset, Length);
}
