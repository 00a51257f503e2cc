namespace FeedbackNN.Gpu.Tests.Stub;

/// <summary>
/// Elementwise functions and whole trainings on PTX that is executed without a GPU: what runs on PoCL runs there too, and what is for GPUs alone. A few tests each time; with <c>FNN_GPU=all</c> all of them.
/// </summary>
public sealed class EmulatedCudaTests
{
    [SkippableFact]
    public void Functions_and_trainings_on_emulated_CUDA()
    {
        // Those that start processes, and ILGPU as published on an OpenCL driver.
        const string all = "FullyQualifiedName!~Stub&FullyQualifiedName!~EmulationTests&FullyQualifiedName!~Wrong_as_published";
        const string few = "FullyQualifiedName~MiscompilationTests.Right|FullyQualifiedName~GraphTests|FullyQualifiedName~ProductTests|(FullyQualifiedName~TensorCoreTests&FullyQualifiedName!~A_training)|(FullyQualifiedName~GpuMathTests&FullyQualifiedName!~DevicesGet)";
        Assert.True(EmulatedCuda.RunTests(typeof(EmulatedCudaTests).Assembly, all, few) > 5);
    }
}
