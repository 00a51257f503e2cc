namespace FeedbackNN;

/// <summary>A trained tensor of a model: its value and its gradient.</summary>
/// <remarks>Reading from several threads is safe as long as nothing writes: no training step, backward run, <c>Load</c> or <c>Initialize</c>.</remarks>
public class ParameterTensor : StorageTensor
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, model.GetManifest().Parameters[model.GetManifest().FindParameter(path)]) { }

    /// <inheritdoc/>
    public override unsafe Span<float> Value => new((float*)Model.ParameterMemory.ForWriting() + Spec.Offset, Length);

    /// <summary>The gradient of the last backward run, in the same order; each backward run overwrites it, so there is nothing to reset. On a GPU it is a copy.</summary>
    public unsafe Span<float> Gradient => new((float*)Model.Gradients.ForReading() + Spec.Offset, Length);

    private protected override unsafe ReadOnlySpan<float> Present => new((float*)Model.ParameterMemory.ForReading() + Spec.Offset, Length);
}

/// <summary>A trained tensor with 1 typed axis.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
public sealed class ParameterTensor<A0> : ParameterTensor where A0 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}

/// <summary>A trained tensor with 2 typed axes.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
public sealed class ParameterTensor<A0, A1> : ParameterTensor where A0 : IAxis where A1 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}

/// <summary>A trained tensor with 3 typed axes.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
public sealed class ParameterTensor<A0, A1, A2> : ParameterTensor where A0 : IAxis where A1 : IAxis where A2 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}

/// <summary>A trained tensor with 4 typed axes.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
public sealed class ParameterTensor<A0, A1, A2, A3> : ParameterTensor where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}

/// <summary>A trained tensor with 5 typed axes.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
/// <typeparam name="A4">The fifth axis.</typeparam>
public sealed class ParameterTensor<A0, A1, A2, A3, A4> : ParameterTensor where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis where A4 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}

/// <summary>A trained tensor with 6 typed axes.</summary>
/// <typeparam name="A0">The first axis.</typeparam>
/// <typeparam name="A1">The second axis.</typeparam>
/// <typeparam name="A2">The third axis.</typeparam>
/// <typeparam name="A3">The fourth axis.</typeparam>
/// <typeparam name="A4">The fifth axis.</typeparam>
/// <typeparam name="A5">The sixth axis.</typeparam>
public sealed class ParameterTensor<A0, A1, A2, A3, A4, A5> : ParameterTensor where A0 : IAxis where A1 : IAxis where A2 : IAxis where A3 : IAxis where A4 : IAxis where A5 : IAxis
{
    /// <summary>For generated code: the parameter at a path.</summary>
    public ParameterTensor(Model model, string path) : base(model, path) { }
}
