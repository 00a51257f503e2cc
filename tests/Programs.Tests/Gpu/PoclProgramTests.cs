using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Gpu;
using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Programs printed for GPUs give on PoCL what the interpreter gives (forward, gradients, losses, metrics, buffers), and ten steps of gradient descent end where
/// the processor's do; and they launch as many kernels as <c>fnn plan</c> says. A covering set of the corpus runs each time. With <c>FNN_GPU=all</c> every program of the corpus and
/// the examples does.
/// </summary>
public sealed class PoclProgramTests(PoclProgramTests.OwnDevice own, ITestOutputHelper output) : IClassFixture<PoclProgramTests.OwnDevice>
{
    /// <summary>Launches are counted for a device, and other tests use the one that is there at the same time.</summary>
    public sealed class OwnDevice : IDisposable
    {
        private GpuDevice? _device;

        internal GpuDevice Require() => _device ??= ((GpuDevice)Pocl.Require()).Twin();

        public void Dispose() => _device?.Dispose();
    }

    public static TheoryData<string, string> Programs() => Environment.GetEnvironmentVariable("FNN_GPU") == "all"
        ? Data(CorpusPrograms.Files.SelectMany(CorpusPrograms.Of).Select(program => (program.File, program.Name)))
        : Data(CoveringSet.Programs.Select(program => program.Split(' ')).Select(words => ($"tests/corpus/good/{words[0]}.fnn", words[1])));

    [SkippableTheory]
    [MemberData(nameof(Programs))]
    public void GpuInterpreterAndProcessorAgree(string file, string name)
    {
        var device = own.Require();
        var program = CorpusPrograms.Of(file).Single(program => program.Name == name);
        using var gpu = GeneratedProgram.Compile(program.Graph, device);
        // No even number of steps, whose rest of a segment would be empty and not launched.
        var sizes = program.SizesThatFit(4).First();
        var before = device.Launches;
        ProgramComparison.Check(program.Graph, sizes, 1, 2e-4, program.DrawAt(sizes), gpu);
        AssertLaunches(GpuLaunches.Of(gpu.Plan), sizes, device.Launches - before);
        var trains = program.Graph.Outputs.Any(output => output.Target is GradientTarget);
        if (trains)
        {
            using var cpu = GeneratedProgram.Compile(program.Graph);
            // The processor takes operands as they are.
            var isRounded = gpu.Plan.Steps.OfType<ProductStep>().Any(product => product.Operands != FloatFormat.F32);
            AssertSame(TenSteps(program, sizes, cpu), TenSteps(program, sizes, gpu), isRounded ? 1e-3 : 1e-5, program.Name);
        }
        var report = new Report($"Programs on {Pocl.Name}, {program.FullName}");
        report.Add($"{program.Name} ({string.Join(", ", sizes.Select(size => FormattableString.Invariant($"{size.Key} = {size.Value}")))}): {gpu.Plan.Kernels.Count} kernels, the interpreter's numbers{(trains ? ", ten steps as on the processor" : "")}");
        report.Write(output);
    }

    private static TheoryData<string, string> Data(IEnumerable<(string File, string Name)> programs)
    {
        var data = new TheoryData<string, string>();
        foreach (var (file, name) in programs) data.Add(file, name);
        return data;
    }

    /// <summary>Of a loop that may end early, how many rounds there were is known by what is left over: whole ones.</summary>
    private static void AssertLaunches(GpuLaunches plan, Dictionary<string, long> sizes, long launches)
    {
        var rest = launches - plan.Always.Evaluate(axis => sizes[axis]);
        var told = $"{plan.Always} planned, {launches} launched at {string.Join(", ", sizes)}";
        switch (plan.Loops)
        {
            case []:
                // Segments that divide a sequence evenly leave nothing, which is planned and not launched.
                Assert.True(rest == 0 || (rest < 0 && plan.Always.ToString().Contains("div(", StringComparison.Ordinal)), told);
                break;
            case [var loop]:
                var each = loop.EachRound.Evaluate(axis => sizes[axis]);
                Assert.True(rest >= each && rest % each == 0 && rest / each <= loop.AtMost.Evaluate(axis => sizes[axis]), $"{told}; rounds of {each}");
                break;
            default:
                Assert.True(rest > 0, told);
                break;
        }
    }

    /// <summary>Parameters after ten steps of descent with clipped gradients, each with the buffers that the step before left.</summary>
    private static Dictionary<(int Net, int Index), double[]> TenSteps(CorpusProgram program, Dictionary<string, long> sizes, GeneratedProgram generated)
    {
        const double rate = 0.02;
        var drawn = ProgramComparison.Draw(program.Graph, sizes, 1, program.DrawAt(sizes));
        var parameters = Keys<Parameter>(program.Graph, parameter => (parameter.Net, parameter.Index)).ToDictionary(key => key, key => drawn.Parameter(key.Net, key.Index));
        var buffers = Keys<BufferValue>(program.Graph, buffer => (buffer.Net, buffer.Index)).ToDictionary(key => key, key => drawn.Buffer(key.Net, key.Index));
        for (ulong step = 1; step <= 10; step++)
        {
            var results = generated.Run(drawn with { Parameter = (net, index) => parameters[(net, index)], Buffer = (net, index) => buffers[(net, index)] }, step: step);
            var squares = results.Where((_, i) => program.Graph.Outputs[i].Target is GradientTarget).Sum(values => values.Sum(value => value * value));
            var scale = rate / Math.Max(1, Math.Sqrt(squares));
            for (var i = 0; i < results.Length; i++)
            {
                switch (program.Graph.Outputs[i].Target)
                {
                    case GradientTarget gradient when parameters.TryGetValue((gradient.Net, gradient.Parameter), out var old):
                        parameters[(gradient.Net, gradient.Parameter)] = [.. old.Zip(results[i], (w, g) => (double)(float)(w - scale * g))];
                        break;
                    case BufferTarget buffer:
                        buffers[(buffer.Net, buffer.Buffer)] = results[i];
                        break;
                }
            }
        }
        return parameters;
    }

    private static IEnumerable<(int Net, int Index)> Keys<TOperation>(Graph graph, Func<TOperation, (int Net, int Index)> key) where TOperation : Operation =>
        graph.Nodes.Select(node => node.Operation).OfType<TOperation>().Select(key).Distinct();

    private static void AssertSame(Dictionary<(int Net, int Index), double[]> expected, Dictionary<(int Net, int Index), double[]> actual, double tolerance, string program)
    {
        foreach (var (key, values) in expected)
        {
            var difference = Math.Sqrt(values.Zip(actual[key], (a, b) => (a - b) * (a - b)).Sum());
            var norm = Math.Sqrt(values.Sum(value => value * value));
            Assert.True(difference <= tolerance * Math.Max(norm, 0.1), FormattableString.Invariant($"{program}, parameter {key}: {difference:E2} of {norm:E2} after ten steps"));
        }
    }
}
