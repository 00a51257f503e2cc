using System.Reflection;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// Compiles kernels to PTX for two generations of GPUs and to OpenCL C, which needs no device, and looks in the text for what ILGPU does instead of failing: calls
/// of functions that are not there, variables in slow local memory, barriers with nothing between them, comparisons that OpenCL C gets wrong.
/// </summary>
internal sealed partial class KernelText : IDisposable
{
    private readonly Context _context;
    private readonly (string Target, Backend Backend)[] _backends;

    public KernelText()
    {
        RepairedCompiler.Check();
        _context = Context.Create(builder => RepairedCompiler.Configure(builder));
        _backends =
        [
            ("sm_80", RepairedCompiler.Repair(new PTXBackend(_context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_84, null!))),
            ("sm_90", RepairedCompiler.Repair(new PTXBackend(_context, CudaArchitecture.SM_90, CudaInstructionSet.ISA_84, null!))),
            ("OpenCL C", RepairedCompiler.Repair(new CLBackend(_context, new CLCapabilityContext(true, true, true, true, true), CLDeviceVendor.Other, CLCVersion.CL30))),
        ];
    }

    /// <summary>What is wrong with a kernel, one line each.</summary>
    /// <param name="texts">For each target, as <see cref="Compile(MethodInfo)"/> gives them.</param>
    public static IEnumerable<string> Problems(IEnumerable<(string Target, string Text)> texts)
    {
        foreach (var (target, text) in texts)
        {
            foreach (var (what, pattern) in target.StartsWith("sm", StringComparison.Ordinal) ? SilentInPtx : SilentInOpenCL)
            {
                if (pattern.Match(text) is { Success: true } match) yield return $"{target}: {what}: {match.Value.ReplaceLineEndings(" ")}";
            }
        }
    }

    /// <summary>The text for each target: <c>sm_80</c>, <c>sm_90</c>, and <c>OpenCL C</c> where a kernel has no instructions of CUDA.</summary>
    /// <param name="kernel">An entry point.</param>
    /// <param name="except">A target that is left out.</param>
    public IEnumerable<(string Target, string Text)> Compile(MethodInfo kernel, string? except = null) => _backends
        .Where(item => item.Target != except && (item.Backend is PTXBackend || kernel.DeclaringType != typeof(TensorProductKernels))).Select(item => (item.Target, Compile(kernel, item.Target, item.Backend)));

    private static string Compile(MethodInfo kernel, string target, Backend backend)
    {
        try
        {
            return backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), backend is PTXBackend ? LaunchBoundsAttribute.Of(kernel) : default) switch
            {
                PTXCompiledKernel ptx => ptx.PTXAssembly,
                CLCompiledKernel openCL => openCL.Source,
                var other => throw new InvalidOperationException(other.GetType().Name),
            };
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{kernel} does not compile for {target}: {failure.GetBaseException().Message}", failure);
        }
    }

    public void Dispose()
    {
        foreach (var (_, backend) in _backends) backend.Dispose();
        _context.Dispose();
    }

    private static readonly (string What, Regex Pattern)[] SilentInPtx =
    [
        ("a function that is not there", ExternFunction()),
        ("a call", Call()),
        ("local memory", LocalMemory()),
        ("two barriers with nothing between", TwoBarriers()),
        ("an approximation", Approximation()),
        ("denormals flushed to zero", FlushToZero()),
        ("an index that may not be below 0", UnsignedIndex()),
        // Right in PTX; OpenCL C has no such comparison, and ILGPU writes one that is false for NaN instead of true.
        ("a comparison that holds for NaN", UnorderedComparison()),
    ];

    private static readonly (string What, Regex Pattern)[] SilentInOpenCL = [("a barrier that does not order shared memory", WeakBarrier())];

    [GeneratedRegex(@"\.extern\s+\.func[^\n]*")]
    private static partial Regex ExternFunction();

    [GeneratedRegex(@"^\s*call[^\n]*", RegexOptions.Multiline)]
    private static partial Regex Call();

    [GeneratedRegex(@"\.local\b[^\n]*")]
    private static partial Regex LocalMemory();

    [GeneratedRegex(@"bar\.sync[^\n]*\n\s*bar\.sync[^\n]*")]
    private static partial Regex TwoBarriers();

    [GeneratedRegex(@"\.approx[^\n]*")]
    private static partial Regex Approximation();

    [GeneratedRegex(@"\.ftz[^\n]*")]
    private static partial Regex FlushToZero();

    [GeneratedRegex(@"mul\.wide\.u32[^\n]*")]
    private static partial Regex UnsignedIndex();

    [GeneratedRegex(@"setp\.(eq|lt|le|gt|ge)u\.f[^\n]*")]
    private static partial Regex UnorderedComparison();

    [GeneratedRegex(@"barrier\s*\(\s*CLK_GLOBAL_MEM_FENCE\s*\)")]
    private static partial Regex WeakBarrier();
}
