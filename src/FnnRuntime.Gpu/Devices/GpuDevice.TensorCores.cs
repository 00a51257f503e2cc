using ILGPU.Runtime.Cuda;

namespace FeedbackNN.Gpu;

/// <content>Matrix products on tensor cores, where that is asked for and there are any; the portable kernels do without.</content>
internal sealed partial class GpuDevice
{
    /// <summary>
    /// Products in tf32, bf16 and f16 go to tensor cores, where the device has them (<see cref="TensorProducts"/> says which). The environment variable <c>FNN_GPU_TENSOR_CORES</c> asks for it.
    /// </summary>
    public bool UsesTensorCores { get; set; } = Environment.GetEnvironmentVariable("FNN_GPU_TENSOR_CORES") == "1";

    /// <summary>Its tensor cores take all of the formats, and it copies to shared memory by itself: Ampere and what came after.</summary>
    public bool HasTensorCores => device is CudaDevice { Architecture: var architecture } && !(architecture < CudaArchitecture.SM_80);

    /// <summary>Products that were started on tensor cores, ever; they are among <see cref="Launches"/>.</summary>
    public long TensorCoreLaunches { get; set; }
}
