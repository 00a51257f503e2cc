namespace FeedbackNN.Generator.Tests;

/// <summary>What the property FnnBackends adds to what is generated, and that it changes nothing else.</summary>
public sealed class BackendTests
{
    private static readonly FnnText[] Files =
    [
        new("/p/nets.fnn", """
            namespace Nets
            model Line(x: f32[batch, 3]) -> f32[batch, 1] {
                fc = linear(1)
                return fc(x)
            }
            train Fit for net: Line (x: f32[batch, 3], y: f32[batch, 1]) {
                minimize mse(net(x), y) with sgd(lr: 0.1)
            }
            """),
    ];

    private static SortedDictionary<string, string> Generate(string backends) =>
        GeneratorHarness.Outputs(GeneratorHarness.CreateDriver(backends, Files).RunGenerators(GeneratorHarness.Compile()));

    [Fact]
    public void A_project_for_the_processor_alone_gets_nothing_of_the_GPU()
    {
        var files = Generate("cpu");
        Assert.DoesNotContain(files, file => file.Key.Contains("Gpu", StringComparison.Ordinal) || file.Value.Contains("ILGPU", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cpu,gpu")]
    [InlineData("gpu, cpu")]
    [InlineData("CPU,GPU")]
    public void With_the_GPU_each_program_has_a_file_more(string backends)
    {
        var without = Generate("cpu");
        var files = Generate(backends);
        var programs = without.Keys.Where(name => name.Contains('-') && !name.Contains("Axes")).ToArray();
        Assert.NotEmpty(programs);
        Assert.Equal(
            without.Keys.Concat(programs.Select(name => name.Replace(".g.cs", "Gpu.g.cs"))).Append("FeedbackNN-Gpu.g.cs").Order(StringComparer.Ordinal), files.Keys.Order(StringComparer.Ordinal));
        Assert.All(programs, name => Assert.Equal(without[name], files[name]));
        Assert.Contains("_inference = Device.IsCpu ? new Line_Inference(Device.Pool) : new Line_InferenceGpu(Device);", files["Nets.Line.g.cs"]);
        Assert.Contains("device.IsCpu ? new Fit_Step0(device.Pool) : new Fit_Step0Gpu(device)", files["Nets.Fit.g.cs"]);
        Assert.Contains("GpuBackend.Register()", files["FeedbackNN-Gpu.g.cs"]);
    }
}
