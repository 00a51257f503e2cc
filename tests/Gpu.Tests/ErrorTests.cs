using FeedbackNN.Gpu.Nets;
using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace FeedbackNN.Gpu.Tests;

/// <summary>What fails on a device names the line of the <c>.fnn</c> file it comes from, or says how to learn it; a driver that is too old says which is needed.</summary>
public sealed class ErrorTests
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_kernel_that_fails_while_it_runs_names_its_line(bool isWaitedFor)
    {
        var device = (GpuDevice)Pocl.Require();
        using var net = new Mixed(device, seed: 1);
        using Tensor<float, Batch, Features> x = new(2, Features.Size);
        using Tensor<int, Batch, Length> word = new(2, 3);
        var lines = new List<string?>();
        try
        {
            device.WaitsForSteps = isWaitedFor;
            // Each kernel of the program in turn.
            for (var failing = 0; ; failing++)
            {
                var launched = 0;
                device.Starting = () =>
                {
                    if (launched++ == failing) throw new CLException(CLError.CL_OUT_OF_RESOURCES);
                };
                var failure = Record.Exception(() => net.Forward(x, word));
                if (failure is null) break;
                var told = Assert.IsType<DeviceException>(failure);
                lines.Add(told.SourceLine);
                Assert.StartsWith($"{device} failed at {told.SourceLine}", told.Message);
                Assert.Contains("CL_OUT_OF_RESOURCES", told.Message);
                Assert.Equal(!isWaitedFor, told.Message.Contains("or at a step before it", StringComparison.Ordinal));
                Assert.Equal(!isWaitedFor, told.Message.Contains("FNN_GPU_WAIT=1", StringComparison.Ordinal));
            }
        }
        finally
        {
            (device.Starting, device.WaitsForSteps) = (null, false);
        }
        Assert.Contains("nets.fnn(10): h = (x |> fc1 |> bn |> tanh) + mean(embed(word), 1)", lines);
        Assert.Contains("nets.fnn(11): return h |> ln |> gelu |> drop |> fc2", lines);
        Assert.All(lines, line => Assert.StartsWith("nets.fnn(", line));
    }

    [SkippableFact]
    public void A_kernel_that_a_driver_does_not_compile_names_its_line()
    {
        using var program = new Broken(Pocl.Require());
        var failure = Assert.Throws<DeviceException>(() => Run(program));
        Assert.Contains("does not compile the kernel Map(", failure.Message);
        Assert.Contains(nameof(Unknown), failure.Message);
        Assert.EndsWith("The kernel is of broken.fnn(7): y = unknown(x)", failure.Message);
        Assert.Equal("broken.fnn(7): y = unknown(x)", failure.SourceLine);

        // Other kernels are compiled afterwards as before.
        using var net = new Line(Pocl.Require(), seed: 1);
        using Tensor<float, Batch, Features> x = new(2, Features.Size);
        Assert.Equal(2, net.Forward(x).Span.Length);
    }

    [Theory]
    [InlineData(9, 2, 80, "its driver is for CUDA 9.2, and its kernels need one for CUDA 11.0 or newer")]
    [InlineData(11, 4, 90, "its driver is for CUDA 11.4, and its kernels need one for CUDA 11.8 or newer")]
    [InlineData(11, 8, 90, null)]
    [InlineData(13, 0, 80, null)]
    [InlineData(8, 0, 0, "Install a newer NVIDIA driver")]
    [InlineData(13, 0, 0, null)]
    public void A_CUDA_driver_that_is_too_old_says_what_is_needed(int major, int minor, int architecture, string? problem) =>
        AssertProblem(problem, DriverVersions.Problem(CudaDriverVersion.FromMajorMinor(major, minor), architecture == 0 ? null : new CudaArchitecture(architecture / 10, architecture % 10)));

    [Theory]
    [InlineData(1, 2, "its driver compiles OpenCL C 1.2, and kernels need 2.0 or newer. Install a newer driver")]
    [InlineData(2, 0, null)]
    [InlineData(3, 0, null)]
    public void An_OpenCL_driver_that_is_too_old_says_what_is_needed(int major, int minor, string? problem) => AssertProblem(problem, DriverVersions.Problem(new CLCVersion(major, minor)));

    private static void AssertProblem(string? expected, string? actual)
    {
        if (expected is null) Assert.Null(actual);
        else Assert.Contains(expected, actual);
    }

    [Fact]
    public void No_device_says_what_to_install()
    {
        GpuBackend.Register();
        if (Device.All.Any(device => device.ToString()!.StartsWith("CUDA", StringComparison.Ordinal))) return;
        Assert.Contains("install NVIDIA's graphics driver", Assert.Throws<DeviceException>(() => Device.Cuda()).Message);
    }

    private static unsafe void Run(GpuProgram program) => program.Run(new ProgramCall());

    /// <summary>As the generator prints one, with a kernel that no driver can compile.</summary>
    private sealed class Broken(Device device) : GpuProgram(device, [new BufferLifetime(0, 0)])
    {
        protected override ReadOnlySpan<string> AxisNames => [];

        protected override ReadOnlySpan<HostTransfer> Transfers => [];

        protected override ReadOnlySpan<string> Sources => new string[] { "broken.fnn(7): y = unknown(x)" };

        protected override unsafe void Measure(nint* sizes, Span<long> bytes) => bytes[0] = 64;

        protected override unsafe void Describe(nint* sizes, StepDescriptions descriptions) => descriptions.Add(0, "Unknown", [4], 8, 32);

        protected override void Execute(in ProgramCall call)
        {
            Begin(0);
            Map<Unknown, float>(new Unknown(At<float>(0)), 4);
        }
    }
}

/// <summary>ILGPU compiles it, to the call of a function that no OpenCL driver has.</summary>
internal readonly struct Unknown(ArrayView<float> y) : IMapKernel<float>
{
    public float Load(int index) => y[index];

    public void Run(int index, float loaded) => y[index] = MathF.FusedMultiplyAdd(loaded, 2, 1);
}
