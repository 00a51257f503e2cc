using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>Finding devices, and what is said when one is not there or has no room.</summary>
public sealed class DeviceTests
{
    public DeviceTests() => GpuBackend.Register();

    [Fact]
    public void The_processor_is_always_there_and_first()
    {
        Assert.Same(Device.Cpu, Device.All[0]);
        Assert.True(Device.Cpu.IsCpu);
        Assert.False(Device.Cpu.IsGpu);
        Assert.StartsWith("CPU", Device.Cpu.ToString());
    }

    [Fact]
    public void A_device_that_is_not_there_is_an_error_that_names_those_that_are()
    {
        var cuda = Assert.Throws<DeviceException>(() => Device.Cuda(99));
        Assert.StartsWith("There is no CUDA device", cuda.Message);
        Assert.Contains(Device.Cpu.ToString()!, cuda.Message);
        Assert.Contains("Device.Best()", cuda.Message);
        Assert.StartsWith("There is no OpenCL device", Assert.Throws<DeviceException>(() => Device.OpenCL(99)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => Device.Cuda(-1));
    }

    [Fact]
    public void The_best_device_is_never_an_emulation()
    {
        Assert.True(Device.Best().IsCpu || Device.Best().IsGpu);
        var all = Device.AllBest();
        Assert.Same(Device.Best(), all[0]);
        Assert.All(all, device => Assert.Equal((all[0].IsGpu, all[0].Kind), (device.IsGpu, device.Kind)));
        if (all[0].IsCpu) Assert.Single(all);
    }

    [Theory]
    [InlineData("cpu", "CPU")]
    [InlineData("CPU", "CPU")]
    public void Devices_have_names_for_command_lines(string name, string start) => Assert.StartsWith(start, Device.Parse(name).ToString());

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:x")]
    [InlineData("cpu:1")]
    [InlineData("")]
    public void Other_names_are_an_error_that_says_which_there_are(string name) =>
        Assert.Contains("'cpu', 'best', 'cuda', 'opencl'", Assert.Throws<DeviceException>(() => Device.Parse(name)).Message);

    [SkippableFact]
    public void A_number_behind_the_name_says_which()
    {
        var pocl = Pocl.Require();
        Assert.Contains(pocl, Device.All);
        var api = pocl.ToString()!.Split(' ')[0];
        Assert.Same(pocl, Device.Parse(FormattableString.Invariant($"{api}:{Device.All.Where(device => device.ToString()!.StartsWith(api, StringComparison.Ordinal)).ToList().IndexOf(pocl)}")));
    }

    [Fact]
    public void Another_ILGPU_is_refused()
    {
        RepairedCompiler.Check(new Version(1, 5, 3, 0));
        var failure = Assert.Throws<DeviceException>(() => RepairedCompiler.Check(new Version(1, 6, 0)));
        Assert.Contains("ILGPU 1.6.0 is loaded", failure.Message);
        Assert.Contains("1.5.3", failure.Message);
    }

    [SkippableFact]
    public void No_room_says_for_what_and_which_batch_fits()
    {
        var device = (GpuDevice)Pocl.Require();
        using var net = new Mixed(device);
        const int length = 4;
        var fits = net.ArenaBytes(40, length);
        try
        {
            // What is there already, and room for forty rows.
            device.MemoryLimit = device.AllocatedBytes + fits + 4096;
            var failure = Assert.Throws<DeviceMemoryException>(() => net.Forward(new(500, Features.Size), new(500, length)));
            Assert.Contains("the intermediate values of Mixed_Inference", failure.Message);
            Assert.Contains("batch = 500, length = 4", failure.Message);
            Assert.True(failure.NeededBytes > fits);
            var most = int.Parse(System.Text.RegularExpressions.Regex.Match(failure.Message, @"At most batch = (\d+) fits").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(most, 40, 80);
            net.Forward(new(most, Features.Size), new(most, length));
            var large = Assert.Throws<DeviceMemoryException>(() => net.Forward(new(20_000_000, Features.Size), new(20_000_000, length)));
            Assert.Contains("a single tensor of Mixed_Inference", large.Message);
            Assert.Matches(@"At most batch = \d+ fits", large.Message);
            Assert.Contains("the parameters of", Assert.Throws<DeviceMemoryException>(() => new Mixed(device)).Message);
        }
        finally
        {
            device.MemoryLimit = long.MaxValue;
        }
    }

    [SkippableFact]
    public void No_room_for_what_an_optimizer_remembers_says_so_and_the_step_is_not_made()
    {
        var device = (GpuDevice)Pocl.Require();
        using var net = new Line(device);
        using var trainer = new FitLine(net);
        var batch = new FitLine.MiniBatch(new(5, Features.Size), new(5, 1));
        try
        {
            // The programs have room; two moments of each weight have not.
            device.MemoryLimit = device.AllocatedBytes + trainer.ArenaBytes(batch) + 512;
            var failure = Assert.Throws<DeviceMemoryException>(() => trainer.Step(batch));
            // The batch is on its way in memory of its own where it is uploaded beside the step.
            Assert.Matches("no room for what the optimizer of 'loss' remembers: 1 KiB are needed in one piece and about 0(\\.\\d)? KiB are free", failure.Message);
            Assert.Contains("dispose of models and trainers that are no longer needed", failure.Message);
            Assert.Equal(0, trainer.StepCount);
        }
        finally
        {
            device.MemoryLimit = long.MaxValue;
        }
        trainer.Step(batch);
        Assert.Equal(1, trainer.StepCount);
    }

    [SkippableFact]
    public void An_index_that_is_computed_and_lies_outside_is_the_same_error_as_on_the_processor()
    {
        using var here = new Pick();
        using var there = new Pick(Pocl.Require());
        using var good = new Tensor<float, Batch>([3f, 0, 1], 3);
        using var bad = new Tensor<float, Batch>([3f, 4, -1], 3);
        there.CopyFrom(here);
        Assert.Equal(here.Forward(good).ToArray(), there.Forward(good).ToArray());
        var expected = Assert.Throws<ArgumentOutOfRangeException>(() => here.Forward(bad));
        Assert.Equal(expected.Message, Assert.Throws<ArgumentOutOfRangeException>(() => there.Forward(bad)).Message);
        Assert.Equal(here.Forward(good).ToArray(), there.Forward(good).ToArray());
    }

    [SkippableFact]
    public void Networks_on_different_devices_are_not_trained_together()
    {
        using var here = new Line();
        using var there = new Line(Pocl.Require());
        Assert.Contains("different devices", Assert.Throws<ArgumentException>(() => new FitPair(here, there)).Message);
    }
}
