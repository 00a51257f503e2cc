using System.Reflection;

namespace FeedbackNN.Parity;

/// <summary>A compiled training by its name in the <c>.fnn</c> files, with one batch.</summary>
internal sealed class OurTrainer : IDisposable
{
    private readonly object _trainer;
    private readonly object _batch;

    public OurTrainer(string name, Model model, IEnumerable<Input> inputs)
    {
        var type = OurModel.Find(name);
        // The networks, the seed, and where batches can be divided the devices.
        var constructor = type.GetConstructors().Single();
        _trainer = constructor.Invoke([.. new object?[] { model, 0UL, null }.Take(constructor.GetParameters().Length)]);
        var batch = type.GetNestedType("MiniBatch")!;
        var tensors = batch.GetConstructors().Single(constructor => constructor.GetParameters().Length > 0).GetParameters()
            .Zip(inputs, (parameter, input) => Tensors.Make(parameter.ParameterType, input.Values, input.Shape)).ToArray();
        _batch = Activator.CreateInstance(batch, tensors)!;
    }

    /// <summary>The names of the trainings of a namespace.</summary>
    public static IEnumerable<string> Names(string area) =>
        typeof(OurTrainer).Assembly.GetTypes().Where(type => type.Namespace == $"{typeof(OurTrainer).Namespace}.{area}" && type.GetNestedType("MiniBatch") is not null).Select(type => type.Name);

    /// <summary>Takes a step; gives the loss before it.</summary>
    public double Step() => Loss("Step");

    /// <summary>Its updates of low rank, where it has some.</summary>
    public LowRankAdapters? Adapters => (LowRankAdapters?)_trainer.GetType().GetProperty("Adapters")?.GetValue(_trainer);

    public double Evaluate() => Loss("Evaluate");

    public void Dispose() => ((IDisposable)_trainer).Dispose();

    private double Loss(string name)
    {
        var method = _trainer.GetType().GetMethod(name, [_batch.GetType()])!;
        var report = method.Invoke(_trainer, BindingFlags.DoNotWrapExceptions, null, [_batch], null)!;
        return Convert.ToDouble(report.GetType().GetProperty("Loss")!.GetValue(report), System.Globalization.CultureInfo.InvariantCulture);
    }
}
