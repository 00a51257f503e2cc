namespace FeedbackNN.EndToEnd;

/// <summary>What a user does on the first day: a new project outside this repository, one package, one <c>.fnn</c> file.</summary>
[Collection(LocalFeed.Name)]
public sealed class NewProjectTests(LocalFeed feed)
{
    private const string Network = """
        namespace Spirals

        /// Tells two classes of points apart.
        model Net(x: f32[batch, 2]) -> f32[batch, 2] {
            hidden = linear(16)
            head = linear(2)
            return x |> hidden |> tanh |> head
        }

        train Fit for net: Net (x: f32[batch, 2], label: i32[batch]) {
            logits = net(x)
            minimize cross_entropy(logits, label) with adam(lr: 0.01)
            metric accuracy = mean(argmax(logits) == label)
        }
        """;

    private const string Program = """
        using FeedbackNN;
        using Spirals;

        float[,] points = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
        using var x = new Tensor<float, Batch, N2>(points);
        using var label = new Tensor<int, Batch>([0, 1, 1, 0]);

        using var net = new Net(seed: 1);
        using var fit = new Fit(net);
        var first = fit.Step(new(x, label));
        var last = first;
        for (var step = 0; step < 300; step++) last = fit.Step(new(x, label));
        Console.WriteLine(last.Loss < first.Loss / 10 ? "learned" : $"did not learn: {first.Loss} then {last.Loss}");

        net.Save("net.safetensors");
        using var other = new Net(seed: 2);
        other.Load("net.safetensors");
        using var logits = net.Forward(x);
        using var same = other.Forward(x);
        Console.WriteLine(logits.Span.SequenceEqual(same.Span) ? "predicts the same" : "predicts something else");
        """;

    [Fact]
    public void One_package_and_one_file_build_train_save_load_and_predict()
    {
        var folder = feed.CreateConsole("first");
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Network);
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program);

        var build = Dotnet(folder, "build", "-c", "Release", "-warnaserror");
        Assert.True(build.ExitCode == 0, build.Output);

        var run = Dotnet(folder, "run", "-c", "Release", "--no-build");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("learned", run.Output);
        Assert.Contains("predicts the same", run.Output);

        var watched = Dotnet(folder, "msbuild", "-getItem:Watch");
        Assert.Contains("spirals.fnn", watched.Output);
    }

    [Fact]
    public void A_mistake_fails_the_build_at_its_place_and_only_there()
    {
        var folder = feed.CreateConsole("wrong");
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Network.Replace("|> head", "|> hedd"));
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program);

        var build = Dotnet(folder, "build", "-c", "Release");
        Assert.NotEqual(0, build.ExitCode);
        var errors = build.Output.Split('\n').Where(line => line.Contains("error ")).Select(line => line.Trim()).Distinct().ToList();
        Assert.Contains("spirals.fnn(7,35): error FNN2", Assert.Single(errors));
        Assert.Contains("head", errors[0]);
    }

    [Fact]
    public void The_tool_checks_files_without_a_project()
    {
        var folder = feed.CreateFolderWithTool("checked");
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Network);

        var check = Dotnet(folder, "fnn", "check");
        Assert.True(check.ExitCode == 0, check.Output);
        Assert.Contains("1 file checked: 0 errors", check.Output);

        var cost = Dotnet(folder, "fnn", "cost", "--at", "batch=4");
        Assert.True(cost.ExitCode == 0, cost.Output);
        Assert.Contains("Spirals.Net at batch 4", cost.Output);
        var graph = Dotnet(folder, "fnn", "graph", "--html", "net.html");
        Assert.True(graph.ExitCode == 0 && File.Exists(Path.Combine(folder, "net.html")), graph.Output);
    }

    [Fact]
    public void One_package_more_and_the_same_program_runs_on_any_device()
    {
        var folder = feed.CreateConsole("gpu");
        var added = Dotnet(folder, "add", "package", "FeedbackNN.Runtime.Gpu", "--version", LocalFeed.Version);
        Assert.True(added.ExitCode == 0, added.Output);
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Network);
        // The last device is a GPU's or an emulation's where there is one, and the processor otherwise.
        File.WriteAllText(Path.Combine(folder, "Program.cs"), Program.Replace("new Net(seed: 1)", "new Net(Device.All[^1], seed: 1)").Replace("step < 300", "step < 60").Replace("/ 10", "") + """

            Console.WriteLine($"best: {Device.Best()}; all: {string.Join("; ", Device.All)}");
            try
            {
                Device.Cuda(99);
            }
            catch (DeviceException failure)
            {
                Console.WriteLine(failure.Message);
            }
            """);
        var run = Dotnet(folder, "run", "-c", "Release", "-p:TreatWarningsAsErrors=true");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.Contains("learned", run.Output);
        Assert.Contains("predicts the same", run.Output.Replace("something else", "the same"));
        Assert.Contains("best: ", run.Output);
        Assert.Contains("There is no CUDA device", run.Output);
    }

    [Theory]
    [InlineData("cpu%3Bgpu", "does not reference FeedbackNN.Runtime.Gpu: dotnet add package FeedbackNN.Runtime.Gpu")]
    [InlineData("cuda", "there is no backend 'cuda'. Write 'cpu' or 'cpu;gpu'")]
    public void A_backend_that_cannot_be_is_one_error(string backends, string expected)
    {
        var folder = feed.CreateConsole("backends-" + backends.Length);
        File.WriteAllText(Path.Combine(folder, "spirals.fnn"), Network);
        var build = Dotnet(folder, "build", "-c", "Release", $"-p:FnnBackends={backends}");
        Assert.NotEqual(0, build.ExitCode);
        var errors = build.Output.Split('\n').Where(line => line.Contains("error ")).Select(line => line.Trim()).Distinct().ToList();
        Assert.Contains(expected, Assert.Single(errors));
    }

    private (int ExitCode, string Output) Dotnet(string folder, params string[] arguments) => DotnetCommand.Run(folder, feed.Environment, arguments);
}
