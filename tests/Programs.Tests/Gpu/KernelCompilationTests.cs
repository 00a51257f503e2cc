using System.Reflection;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Generator.Printing;
using FeedbackNN.Gpu;
using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Every kernel of the corpus and the examples, and every kernel of the runtime, compiles for CUDA and OpenCL, on a machine without either. Kernels of the
/// same text are compiled once.
/// </summary>
public sealed class KernelCompilationTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryGeneratedKernelCompiles()
    {
        using var compiler = new KernelText();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var report = new Report("GPU kernels compiled to PTX (sm_80, sm_90) and OpenCL C");
        var problems = new List<string>();
        var programs = 0;
        foreach (var file in CorpusPrograms.Files)
        {
            var (before, texts, kernels) = (known.Count, new List<string>(), new List<(string Type, GpuTemplate Template, bool IsKept, bool HasAxes)>());
            foreach (var program in CorpusPrograms.Of(file))
            {
                var name = FormattableString.Invariant($"P{programs++}");
                var printed = Printed.Of(program, name);
                var fresh = printed.Kernels.Where(kernel => known.Add(kernel.Key)).ToArray();
                if (fresh.Length == 0) continue;
                texts.Add(printed.Text);
                kernels.AddRange(fresh.Select(kernel => ($"Generated.{name}Gpu+{kernel.Name}", kernel.Template, kernel.IsKept, kernel.HasAxes)));
            }
            if (texts.Count > 0)
            {
                var assembly = GeneratedProgram.Load([.. texts]);
                foreach (var (type, template, isKept, hasAxes) in kernels)
                {
                    problems.AddRange(compiler.Problems(EntryPoint(assembly.GetType(type, throwOnError: true)!, template, isKept, hasAxes)).Select(problem => $"{file}, {type}: {problem}"));
                }
            }
            report.Add($"{file}: {known.Count - before} new kernels");
        }
        report.Add($"{programs} programs, {known.Count} distinct kernels, {3 * known.Count} compilations");
        report.Write(output);
        Assert.True(problems.Count == 0, string.Join("\n", problems));
        Assert.True(known.Count > 100, $"only {known.Count} kernels: the corpus was not found");
    }

    [Fact]
    public void EveryKernelOfTheRuntimeCompiles()
    {
        using var compiler = new KernelText();
        var methods = new[] { typeof(UpdateKernels), typeof(ScalingKernels), typeof(IndexKernels), typeof(ScatterKernels), typeof(PartKernels), typeof(MatrixProductKernels), typeof(AttentionKernels), typeof(SpeedKernels) }
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)).SelectMany(Instances).ToArray();
        var report = new Report("Kernels of the GPU runtime compiled to PTX (sm_80, sm_90) and OpenCL C");
        foreach (var method in methods) report.Add(method.ToString()!);
        report.Add($"{methods.Length} kernels");
        report.Write(output);
        Assert.Empty(methods.SelectMany(method => compiler.Problems(method).Select(problem => $"{method}: {problem}")));
    }

    private static Type[] Formats => [typeof(InFloat32), typeof(InTensorFloat32), typeof(InBFloat16), typeof(InFloat16)];

    private static IEnumerable<Type> InFormats => Formats.Select(format => typeof(AttentionInFloat<>).MakeGenericType(format));

    /// <summary>A method for each element type that programs use it with.</summary>
    private static IEnumerable<MethodInfo> Instances(MethodInfo method)
    {
        if (!method.IsGenericMethod) return [method];
        var elements = new[] { typeof(float), typeof(double), typeof(int), typeof(long) };
        return method.Name switch
        {
            nameof(MatrixProductKernels.Tiled) => Formats.SelectMany(format => new[] { typeof(ProductStrides), typeof(ProductAxes) }.Select(places => method.MakeGenericMethod(places, format, typeof(StoreTile)))),
            nameof(ScatterKernels.AddRuns) => elements.Select(element => method.MakeGenericMethod(element, typeof(SumReduction))),
            nameof(PartKernels.Add) => elements.SelectMany(element => new[] { typeof(SumReduction), typeof(ProdReduction), typeof(MaxReduction), typeof(MinReduction) }.Select(reduction => method.MakeGenericMethod(element, reduction))),
            nameof(AttentionKernels.Forward) => OfAttention(method, InFormats, typeof(MaxReduction)),
            nameof(AttentionKernels.ForwardOfFew) => OfAttention(method, InFormats, typeof(SumReduction), typeof(MaxReduction)),
            nameof(AttentionKernels.Along) => OfAttention(method, [typeof(AttentionInFloat<InFloat32>)], typeof(SumReduction)),
            nameof(AttentionKernels.OfQueries) or nameof(AttentionKernels.OfKeys) => OfAttention(method, InFormats),
            _ => elements.Append(typeof(byte)).Select(element => method.MakeGenericMethod(element)),
        };
    }

    private static IEnumerable<MethodInfo> OfAttention(MethodInfo method, IEnumerable<Type> inFloat, params Type[] reductions) =>
        inFloat.Select(math => (typeof(float), math)).Append((typeof(double), typeof(AttentionInDouble))).Select(((Type Element, Type Math) types) => method.MakeGenericMethod([types.Element, types.Math, .. reductions]));

    private static MethodInfo EntryPoint(Type kernel, GpuTemplate template, bool isKept, bool hasAxes)
    {
        if (template == GpuTemplate.Map) return typeof(KernelTemplates).GetMethod(nameof(KernelTemplates.Map))!.MakeGenericMethod(kernel, kernel.GetInterface(typeof(IMapKernel<>).Name)!.GetGenericArguments()[0]);
        if (template != GpuTemplate.Tile) return typeof(KernelTemplates).GetMethod(template.ToString())!.MakeGenericMethod(kernel);
        var epilogue = isKept ? typeof(StoreTileThen<>).MakeGenericType(kernel) : kernel;
        return typeof(MatrixProductKernels).GetMethod(nameof(MatrixProductKernels.Tiled))!.MakeGenericMethod(hasAxes ? typeof(ProductAxes) : typeof(ProductStrides), typeof(InFloat32), epilogue);
    }

    /// <summary>A program as C# for GPUs, and its kernels by text.</summary>
    private sealed record Printed(string Text, IReadOnlyList<(string Name, string Key, GpuTemplate Template, bool IsKept, bool HasAxes)> Kernels)
    {
        public static Printed Of(CorpusProgram program, string name)
        {
            var plan = Planner.Plan(name, program.Graph, program.Axes);
            var text = GpuProgramPrinter.Print("Generated", plan, GeneratedProgram.ParameterLayouts(program.Graph), GeneratedProgram.BufferLayouts(program.Graph), _ => null);
            var structs = text.Split("    internal readonly struct ").Skip(1).ToArray();
            var own = Enumerable.Range(0, plan.Kernels.Count).Where(i => plan.Kernels[i].AddsParts is null).ToArray();
            Assert.Equal(own.Length, structs.Length);
            var kept = plan.Steps.OfType<ProductStep>().Where(product => product.Result is not null && product.Epilogue is not null).Select(product => product.Epilogue!.Value).ToHashSet();
            var alongAxes = plan.Steps.OfType<ProductStep>().Where(product => product.Left.HasAxes || product.Right.HasAxes).Select(product => product.Epilogue).ToHashSet();
            var kernels = own.Select((i, position) =>
            {
                var text = structs[position];
                var split = text.IndexOf('(');
                var template = GpuMapping.Of(plan.Kernels[i]);
                return (text[..split], $"{template} {kept.Contains(i)} {alongAxes.Contains(i)} {text[split..].TrimEnd().TrimEnd('}')}", template, kept.Contains(i), alongAxes.Contains(i));
            }).ToArray();
            return new Printed(text, kernels);
        }
    }
}
