using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Transformations;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu;

/// <summary>
/// Makes ILGPU 1.5.3 compile our kernels right. Its level O2 moves loads past barriers and past stores to the same place, so O1 is used, with the
/// address spaces of pointers inferred as O2 would (otherwise every access is a generic one). Its OpenCL barriers order global memory alone, and its PTX takes an index below 0 for one
/// above 2³¹. Each repair reaches into the library: <see cref="Check()"/> says so before a kernel goes wrong silently.
/// </summary>
internal static class RepairedCompiler
{
    private static readonly Version Known = new(1, 5, 3);
    private static bool _isRepaired;

    /// <summary>The settings of a context whose backends can be repaired.</summary>
    public static Context.Builder Configure(Context.Builder builder) => builder.Optimize(OptimizationLevel.O1).Inlining(InliningMode.Aggressive);

    /// <summary>Replaces a backend's list of passes; before it compiles anything.</summary>
    public static TBackend Repair<TBackend>(TBackend backend) where TBackend : Backend
    {
        SetTransformers(backend, GetTransformers(backend).Select(list => Transformer.Create(list.Configuration, Repaired(list.Transformations).ToImmutableArray())).ToImmutableArray());
        return backend;
    }

    /// <summary>Lets a driver take part that does not promise a generic address space: no kernel of ours needs it once it is compiled.</summary>
    public static void AllowWithoutGenericAddresses(CLCapabilityContext capabilities) => SetGenericAddressSpace(capabilities, true);

    /// <exception cref="DeviceException">The ILGPU that is loaded is not the one that the repairs are for.</exception>
    public static void Check() => Check(typeof(Context).Assembly.GetName().Version ?? new Version());

    /// <param name="loaded">The version of the ILGPU that is loaded.</param>
    public static void Check(Version loaded)
    {
        if (loaded.Major != Known.Major || loaded.Minor != Known.Minor || loaded.Build != Known.Build)
        {
            throw new DeviceException(
                $"ILGPU {loaded.ToString(3)} is loaded; GPU kernels need exactly {Known}, because other versions compile them wrongly in other ways. Remove the reference to another ILGPU from the project, or pin it: <PackageReference Include=\"ILGPU\" Version=\"[{Known}]\" />.");
        }
        if (_isRepaired) return;
        RepairFences();
        RepairIndices();
        _isRepaired = true;
    }

    // A work group's barrier is emitted with the fence for global memory alone, and shared memory is what barriers are for.
    private static void RepairFences()
    {
        var flags = typeof(CLAccelerator).Assembly.GetType("ILGPU.Backends.OpenCL.CLInstructions")?.GetField("MemoryFenceFlags", BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null) as string[];
        if (flags is not { Length: > 0 }) throw new DeviceException($"This build of ILGPU {Known} is not the published one: the table of its OpenCL fences is not where it should be.");
        flags[0] = "CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE";
    }

    // An index of 32 bits is a signed number, and below 0 where a view begins in the middle: of what runs backwards, and of windows that begin before the first element.
    private static void RepairIndices()
    {
        if (typeof(PTXInstructions).GetField("LEAMulOperations", BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null) is not Dictionary<ArithmeticBasicValueType, string> products
            || !products.ContainsKey(ArithmeticBasicValueType.UInt64))
        {
            throw new DeviceException($"This build of ILGPU {Known} is not the published one: the table of its products for addresses is not where it should be.");
        }
        products[ArithmeticBasicValueType.UInt64] = "mul.wide.s32";
    }

    private static IEnumerable<Transformation> Repaired(ImmutableArray<Transformation> passes)
    {
        var isFirst = true;
        foreach (var pass in passes)
        {
            if (pass is CodePlacement) continue;
            if (pass is LowerStructures && isFirst)
            {
                isFirst = false;
                yield return new InferKernelAddressSpaces(MemoryAddressSpace.Global);
            }
            yield return pass is InferAddressSpaces ? new InferLocalAddressSpaces() : pass;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_KernelTransformers")]
    private static extern ImmutableArray<Transformer> GetTransformers(Backend backend);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_KernelTransformers")]
    private static extern void SetTransformers(Backend backend, ImmutableArray<Transformer> value);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_GenericAddressSpace")]
    private static extern void SetGenericAddressSpace(CLCapabilityContext capabilities, bool value);
}
