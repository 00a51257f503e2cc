using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace FeedbackNN.Generator.Compilation;

/// <summary>What the project file says to the generator.</summary>
/// <param name="RootNamespace">The namespace of files that name none.</param>
/// <param name="HasGpu">Kernels for GPUs are printed beside the code for the processor: the property FnnBackends lists <c>gpu</c>.</param>
internal sealed record ProjectOptions(string RootNamespace, bool HasGpu)
{
    /// <summary>Where the project has no usable root namespace.</summary>
    private const string FallbackNamespace = "Models";

    public static ProjectOptions Read(AnalyzerConfigOptionsProvider provider)
    {
        provider.GlobalOptions.TryGetValue("build_property.RootNamespace", out var written);
        var isUsable = !string.IsNullOrEmpty(written) && written!.Split('.').All(SyntaxFacts.IsValidIdentifier);
        provider.GlobalOptions.TryGetValue("build_property.FnnBackendList", out var backends);
        var hasGpu = (backends ?? "").Split(',').Any(backend => backend.Trim().Equals("gpu", StringComparison.OrdinalIgnoreCase));
        return new ProjectOptions(isUsable ? written! : FallbackNamespace, hasGpu);
    }
}
