using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.InteropServices;
using FeedbackNN.Cpu;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Generator.Printing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace FeedbackNN.Programs.Tests;

/// <summary>
/// A graph that went the whole road: planned, printed, compiled by Roslyn, loaded, and ready to run beside the interpreter, on the processor or on a GPU.
/// </summary>
internal sealed unsafe class GeneratedProgram : IDisposable
{
    // The runtimes and what they need: fewer assemblies to look for names in than the tests have.
    private static readonly MetadataReference[] References =
        WithReferences([typeof(object).Assembly, typeof(Device).Assembly, typeof(FeedbackNN.Gpu.GpuDevice).Assembly]).Select(assembly => (MetadataReference)MetadataReference.CreateFromFile(assembly.Location)).ToArray();

    // Nobody reads warnings, least of all those about null.
    private static readonly CSharpParseOptions ParseOptions = new CSharpParseOptions().WithFeatures([new("run-nullable-analysis", "never")]);

    // Kernels of a GPU are started by an assembly that ILGPU makes.
    private const string Friend = """[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("ILGPURuntime")]""";

    // Compilations that differ in their texts alone share what was found out about the references.
    private static readonly CSharpCompilation Nothing = CSharpCompilation.Create(
        "Generated", [CSharpSyntaxTree.ParseText(Friend, ParseOptions, "Friend.cs")], References, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true));

    private static readonly ConcurrentDictionary<string, Lazy<Type>> Loaded = new(StringComparer.Ordinal);

    private readonly Graph _graph;
    private readonly DeviceProgram _program;
    private readonly StorageLayout[] _parameters;
    private readonly StorageLayout[] _buffers;
    private readonly List<nint> _memory = [];
    private readonly List<DeviceMemory> _deviceMemory = [];

    private GeneratedProgram(Graph graph, ProgramPlan plan, string text, DeviceProgram program, Device device, StorageLayout[] parameters, StorageLayout[] buffers)
    {
        (_graph, Plan, Text, _program, Device, _parameters, _buffers) = (graph, plan, text, program, device, parameters, buffers);
    }

    public Device Device { get; }

    public ProgramPlan Plan { get; }

    public string Text { get; }

    /// <summary>The arena at given sizes, as the program itself arranges it.</summary>
    public long ArenaBytes(IReadOnlyDictionary<string, long> sizes) => _program.ArenaBytes(Plan.Axes.Select(axis => (nint)sizes[axis]).ToArray());

    public static GeneratedProgram Compile(Graph graph, Device? device = null)
    {
        device ??= Device.Cpu;
        var axes = AxesOf(graph).ToEquatableArray();
        var plan = Planner.Plan("Program", graph, axes);
        var (parameters, buffers) = (ParameterLayouts(graph), BufferLayouts(graph));
        var text = device.IsCpu ? CpuProgramPrinter.Print("Generated", plan, parameters, buffers, _ => null) : GpuProgramPrinter.Print("Generated", plan, parameters, buffers, _ => null);
        var name = device.IsCpu ? "Generated.Program" : "Generated." + GpuProgramPrinter.ClassName(plan);
        // Several tests look at the same program.
        var type = Loaded.GetOrAdd(text, _ => new Lazy<Type>(() => Load(text).GetType(name, throwOnError: true)!)).Value;
        return new GeneratedProgram(graph, plan, text, Construct(type, device), device, parameters, buffers);
    }

    // Of types, and of what operations name besides but for the steps of loops: how long something is that has grown, and the round.
    private static IEnumerable<string> AxesOf(Graph graph)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Nodes)
        {
            OperationSizes.Substitute(node, name =>
            {
                if (name[0] != '#' || !char.IsDigit(name[1])) names.Add(name);
                return null;
            });
        }
        return names;
    }

    /// <summary>The same program once more, on another device of the same kind.</summary>
    public GeneratedProgram On(Device device) => new(_graph, Plan, Text, Construct(_program.GetType(), device), device, _parameters, _buffers);

    private static DeviceProgram Construct(Type program, Device device) => (DeviceProgram)Activator.CreateInstance(
        program, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, [device.IsCpu ? device.Pool : device], null)!;

    /// <summary>Compiles generated C# and loads it.</summary>
    public static Assembly Load(params string[] texts)
    {
        // Files of the same name would make it look through all names of all references.
        var compilation = Nothing.AddSyntaxTrees(texts.Select((text, i) => CSharpSyntaxTree.ParseText(text, ParseOptions, FormattableString.Invariant($"Program{i}.cs"))));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join("\n", result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error).Take(10)) + "\n" + string.Join("\n", texts));
        return Assembly.Load(image.ToArray());
    }

    private static HashSet<Assembly> WithReferences(IEnumerable<Assembly> assemblies)
    {
        var known = new HashSet<Assembly>();
        var waiting = new Queue<Assembly>(assemblies);
        while (waiting.TryDequeue(out var assembly))
        {
            if (!known.Add(assembly)) continue;
            foreach (var name in assembly.GetReferencedAssemblies()) waiting.Enqueue(Assembly.Load(name));
        }
        return known;
    }

    /// <summary>Runs forward and backward; gives each output in the graph's order.</summary>
    public double[][] Run(Dsl.Interpretation.InterpreterInputs inputs, ulong seed = 1, ulong step = 1)
    {
        long SizeOf(Size size) => size.Evaluate(name => inputs.Sizes[name]);
        var sizes = (nint*)Allocate(Math.Max(1, Plan.Axes.Count) * sizeof(nint));
        for (var i = 0; i < Plan.Axes.Count; i++) sizes[i] = (nint)inputs.Sizes[Plan.Axes[i]];
        var call = new ProgramCall
        {
            Sizes = sizes,
            Inputs = Pointers(32),
            Results = Pointers(32),
            ResultGradients = Pointers(32),
            InputGradients = Pointers(32),
            Parameters = Pointers(4),
            Gradients = Pointers(4),
            Buffers = Pointers(4),
            NewBuffers = Pointers(4),
            Kept = Pointers(32),
            NewKept = Pointers(32),
            Scalars = (float*)AllocateOnDevice(64, out var scalars).ForProgram(writes: true),
            Seed = seed,
            Step = step,
        };
        foreach (var node in _graph.Nodes)
        {
            var count = SizeOf(node.Type.ElementCount);
            switch (node.Operation)
            {
                case Input input:
                    call.Inputs[input.Index] = Write(inputs.Inputs[input.Index], node.Type.Element);
                    break;
                case OutputGradient gradient:
                    call.ResultGradients[gradient.Index] = Write(inputs.OutputGradients[gradient.Index], node.Type.Element);
                    break;
            }
        }
        var gradients = new DeviceMemory[4];
        var newBuffers = new DeviceMemory[4];
        for (var net = 0; net < 4; net++)
        {
            call.Parameters[net] = Flat(_parameters[net], (n, i) => inputs.Parameter(n, i), node => node.Operation is Parameter p && p.Net == net ? p.Index : -1, net);
            call.Gradients[net] = AllocateOnDevice(_parameters[net].Length, out gradients[net]).ForProgram(writes: true);
            call.NewBuffers[net] = AllocateOnDevice(_buffers[net].Length, out newBuffers[net]).ForProgram(writes: true);
            call.Buffers[net] = Flat(_buffers[net], (n, i) => inputs.Buffer(n, i), node => node.Operation is BufferValue b && b.Net == net ? b.Index : -1, net);
        }
        var kept = new DeviceMemory?[32];
        var newKept = new DeviceMemory?[32];
        foreach (var node in _graph.Nodes)
        {
            if (node.Operation is not Kept place) continue;
            AllocateOnDevice((SizeOf(node.Type.ElementCount) * node.Type.Element.SizeInBytes() + 3) / 4, out var memory);
            Write((void*)memory.ForWriting(), inputs.Kept[place.Index], node.Type.Element);
            call.Kept[place.Index] = (kept[place.Index] = memory).ForProgram(writes: true);
        }
        foreach (var output in _graph.Outputs)
        {
            if (output.Target is KeptTarget next) call.NewKept[next.Index] = AllocateOnDevice(SizeOf(_graph[output.Node].Type.ElementCount) * 2, out newKept[next.Index]!).ForProgram(writes: true);
            var bytes = SizeOf(_graph[output.Node].Type.ElementCount) * 8;
            if (output.Target is ResultTarget result) call.Results[result.Index] = Allocate(bytes);
            if (output.Target is InputGradientTarget gradient) call.InputGradients[gradient.Input] = Allocate(bytes);
        }
        _program.Run(call);
        call.Backward = true;
        _program.Run(call);
        var outputs = _graph.Outputs.Select(output =>
        {
            var type = _graph[output.Node].Type;
            var pointer = output.Target switch
            {
                ResultTarget result => call.Results[result.Index],
                InputGradientTarget gradient => call.InputGradients[gradient.Input],
                GradientTarget gradient => (float*)gradients[gradient.Net].ForReading() + _parameters[gradient.Net].Offsets[gradient.Parameter],
                BufferTarget buffer => (float*)newBuffers[buffer.Net].ForReading() + _buffers[buffer.Net].Offsets[buffer.Buffer],
                KeptTarget next => newKept[next.Index]!.ForReading(),
                WrittenTarget written => kept[written.Index]!.ForReading(),
                ScalarTarget scalar => (float*)scalars.ForReading() + scalar.Index,
                var other => throw new InvalidOperationException(other.ToString()),
            };
            return Read(pointer, type.Element, SizeOf(type.ElementCount));
        }).ToArray();
        Free();
        return outputs;
    }

    public void Dispose() => _program.Dispose();

    /// <summary>For each net where its parameters lie.</summary>
    public static StorageLayout[] ParameterLayouts(Graph graph) => Layouts(graph, node => node.Operation is Parameter parameter ? (parameter.Net, parameter.Index) : null);

    /// <summary>For each net where its buffers lie.</summary>
    public static StorageLayout[] BufferLayouts(Graph graph) => Layouts(graph, node => node.Operation is BufferValue buffer ? (buffer.Net, buffer.Index) : null);

    private static StorageLayout[] Layouts(Graph graph, Func<Node, (int Net, int Index)?> find)
    {
        var known = graph.Nodes.Select(node => (Key: find(node), node.Type)).Where(item => item.Key is not null).ToDictionary(item => item.Key!.Value, item => item.Type);
        // A parameter that nothing reads has a gradient all the same.
        foreach (var output in graph.Outputs)
        {
            Operation? owner = output.Target switch
            {
                GradientTarget gradient => new Parameter(gradient.Net, gradient.Parameter),
                BufferTarget buffer => new BufferValue(buffer.Net, buffer.Buffer),
                _ => null,
            };
            if (owner is not null && find(new Node(0, owner, default, graph[output.Node].Type, default)) is { } key) known[key] = graph[output.Node].Type;
        }
        return Enumerable.Range(0, 4).Select(net =>
        {
            var count = known.Keys.Where(key => key.Net == net).Select(key => key.Index + 1).DefaultIfEmpty(0).Max();
            return StorageLayout.Compute(Enumerable.Range(0, count).Select(index => new BoundStorage("p", "p",
                known.TryGetValue((net, index), out var type) ? type : new TensorType(ElementType.F32, EquatableArray<Size>.Own(Size.One)), default, new BoundInitializer("constant", default), default)));
        }).ToArray();
    }

    private void* Flat(StorageLayout layout, Func<int, int, double[]> values, Func<Node, int> indexOf, int net)
    {
        var memory = AllocateOnDevice(layout.Length, out _);
        var pointer = (float*)memory.ForWriting();
        foreach (var index in _graph.Nodes.Select(indexOf).Where(index => index >= 0))
        {
            var source = values(net, index);
            for (var i = 0; i < source.Length; i++) pointer[layout.Offsets[index] + i] = (float)source[i];
        }
        return memory.ForProgram(writes: false);
    }

    private DeviceMemory AllocateOnDevice(long floats, out DeviceMemory memory)
    {
        memory = Device.Allocate(floats * sizeof(float), "a test");
        _deviceMemory.Add(memory);
        return memory;
    }

    private void** Pointers(int count) => (void**)Allocate(count * sizeof(void*));

    private void* Allocate(long bytes)
    {
        var pointer = NativeMemory.AlignedAlloc((nuint)bytes + 128, 64);
        NativeMemory.Clear(pointer, (nuint)bytes + 128);
        _memory.Add((nint)pointer);
        return pointer;
    }

    private void Free()
    {
        foreach (var pointer in _memory) NativeMemory.AlignedFree((void*)pointer);
        _memory.Clear();
        foreach (var memory in _deviceMemory) memory.Dispose();
        _deviceMemory.Clear();
    }

    private void* Write(double[] values, ElementType element) => Write(Allocate(values.Length * 8L), values, element);

    private static void* Write(void* pointer, double[] values, ElementType element)
    {
        for (var i = 0; i < values.Length; i++)
        {
            switch (element)
            {
                case ElementType.F32: ((float*)pointer)[i] = (float)values[i]; break;
                case ElementType.F64: ((double*)pointer)[i] = values[i]; break;
                case ElementType.I32: ((int*)pointer)[i] = (int)values[i]; break;
                case ElementType.I64: ((long*)pointer)[i] = (long)values[i]; break;
                default: ((bool*)pointer)[i] = values[i] != 0; break;
            }
        }
        return pointer;
    }

    private static double[] Read(void* pointer, ElementType element, long count)
    {
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            values[i] = element switch
            {
                ElementType.F32 => ((float*)pointer)[i],
                ElementType.F64 => ((double*)pointer)[i],
                ElementType.I32 => ((int*)pointer)[i],
                ElementType.I64 => ((long*)pointer)[i],
                _ => ((bool*)pointer)[i] ? 1 : 0,
            };
        }
        return values;
    }
}
