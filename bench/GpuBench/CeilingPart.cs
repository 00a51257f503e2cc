using FeedbackNN.Gpu;
using GpuBench.Frame;
using ILGPU;
using ILGPU.Runtime;

namespace GpuBench;

/// <summary>What the device can do at best, and what our matrix product reaches of it, beside that of cuBLAS where it is found and that on tensor cores.</summary>
internal sealed class CeilingPart : IPart
{
    public string Name => "ceilings";

    public void Run(GpuDevice device, Report report)
    {
        report.Try("copies of memory", () => report.Add("copies of memory", new() { ["gigabytes_per_second"] = device.Speed.Gigabytes }));
        report.Try("multiply-adds between registers", () => report.Add("multiply-adds between registers", new() { ["gigaflops"] = device.Speed.Gigaflops }));
        int[] sizes = device.IsGpu ? [1024, 4096] : [128];
        report.Add("cuBLAS", new() { ["found"] = device.CublasFile ?? "no" });
        foreach (var n in sizes)
        {
            foreach (var operands in Enum.GetValues<OperandFormat>()) Product(device, report, n, operands);
        }
    }

    private static void Product(GpuDevice device, Report report, int n, OperandFormat operands)
    {
        var name = FormattableString.Invariant($"product {n} x {n} x {n}{Suffix(operands)}");
        report.Try(name, () =>
        {
            var matrices = Enumerable.Range(0, 3).Select(_ => device.AllocateFloats((long)n * n * sizeof(float), "a matrix")).ToArray();
            using var program = new ProductProgram(device, matrices, n, operands);
            var microseconds = DeviceTimer.Microseconds(device, program.Run);
            var gigaflops = 2e-3 * n * n * n / microseconds;
            var cublas = OptionalPath.Cublas.Microseconds(device, program.Run);
            var tensorCores = OptionalPath.TensorCores.Microseconds(device, program.Run);
            report.Add(name, new()
            {
                ["microseconds"] = microseconds,
                ["gigaflops"] = gigaflops,
                ["of_multiply_adds"] = gigaflops / device.Speed.Gigaflops,
                ["cublas_microseconds"] = cublas,
                ["cublas_gigaflops"] = 2e-3 * n * n * n / cublas,
                ["tensor_cores_microseconds"] = tensorCores,
                ["tensor_cores_gigaflops"] = 2e-3 * n * n * n / tensorCores,
            });
            foreach (var matrix in matrices) device.Free(matrix);
        });
    }

    private static string Suffix(OperandFormat operands) => operands switch
    {
        OperandFormat.TensorFloat32 => " in tf32",
        OperandFormat.BFloat16 => " in bf16",
        OperandFormat.Float16 => " in f16",
        _ => "",
    };

    /// <summary>A product as generated code starts it.</summary>
    private sealed unsafe class ProductProgram(GpuDevice device, MemoryBuffer1D<float, Stride1D.Dense>[] matrices, int n, OperandFormat operands) : GpuProgram(device, [])
    {
        protected override ReadOnlySpan<string> AxisNames => [];

        protected override ReadOnlySpan<HostTransfer> Transfers => [];

        protected override ReadOnlySpan<string> Sources => new[] { "a product" };

        public void Run(int count)
        {
            for (var i = 0; i < count; i++) Run(new FeedbackNN.ProgramCall());
        }

        protected override void Measure(nint* sizes, Span<long> bytes) { }

        protected override void Describe(nint* sizes, FeedbackNN.StepDescriptions descriptions) { }

        protected override void Execute(in FeedbackNN.ProgramCall call)
        {
            Begin(0);
            // The right matrix as a layer's weights lie: [out, in].
            Product(matrices[0].View, matrices[1].View, new ProductSizes { Batch = 1, M = n, N = n, K = n, LeftRow = n, LeftColumn = 1, RightRow = n, RightColumn = 1 }, matrices[2].View, operands);
        }
    }
}
