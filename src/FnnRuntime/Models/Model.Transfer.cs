namespace FeedbackNN;

/// <content>Takes over weights by name, from a file or another model that is not the same: a body that was trained before gets a new head.</content>
public abstract unsafe partial class Model
{
    /// <summary>
    /// Takes over the parameters and buffers of a safetensors file, by name. What differs is an exception that lists all of it, unless it is allowed; then nothing has been changed.
    /// </summary>
    /// <param name="path">Written by FeedbackNN or by others; elements may be F32, or F16, BF16 or F64, which become F32. A saved training has its networks below <c>nets.NAME</c>.</param>
    /// <param name="from">Takes only what is below this name in the source: <c>encoder</c> is <c>encoder.weight</c>, <c>encoder.0.bias</c> and so on.</param>
    /// <param name="to">The name in this model that <paramref name="from"/> stands for: only what is below it can be missing.</param>
    /// <param name="allow">Which differences are meant.</param>
    /// <param name="rename">Gives each name of the source the name that it has here, or null to leave the tensor aside; <paramref name="from"/> and <paramref name="to"/> come after it.</param>
    /// <returns>What was taken over, and what not.</returns>
    /// <exception cref="TransferException">Something differs and is not allowed, or nothing matches at all; nothing has been changed.</exception>
    /// <exception cref="CheckpointException">The file cannot be read, or is damaged; nothing has been changed.</exception>
    /// <exception cref="ArgumentException">Two tensors of the source have one name here.</exception>
    public TransferReport Transfer(string path, string from = "", string to = "", Mismatches allow = Mismatches.None, Func<string, string?>? rename = null)
    {
        using var content = SafetensorsFile.Read(path);
        var transfer = new WeightTransfer(this, path, from, to, rename);
        foreach (var tensor in content.Tensors) transfer.Offer(new FileWeights(content, tensor, path));
        var report = transfer.Run(allow);
        GC.KeepAlive(this);
        return report;
    }

    /// <summary>Takes over the parameters and buffers of another model, of whatever class, by name.</summary>
    /// <param name="other">The model whose weights are taken; it stays as it is.</param>
    /// <param name="from">Takes only what is below this name in the other model.</param>
    /// <param name="to">The name in this model that <paramref name="from"/> stands for.</param>
    /// <param name="allow">Which differences are meant.</param>
    /// <param name="rename">Gives each name of the other model the name that it has here, or null to leave the tensor aside.</param>
    /// <returns>What was taken over, and what not.</returns>
    /// <exception cref="TransferException">Something differs and is not allowed, or nothing matches at all; nothing has been changed.</exception>
    /// <exception cref="ArgumentException">Two tensors of the source have one name here.</exception>
    public TransferReport Transfer(Model other, string from = "", string to = "", Mismatches allow = Mismatches.None, Func<string, string?>? rename = null)
    {
        ArgumentNullException.ThrowIfNull(other);
        var transfer = new WeightTransfer(this, other._manifest.Name, from, to, rename);
        var parameters = (float*)other.ParameterMemory.ForReading();
        var buffers = (float*)other.BufferMemory.ForReading();
        foreach (var spec in other._manifest.Parameters) transfer.Offer(new ModelWeights(spec, parameters + spec.Offset));
        foreach (var spec in other._manifest.Buffers) transfer.Offer(new ModelWeights(spec, buffers + spec.Offset));
        var report = transfer.Run(allow);
        GC.KeepAlive(other);
        GC.KeepAlive(this);
        return report;
    }
}
