using System.Reflection;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Generator.Printing;
using FeedbackNN.Gpu;
using FeedbackNN.Gpu.Tests;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>A kernel as drivers get it.</summary>
/// <param name="File">What it comes from.</param>
/// <param name="Name">Which it is there.</param>
/// <param name="Texts">For each target of <see cref="KernelText"/>.</param>
internal sealed record CompiledKernel(string File, string Name, IReadOnlyList<(string Target, string Text)> Texts)
{
    public override string ToString() => $"{File}, {Name}";
}

/// <summary>
/// Every kernel of the corpus and the examples, and every kernel of the runtime, compiled for each target: of the corpus every eighth for sm_80, whose texts hardly differ
/// from those for sm_90, and with <c>FNN_GPU=all</c> all. Kernels of the same text are compiled once, and all of them once a process: several tests look at them.
/// </summary>
internal static class CompiledKernels
{
    /// <summary>The <see cref="CompiledKernel.File"/> of kernels that no program has.</summary>
    public const string OfRuntime = "the runtime";

    private static readonly Lazy<(int Programs, IReadOnlyList<CompiledKernel> Kernels)> OfPrograms = new(CompileGenerated);
    private static readonly Lazy<IReadOnlyList<CompiledKernel>> OfTheRuntime = new(CompileRuntime);

    /// <summary>How many programs the corpus and the examples have.</summary>
    public static int Programs => OfPrograms.Value.Programs;

    public static IReadOnlyList<CompiledKernel> Generated => OfPrograms.Value.Kernels;

    public static IReadOnlyList<CompiledKernel> Runtime => OfTheRuntime.Value;

    private static (int Programs, IReadOnlyList<CompiledKernel> Kernels) CompileGenerated()
    {
        using var compiler = new KernelText();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var compiled = new List<CompiledKernel>();
        var programs = 0;
        var step = Environment.GetEnvironmentVariable("FNN_GPU") == "all" ? 1 : 8;
        foreach (var file in CorpusPrograms.Files)
        {
            var (texts, kernels) = (new List<string>(), new List<(string Type, GpuTemplate Template, bool IsKept, bool HasAxes)>());
            foreach (var program in CorpusPrograms.Of(file))
            {
                var name = FormattableString.Invariant($"P{programs++}");
                var printed = Printed.Of(program, name);
                var fresh = printed.Kernels.Where(kernel => known.Add(kernel.Key)).ToArray();
                if (fresh.Length == 0) continue;
                texts.Add(printed.Text);
                kernels.AddRange(fresh.Select(kernel => ($"Generated.{name}Gpu+{kernel.Name}", kernel.Template, kernel.IsKept, kernel.HasAxes)));
            }
            if (texts.Count == 0) continue;
            var assembly = GeneratedProgram.Load([.. texts]);
            foreach (var kernel in kernels)
            {
                var entryPoint = EntryPoint(assembly.GetType(kernel.Type, throwOnError: true)!, kernel.Template, kernel.IsKept, kernel.HasAxes);
                compiled.Add(new CompiledKernel(file, kernel.Type, [.. compiler.Compile(entryPoint, except: compiled.Count % step == 0 ? null : "sm_80")]));
            }
        }
        return (programs, compiled);
    }

    private static CompiledKernel[] CompileRuntime()
    {
        using var compiler = new KernelText();
        return [.. new[] { typeof(UpdateKernels), typeof(ScalingKernels), typeof(IndexKernels), typeof(ScatterKernels), typeof(PartKernels), typeof(MatrixProductKernels), typeof(FewRowsKernel), typeof(TensorProductKernels), typeof(AttentionKernels), typeof(SpeedKernels) }
            .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)).SelectMany(Instances)
            .Select(method => new CompiledKernel(OfRuntime, method.ToString()!, [.. compiler.Compile(method)]))];
    }

    private static Type[] Formats => [typeof(InFloat32), typeof(InTensorFloat32), typeof(InBFloat16), typeof(InFloat16)];

    private static Type[] Lies => [typeof(QuadsOfColumns), typeof(QuadsOfRows), typeof(SinglesOfColumns), typeof(SinglesOfRows)];

    private static Type[] Places => [typeof(ProductStrides), typeof(ProductAxes)];

    /// <summary>Every square with every format, kind of places and lie of either operand, though not with all of them at once.</summary>
    private static IEnumerable<Type[]> Products =>
        from tile in new[] { typeof(LargeTile), typeof(MediumTile), typeof(SmallTile) }
        from i in Enumerable.Range(0, Lies.Length)
        from places in Places
        select new[] { tile, places, Formats[i], Lies[i], Lies[(i + 1) % Lies.Length] };

    /// <summary>Every format with every lie of either operand, in the large square; each of them in the smaller one.</summary>
    private static IEnumerable<Type[]> TensorProducts =>
        from format in new[] { typeof(TensorFloat32), typeof(TensorBFloat16), typeof(TensorFloat16) }
        from i in Enumerable.Range(0, Lies.Length + 1)
        select i < Lies.Length
            ? new[] { typeof(LargeTensorTile), Places[i % 2], format, Lies[i], Lies[(i + 1) % Lies.Length] }
            : [typeof(MediumTensorTile), Places[0], format, Lies[0], Lies[0]];

    private static IEnumerable<Type> InFormats => Formats.Select(format => typeof(AttentionInFloat<>).MakeGenericType(format));

    /// <summary>A method for each element type that programs use it with.</summary>
    private static IEnumerable<MethodInfo> Instances(MethodInfo method)
    {
        if (!method.IsGenericMethod) return [method];
        var elements = new[] { typeof(float), typeof(double), typeof(int), typeof(long) };
        return method.Name switch
        {
            nameof(MatrixProductKernels.Tiled) => (method.DeclaringType == typeof(TensorProductKernels) ? TensorProducts : Products).Select(types => method.MakeGenericMethod([.. types, typeof(StoreTile)])),
            nameof(FewRowsKernel.FewRows) => Formats.Select(format => method.MakeGenericMethod(format, typeof(StoreTile))),
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
        // Of the squares it is the one that leaves an epilogue the fewest registers.
        return typeof(MatrixProductKernels).GetMethod(nameof(MatrixProductKernels.Tiled))!.MakeGenericMethod(typeof(LargeTile), hasAxes ? typeof(ProductAxes) : typeof(ProductStrides), typeof(InFloat32), typeof(QuadsOfColumns), typeof(QuadsOfRows), epilogue);
    }

    /// <summary>A program as C# for GPUs, and its kernels by text.</summary>
    private sealed record Printed(string Text, IReadOnlyList<(string Name, string Key, GpuTemplate Template, bool IsKept, bool HasAxes)> Kernels)
    {
        public static Printed Of(CorpusProgram program, string name)
        {
            var plan = Planner.Plan(name, program.Graph, program.Axes);
            var text = GpuProgramPrinter.Print("Generated", plan, GeneratedProgram.ParameterLayouts(program.Graph), GeneratedProgram.BufferLayouts(program.Graph), _ => null);
            var structs = text.Split("    internal readonly struct ").Skip(1).ToArray();
            // What adds parts, the runtime has.
            var own = Enumerable.Range(0, plan.Kernels.Count).Where(i => plan.Kernels[i].AddsParts is null).ToArray();
            Assert.Equal(own.Length, structs.Length);
            var kept = plan.Steps.OfType<ProductStep>().Where(product => product.Result is not null && product.Epilogue is not null).Select(product => product.Epilogue!.Value).ToHashSet();
            var alongAxes = plan.Steps.OfType<ProductStep>().Where(product => product.Left.HasAxes || product.Right.HasAxes).Select(product => product.Epilogue).ToHashSet();
            var kernels = own.Select((i, position) =>
            {
                var body = structs[position];
                var split = body.IndexOf('(');
                var template = GpuMapping.Of(plan.Kernels[i]);
                return (body[..split], $"{template} {kept.Contains(i)} {alongAxes.Contains(i)} {body[split..].TrimEnd().TrimEnd('}')}", template, kept.Contains(i), alongAxes.Contains(i));
            }).ToArray();
            return new Printed(text, kernels);
        }
    }
}
