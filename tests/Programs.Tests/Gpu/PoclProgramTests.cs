using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;
using FeedbackNN.Gpu.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Programs.Tests.Gpu;

/// <summary>
/// Programs printed for GPUs give on PoCL what the interpreter gives (forward, gradients, losses, metrics, buffers), and ten steps of gradient descent end where
/// the processor's do. A covering set of the corpus runs each time: the training programs of files that together have every kind of step and template. With
/// <c>FNN_GPU=all</c> every program of the corpus and the examples does.
/// </summary>
public sealed class PoclProgramTests(ITestOutputHelper output)
{
    private static readonly string[] CoveringSet =
    [
        "attention", "attention_by_indices", "convolution_by_indices", "digits", "dropout", "element_types", "feedback_over", "feedback_rounds", "gathers", "images", "losses", "masks", "norms", "precision", "recurrence_of_layers",
        "residual_tower", "running_statistics", "several_losses", "softmax_axes", "windows", "word_embeddings",
    ];

    private static bool IsAll => Environment.GetEnvironmentVariable("FNN_GPU") == "all";

    public static TheoryData<string> Files() => new(CorpusPrograms.Files.Where(file => IsAll || CoveringSet.Contains(Path.GetFileNameWithoutExtension(file)) && file.StartsWith("tests/", StringComparison.Ordinal)));

    [SkippableTheory]
    [MemberData(nameof(Files))]
    public void GpuInterpreterAndProcessorAgree(string file)
    {
        var device = Pocl.Require();
        var report = new Report($"Programs on PoCL, {file}");
        foreach (var program in CorpusPrograms.Of(file).Where(program => IsAll || program.Name.EndsWith("_Training", StringComparison.Ordinal) || program.Name.Contains("_Step")))
        {
            using var gpu = GeneratedProgram.Compile(program.Graph, device);
            var sizes = program.SizesThatFit().First();
            ProgramComparison.Check(program.Graph, sizes, 1, 2e-4, program.Draw, gpu);
            var trains = program.Graph.Outputs.Any(output => output.Target is GradientTarget);
            if (trains)
            {
                using var cpu = GeneratedProgram.Compile(program.Graph);
                // The processor takes operands as they are.
                var isRounded = gpu.Plan.Steps.OfType<ProductStep>().Any(product => product.Operands != FloatFormat.F32);
                AssertSame(TenSteps(program, sizes, cpu), TenSteps(program, sizes, gpu), isRounded ? 1e-3 : 1e-5, program.Name);
            }
            report.Add($"{program.Name} ({string.Join(", ", sizes.Select(size => FormattableString.Invariant($"{size.Key} = {size.Value}")))}): {gpu.Plan.Kernels.Count} kernels, the interpreter's numbers{(trains ? ", ten steps as on the processor" : "")}");
        }
        report.Write(output);
    }

    /// <summary>Parameters after ten steps of descent with clipped gradients, each with the buffers that the step before left.</summary>
    private static Dictionary<(int Net, int Index), double[]> TenSteps(CorpusProgram program, Dictionary<string, long> sizes, GeneratedProgram generated)
    {
        const double rate = 0.02;
        var drawn = ProgramComparison.Draw(program.Graph, sizes, 1, program.Draw);
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
