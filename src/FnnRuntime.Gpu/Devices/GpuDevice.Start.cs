using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <content>Starts kernels. Each is compiled when it is first started, and called by a method that knows its arguments.</content>
internal sealed partial class GpuDevice
{
    // Devices share ILGPU's context, which compiles one kernel after the other.
    private static readonly Lock Compiler = new();

    private readonly Dictionary<Delegate, Delegate> _kernels = [];

    /// <summary>Kernels that were started, ever; a product by cuBLAS is one of them.</summary>
    public long Launches { get; private set; }

    /// <summary>Called before each kernel, for tests of what is said when one fails.</summary>
    public Action? Starting { get; set; }

    /// <summary>Hands a kernel over to the device; returns before it has run.</summary>
    /// <param name="kernel">A static method, by name: a delegate of its own at each call would be compiled each time.</param>
    /// <param name="config">How many groups of how many threads.</param>
    /// <param name="a1">The kernel's first argument.</param>
    /// <param name="a2">And so on.</param>
    /// <exception cref="DeviceException">The driver does not compile it.</exception>
    public void Start<T1, T2>(Action<T1, T2> kernel, KernelConfig config, T1 a1, T2 a2) where T1 : struct where T2 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2);
        else _noted.Add(launcher, Later(launcher, config, a1, a2));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3>(Action<T1, T2, T3> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3) where T1 : struct where T2 : struct where T3 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4>(Action<T1, T2, T3, T4> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4) where T1 : struct where T2 : struct where T3 : struct where T4 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5>(Action<T1, T2, T3, T4, T5> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5, T6>(Action<T1, T2, T3, T4, T5, T6> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5, a6);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5, a6));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5, T6, T7>(Action<T1, T2, T3, T4, T5, T6, T7> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5, a6, a7);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5, a6, a7));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5, T6, T7, T8>(Action<T1, T2, T3, T4, T5, T6, T7, T8> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5, a6, a7, a8);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5, a6, a7, a8));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5, T6, T7, T8, T9>(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5, a6, a7, a8, a9);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5, a6, a7, a8, a9));
    }

    /// <inheritdoc cref="Start{T1, T2}"/>
    public void Start<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(Action<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel, KernelConfig config, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6, T7 a7, T8 a8, T9 a9, T10 a10) where T1 : struct where T2 : struct where T3 : struct where T4 : struct where T5 : struct where T6 : struct where T7 : struct where T8 : struct where T9 : struct where T10 : struct
    {
        var launcher = Compiled<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>>(kernel);
        if (_noted is null) launcher(Stream, config, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
        else _noted.Add(launcher, Later(launcher, config, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10));
    }

    private void BeginLaunch()
    {
        Launches++;
        Starting?.Invoke();
        // A thread has one GPU at a time: a training on several hands out work from a thread for each, and loads and saves from all of them in one.
        Accelerator.Bind();
    }

    private TLauncher Compiled<TLauncher>(Delegate kernel) where TLauncher : Delegate
    {
        BeginLaunch();
        if (_kernels.TryGetValue(kernel, out var known)) return (TLauncher)known;
        var launcher = Compile(kernel).CreateLauncherDelegate<TLauncher>();
        _kernels.Add(kernel, launcher);
        return launcher;
    }

    private Kernel Compile(Delegate kernel)
    {
        try
        {
            lock (Compiler)
            {
                // ILGPU's own emulation runs C#: there is no text.
                if (BackendOf(Accelerator) is not { } backend) return Accelerator.LoadKernel(kernel.Method);
                return Accelerator.LoadKernel(StableNames.In(backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method), Accelerator is CudaAccelerator ? LaunchBoundsAttribute.Of(kernel.Method) : default)));
            }
        }
        catch (AcceleratorException failure)
        {
            throw new DeviceException($"The driver of {this} does not compile the kernel {Describe(kernel)}: {Reason(failure)} A newer driver may help.", failure);
        }
        catch (InternalCompilerException failure)
        {
            throw new DeviceException($"ILGPU does not compile the kernel {Describe(kernel)}, which is a mistake of FeedbackNN's: {Reason(failure)} Please report it, with the .fnn file.", failure);
        }
    }

    // The template, and what the generator filled it with.
    private static string Describe(Delegate kernel) =>
        $"{kernel.Method.Name}({string.Join(", ", kernel.Method.IsGenericMethod ? kernel.Method.GetGenericArguments().Select(type => type.FullName) : [kernel.Method.DeclaringType!.Name])})";
}
