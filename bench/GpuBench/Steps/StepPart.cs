using FeedbackNN;
using FeedbackNN.Gpu;
using GpuBench.Frame;

namespace GpuBench.Steps;

/// <summary>Whole training steps: their time beside PyTorch's where that is found, their launches and memory, and how near each kernel comes to what the device can do.</summary>
internal sealed class StepPart : IPart
{
    public string Name => "steps";

    public void Run(GpuDevice device, Report report)
    {
        var workloads = StepWorkload.All.Where(workload => report.Wants(workload.Name)).ToArray();
        if (workloads.Length == 0) return;
        var torch = TorchSteps.Run(workloads.Select(workload => workload.Name), isCuda: device.ToString().StartsWith("CUDA", StringComparison.Ordinal), out var whyNot);
        report.Add("PyTorch", new() { ["found"] = whyNot ?? "yes" }, isAlways: true);
        foreach (var workload in workloads) report.Try(workload.Name, () => Measure(workload, device, report, torch.GetValueOrDefault(workload.Name)));
    }

    private static void Measure(StepWorkload workload, GpuDevice device, Report report, TorchTimes? torch)
    {
        var before = device.AllocatedBytes;
        using var step = workload.Open(device);
        var loss = step.Step();
        if (!double.IsFinite(loss)) throw new InvalidOperationException(FormattableString.Invariant($"The loss is {loss}."));
        var launches = device.Launches;
        step.Step();
        launches = device.Launches - launches;
        var waited = DeviceTimer.Microseconds(device, count =>
        {
            for (var i = 0; i < count; i++) step.Step();
        });
        var among = DeviceTimer.Microseconds(device, step.Steps);
        var profile = step.Profile();
        var (flops, bytes) = (profile.Rows.Sum(row => row.Flops), profile.Rows.Sum(row => row.Bytes));
        report.Add(workload.Name, new()
        {
            ["microseconds"] = among,
            ["waited_microseconds"] = waited,
            ["as_graphs_microseconds"] = OptionalPath.Graphs.Microseconds(device, step.Steps),
            ["with_cublas_microseconds"] = OptionalPath.Cublas.Microseconds(device, step.Steps),
            ["torch_eager_microseconds"] = torch?.Eager,
            ["torch_compiled_microseconds"] = torch?.Compiled,
            ["of_eager"] = among / torch?.Eager,
            ["of_compiled"] = among / torch?.Compiled,
            ["launches"] = launches,
            ["gigaflops"] = 1e-3 * flops / among,
            ["gigabytes_per_second"] = 1e-3 * bytes / among,
            ["of_floor"] = profile.Rows.Sum(row => row.FloorMicroseconds) / among,
            ["parameters"] = step.ParameterCount,
            ["arena_bytes"] = step.ArenaBytes,
            ["device_bytes"] = device.AllocatedBytes - before,
            ["torch_note"] = torch?.Note,
        });
        foreach (var row in profile.Rows.OrderByDescending(row => row.Microseconds)) report.Add($"{workload.Name}: {row.Kernel}", KernelFields(row));
    }

    private static Fields KernelFields(ProfileRow row) => new()
    {
        ["sizes"] = row.Sizes,
        ["rounds"] = row.Rounds,
        ["kernel_microseconds"] = row.Microseconds,
        ["gigaflops"] = row.Gigaflops,
        ["gigabytes_per_second"] = row.Gigabytes,
        ["of_floor"] = row.ShareOfFloor,
        ["source"] = row.Source,
    };
}
