using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>Products by cuBLAS, whose stub computes them; kernels, on the stub of the driver, compute nothing.</summary>
internal static class CublasScenarios
{
    // So many that the products of Wide are large, and so few that they are not.
    private const int Rows = 64, FewRows = 63;

    // Of FitWide, by cuBLAS.
    private const int ProductsOfStep = 3;
    private const int Steps = 5;
    private const int AllocationFailed = 3, ExecutionFailed = 13;

    private static readonly (bool Left, bool Right)[] Layouts = [(true, true), (true, false), (false, true), (false, false)];

    public static void Products_of_every_layout_are_right()
    {
        using var device = Connect();
        foreach (var (left, right) in Layouts)
        {
            var product = new ProductCase(1, 200, 330, 260) { IsLeftAlongK = left, IsRightAlongK = right };
            product.AssertRight(device);
            (product with { Gap = 7 }).AssertRight(device);
            (product with { Batch = 3, M = 100, Gap = 3 }).AssertRight(device);
            (product with { Batch = 3, M = 100, SharesRight = true }).AssertRight(device);
        }
        new ProductCase(1, 48, 64, 6000).AssertRight(device);
        new ProductCase(1, 700, 800, 32).AssertRight(device);
        Assert.Equal(18, device.CublasLaunches);
        Assert.Equal(18, StubDriver.Log.Of("ran gemm").Length);
        Assert.Empty(StubDriver.Log.Of("called launch"));
    }

    public static void Small_products_would_be_right_too()
    {
        using var device = Connect();
        using var cublas = new CublasProducts(device);
        foreach (var (left, right) in Layouts)
        {
            foreach (var (m, n, k) in new[] { (2, 3, 4), (5, 2, 1), (2, 7, 3), (33, 65, 17) })
            {
                foreach (var product in new[] { new ProductCase(1, m, n, k), new ProductCase(4, m, n, k) { Gap = 2 } })
                {
                    var laid = product with { IsLeftAlongK = left, IsRightAlongK = right };
                    Assert.True(CublasGemm.TryOf(laid.Sizes, laid.Operands, out var gemm));
                    Assert.False(gemm.IsLarge);
                    laid.AssertRight(device, (a, b, c) => cublas.Multiply(gemm, a, b, c));
                }
            }
        }
    }

    public static void Operands_are_rounded_to_tf32_where_that_is_said()
    {
        using var device = Connect();
        foreach (var (left, right) in Layouts)
        {
            var product = new ProductCase(2, 128, 256, 300) { HasFractions = true, IsLeftAlongK = left, IsRightAlongK = right };
            product.AssertRight(device);
            (product with { Operands = OperandFormat.TensorFloat32 }).AssertRight(device);
        }
        Assert.Equal([.. Enumerable.Repeat(new[] { "68", "77" }, 4).SelectMany(both => both)], StubDriver.Log.Of("ran gemm").Select(gemm => gemm["compute"]));
    }

    public static void What_it_cannot_take_is_not_its()
    {
        var sizes = new ProductCase(1, 256, 256, 256).Sizes;
        Assert.True(CublasGemm.TryOf(sizes, OperandFormat.Float32, out var gemm) && gemm.IsLarge);
        Assert.False(CublasGemm.TryOf(sizes, OperandFormat.BFloat16, out _));
        Assert.False(CublasGemm.TryOf(sizes, OperandFormat.Float16, out _));
        // Neither direction side by side; rows that overlap, as windows do; one row for all; backwards; more than its batch may be.
        Assert.False(CublasGemm.TryOf(sizes with { LeftColumn = 2 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { LeftRow = 255 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { RightRow = 1 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { RightRow = 0 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { RightRow = -256 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { RightBatch = -65536 }, OperandFormat.Float32, out _));
        Assert.False(CublasGemm.TryOf(sizes with { Batch = 65536 }, OperandFormat.Float32, out _));
        // One multiply-add fewer than is large, nearly; a side too thin.
        Assert.True(CublasGemm.TryOf(sizes with { K = 255 }, OperandFormat.Float32, out gemm) && !gemm.IsLarge);
        Assert.True(CublasGemm.TryOf(sizes with { M = 31, N = 10000 }, OperandFormat.Float32, out gemm) && !gemm.IsLarge);
        Assert.True(CublasGemm.TryOf(sizes with { M = 32, N = 10000 }, OperandFormat.Float32, out gemm) && gemm.IsLarge);
    }

    public static void Large_products_of_a_training_are_its_and_the_plan_stays_true()
    {
        using var device = Connect();
        using var net = new Wide(device, seed: 1);
        using var trainer = new FitWide(net, seed: 2);
        for (var step = 0; step < 2; step++) LaunchTests.AssertPlanned("FitWide", device, () => trainer.Step(Batch(FewRows)), accumulated: false, FewRows);
        Assert.Equal(0, device.CublasLaunches);
        Assert.Empty(StubDriver.Log.Of("called create cublas"));
        for (var step = 0; step < 2; step++) LaunchTests.AssertPlanned("FitWide", device, () => trainer.Step(Batch(Rows)), accumulated: false, Rows);
        // The second layer, and the gradients of both weights; the other two products hand each number on.
        Assert.Equal(2 * ProductsOfStep, device.CublasLaunches);
        var log = StubDriver.Log;
        Assert.Single(log.Of("called create cublas"));
        Assert.Equal(2 * ProductsOfStep, log.Of("ran gemm").Length);
        Assert.Equal(device.Launches, log.Of("called launch").Length + log.Of("called gemm").Length);
        Assert.Equal([.. Enumerable.Repeat("33554432", 2 * ProductsOfStep)], log.Of("ran gemm").Select(gemm => gemm["workspace"]));
        Assert.Equal(Assert.Single(log.Of("called launch").Select(launch => launch["stream"]).Distinct()), Assert.Single(log.Of("called gemm").Select(gemm => gemm["stream"]).Distinct()));
    }

    public static void Of_the_formats_it_takes_tf32()
    {
        using var device = Connect();
        using var net = new Wide(device, seed: 1);
        using (var trainer = new FitWideBf16(net, seed: 2)) trainer.Step(new(new(Rows, Breadth.Size), new(Rows, Breadth.Size)));
        Assert.Equal(0, device.CublasLaunches);
        using (var trainer = new FitWideTf32(net, seed: 2)) trainer.Step(new(new(Rows, Breadth.Size), new(Rows, Breadth.Size)));
        Assert.Equal(Enumerable.Repeat("77", ProductsOfStep), StubDriver.Log.Of("ran gemm").Select(gemm => gemm["compute"]));
    }

    public static void It_is_used_where_it_is_asked_for_and_the_device_says_so()
    {
        using var device = StubDriver.Connect();
        Assert.False(device.UsesCublas);
        using var net = new Wide(device, seed: 1);
        net.Forward(new(Rows, Breadth.Size));
        Assert.Empty(StubDriver.Log.Of("called create cublas"));
        Assert.EndsWith(" GiB)", device.ToString());
        device.UsesCublas = true;
        Assert.EndsWith(" GiB, libcublas.so.13)", device.ToString());
        net.Forward(new(Rows, Breadth.Size));
        Assert.Equal(1, device.CublasLaunches);
    }

    public static void Where_it_cannot_begin_products_are_the_kernels_and_the_device_says_so()
    {
        foreach (var function in new[] { "cublasCreate", "cublasSetMathMode", "cublasSetStream", "cublasSetWorkspace" })
        {
            using var device = Connect();
            using var net = Ready(device);
            StubDriver.Fail(function, AllocationFailed, 0, 1);
            AssertKernels(device, net);
            Assert.Single(StubDriver.Log.Of("failed " + function));
        }
        using var full = Connect();
        using var other = Ready(full);
        full.MemoryLimit = full.AllocatedBytes + (8 << 20);
        AssertKernels(full, other);

        static void AssertKernels(GpuDevice device, Wide net)
        {
            var (created, allocated) = (StubDriver.Log.Of("called create cublas").Length, device.AllocatedBytes);
            for (var i = 0; i < 2; i++) net.Forward(new(Rows, Breadth.Size));
            Assert.Equal(0, device.CublasLaunches);
            Assert.EndsWith(" GiB, no cuBLAS)", device.ToString());
            // It is asked once, and gets back what it gave.
            var log = StubDriver.Log;
            Assert.InRange(log.Of("called create cublas").Length - created, 0, 1);
            Assert.Equal(log.Of("called create cublas").Length, log.Of("called destroy cublas").Length);
            Assert.Equal(allocated, device.AllocatedBytes);
            Assert.Empty(log.Of("called gemm"));
        }

        // With all the memory that it takes without.
        static Wide Ready(GpuDevice device)
        {
            var net = new Wide(device, seed: 1);
            device.UsesCublas = false;
            net.Forward(new(Rows, Breadth.Size));
            device.UsesCublas = true;
            return net;
        }
    }

    public static void A_product_that_it_refuses_names_its_line()
    {
        using var device = Connect();
        using var net = new Wide(device, seed: 1);
        net.Forward(new(Rows, Breadth.Size));
        StubDriver.Fail("cublasGemm", ExecutionFailed, 0, 1);
        var failure = Assert.Throws<DeviceException>(() => net.Forward(new(Rows, Breadth.Size)));
        Assert.StartsWith("nets.fnn(", failure.SourceLine);
        Assert.StartsWith($"{device} failed at {failure.SourceLine}", failure.Message);
        Assert.Contains("cuBLAS gave CUBLAS_STATUS_EXECUTION_FAILED (13).", failure.Message);
        net.Forward(new(Rows, Breadth.Size));
    }

    public static void Steps_with_products_are_the_same_as_graphs()
    {
        var log = GraphScenarios.AssertSame(Training, graphs: Steps - 1, executables: 1);
        Assert.Equal(ProductsOfStep * (Steps - 1), log.Of("captured gemm").Length);
        Assert.Equal(ProductsOfStep * Steps, log.Of("ran gemm").Length);
    }

    public static void A_product_that_cannot_be_captured_is_computed_without()
    {
        // The products of the first step go to the stream.
        var log = GraphScenarios.AssertSame(Training, graphs: 0, executables: 0, () => StubDriver.Fail("cublasGemm", ExecutionFailed, ProductsOfStep, 1));
        Assert.Single(log.Of("failed cublasGemm"));
        Assert.Single(log.Of("called begin_capture"));
        Assert.Equal(ProductsOfStep * Steps, log.Of("ran gemm").Length);
    }

    public static void A_product_of_a_graph_that_it_refuses_is_told()
    {
        using var device = Connect();
        device.UsesGraphs = true;
        using var net = new Wide(device, seed: 1);
        using var trainer = new FitWide(net, seed: 2);
        for (var step = 0; step < 3; step++) trainer.Step(Batch(Rows));
        StubDriver.Fail("cublasGemm", ExecutionFailed, 0, 2);
        Assert.Contains("CUBLAS_STATUS_EXECUTION_FAILED", Assert.Throws<DeviceException>(() => trainer.Step(Batch(Rows))).Message);
        trainer.Step(Batch(Rows));
    }

    public static void All_that_it_was_given_is_freed()
    {
        Assert.Equal(0, StubDriver.LiveMemory());
        using (var device = Connect())
        {
            using (var net = new Wide(device, seed: 1)) net.Forward(new(Rows, Breadth.Size));
            Assert.Equal(32 << 20, StubDriver.LiveMemory());
            Assert.Equal(32 << 20, device.AllocatedBytes);
            device.Dispose();
            // And used once more.
            using (var net = new Wide(device, seed: 1)) net.Forward(new(Rows, Breadth.Size));
            Assert.Equal(2, device.CublasLaunches);
        }
        Assert.Equal(0, StubDriver.LiveMemory());
        var log = StubDriver.Log;
        Assert.Equal((2, 2), (log.Of("called create cublas").Length, log.Of("called destroy cublas").Length));
        Assert.Equal(["memory=0 locked=0", "memory=0 locked=0"], log.Of("called destroy context").Select(entry => entry.Line["called destroy context ".Length..]));
    }

    private static void Training(GpuDevice device)
    {
        device.UsesCublas = true;
        using var net = new Wide(device, seed: 1);
        using var trainer = new FitWide(net, seed: 2);
        for (var step = 0; step < Steps; step++) trainer.Step(Batch(Rows));
    }

    private static FitWide.MiniBatch Batch(int rows) => new(new(rows, Breadth.Size), new(rows, Breadth.Size));

    private static GpuDevice Connect()
    {
        var device = StubDriver.Connect();
        device.UsesCublas = true;
        return device;
    }
}
