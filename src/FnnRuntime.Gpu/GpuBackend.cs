using System.ComponentModel;

namespace FeedbackNN.Gpu;

/// <summary>Makes GPUs known to <see cref="Device"/>. Generated code calls it when an assembly with networks is loaded.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class GpuBackend
{
    /// <summary>May be called any number of times; drivers are looked for when somebody first asks for a device.</summary>
    public static void Register() => DeviceProvider.Register(static () => new GpuProvider());
}
