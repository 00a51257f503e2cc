namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// Types that generated code names, and members that it declares. A model or training of the same name would hide them inside its own namespace; an axis of such a name gets another one.
/// A test compares the list with the runtime.
/// </summary>
public static class RuntimeNames
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        // FeedbackNN and FeedbackNN.Cpu.
        "Accumulation", "Adam", "AdamW", "AdaptiveMoments", "AttentionArguments", "AttentionKernels", "AttentionTensor", "BufferLifetime", "BufferTensor", "CheckpointException", "ConfusionMatrix", "CpuProgram",
        "CsvColumn", "CsvFile", "CsvOptions", "CsvSource", "CsvTable", "DataDownload", "DataException", "DataSource", "DataSourceViews", "Device", "DeviceException", "DeviceMemoryException", "DeviceProgram", "EpochOrder", "FixedPoints",
        "GradientClip", "GradientTile", "IAxis", "IDataSource", "IRangeKernel", "ITileKernel", "IdxBytes", "IdxFile", "Initializer", "LabelledData", "LabelledSample",
        "MatrixAxes", "MatrixProduct", "MatrixProductArguments", "MatrixProductArguments64", "Model", "ModelManifest", "ModelSession", "NotConvergedEventArgs", "NotConvergedException", "Objective", "Optimizer", "Otherwise", "PackedMatrix",
        "ParameterList", "ParameterTensor", "Philox", "Profile", "ProfileRow", "ProgramCall", "SafetensorsContent", "SafetensorsDtype", "SafetensorsDtypes", "SafetensorsEntry",
        "SafetensorsFile", "SafetensorsTensor", "ScalarMath", "Schedule", "SessionState", "SessionTensor", "Sgd", "Signature", "Simd", "SimdMath", "Standardizer", "StepDescriptions", "StorageSpec",
        "StorageTensor", "Tensor", "TensorKernels", "Trainer", "TrainingDivergedException", "TrainingProgram", "TrainingProgress", "TrainingSetup", "UpdatedParameter",
        "WorkerPool",
        // FeedbackNN.Gpu, and what GPU programs name of ILGPU.
        "ArrayView", "AttentionSizes", "GpuAttentionTensor", "GpuBackend", "GpuMath", "GpuPhilox", "GpuProgram", "HostTensor", "HostTransfer", "IElementKernel", "ILanes", "IMapKernel", "IOrder", "IReduction",
        "IRowKernel", "MaxReduction", "MinReduction", "OneThread", "OperandAxes", "ProdReduction", "ProductAxes", "ProductSizes", "SomeColumns", "SumReduction", "WholeGroup",
        // The class of constants, and members of the generated classes: a class can't have a member of its own name.
        "Backward", "Bind", "Buffers", "BufferTree", "CheckInputs", "CheckSizes", "Collate", "Constants", "Dispose", "Flops", "Forward", "ForwardTraining", "Manifest",
        "MiniBatch", "Parameters", "ParameterTree", "Predict", "Report", "Sample", "Session", "Setup", "Start",
        // Of .NET.
        "ArgumentException", "ArgumentNullException", "ArgumentOutOfRangeException", "GC", "InvalidOperationException", "IReadOnlyList", "Math",
        "MethodImpl", "MethodImplOptions", "NotSupportedException", "ReadOnlyMemory", "ReadOnlySpan", "Span", "Vector512",
    };

    public static bool Contains(string name) => Names.Contains(name);

    /// <summary>All of them, for the test.</summary>
    public static IReadOnlyCollection<string> All => Names;
}
