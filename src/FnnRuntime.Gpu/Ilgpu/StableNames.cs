using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;

namespace FeedbackNN.Gpu;

/// <summary>
/// Gives a kernel the same text whatever was compiled before it. ILGPU numbers labels, types and parameters through all kernels of a context; drivers keep what they have
/// compiled by its text, on disk too, and would compile nearly every kernel anew in each process.
/// </summary>
internal static partial class StableNames
{
    /// <summary>The kernel, its names numbered in the order in which they appear.</summary>
    public static CompiledKernel In(CompiledKernel kernel)
    {
        switch (kernel)
        {
            case PTXCompiledKernel ptx: Text(ptx) = In(ptx.PTXAssembly); break;
            case CLCompiledKernel openCL: Text(openCL) = In(openCL.Source); break;
        }
        return kernel;
    }

    /// <summary>The same for a text.</summary>
    public static string In(string text)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return Numbered().Replace(text, match =>
        {
            var number = match.Groups["number"].Value;
            if (!numbers.TryGetValue(number, out var stable)) numbers.Add(number, stable = numbers.Count);
            return FormattableString.Invariant($"{match.Groups["name"].Value}{stable}");
        });
    }

    // L_123 (a label), type_123 and type_123_kernel, _parameter_123. ILGPU's own _kernel parts, fields, views and registers are numbered kernel by kernel.
    [GeneratedRegex(@"\b(?<name>L_|type_|_\w*?[A-Za-z_]_)(?<number>\d+)(?=\b|_kernel\b)")]
    private static partial Regex Numbered();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<PTXAssembly>k__BackingField")]
    private static extern ref string Text(PTXCompiledKernel kernel);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "<Source>k__BackingField")]
    private static extern ref string Text(CLCompiledKernel kernel);
}
