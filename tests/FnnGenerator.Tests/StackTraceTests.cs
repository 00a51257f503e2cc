using System.Reflection;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Emit;

namespace FeedbackNN.Generator.Tests;

/// <summary>A debugger and a stack trace show the <c>.fnn</c> line that generated code comes from.</summary>
public class StackTraceTests
{
    [Fact]
    public void A_guard_that_fails_names_its_line_in_the_fnn_file()
    {
        var file = new FnnText("/project/guarded.fnn", """
            namespace Guarded
            model Net(x: f32[batch, 3]) -> f32[batch, 3]
                where batch <= 4
            {
                return 2 * x
            }
            """);
        const string use = """
            public static class Use
            {
                public static void Call()
                {
                    using var net = new Guarded.Net();
                    using var x = new FeedbackNN.Tensor<float, Guarded.Batch, Guarded.N3>(5, 3);
                    net.Forward(x);
                }
            }
            """;
        GeneratorHarness.CreateDriver(file).RunGeneratorsAndUpdateCompilation(GeneratorHarness.Compile(use), out var compilation, out _);
        var failure = Assert.Throws<TargetInvocationException>(() => Load(compilation).GetType("Use")!.GetMethod("Call")!.Invoke(null, null)).InnerException!;

        Assert.Contains("batch <= 4", failure.Message);
        Assert.Contains("guarded.fnn:line 3", failure.StackTrace);
    }

    private static Assembly Load(Microsoft.CodeAnalysis.Compilation compilation)
    {
        using var code = new MemoryStream();
        using var symbols = new MemoryStream();
        var result = compilation.Emit(code, symbols, options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        code.Position = symbols.Position = 0;
        return new AssemblyLoadContext("generated", isCollectible: true).LoadFromStream(code, symbols);
    }
}
