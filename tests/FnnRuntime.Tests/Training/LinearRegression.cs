using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Training;

internal sealed class Batch : IAxis
{
    public static string Name => "batch";

    public static int? FixedSize => null;
}

internal sealed class N2 : IAxis
{
    public static string Name => "2";

    public static int? FixedSize => 2;
}

/// <summary>
/// What a compiler would make of: a linear model of two inputs (weight w, bias b) with a buffer that counts training runs. Written by
/// hand, for tests of what generated classes derive from.
/// </summary>
internal sealed class Linear(Device? device = null, ulong seed = 0) : Model(Manifest, device, seed)
{
    public static ModelManifest Manifest { get; } = new(
        "Tests.Linear",
        parameters:
        [
            new("line.w", "line.weight", [2], 0, Initializer.Uniform(-1, 1)),
            new("line.b", "line.bias", [], 64, Initializer.Normal(0, 1)),
        ],
        buffers: [new("runs", "runs", [1], 0, Initializer.Constant(0))]);

    public ParameterTensor<N2> Weight => new(this, "line.w");

    public ParameterTensor Bias => new(this, "line.b");

    public BufferTensor Runs => new(this, "runs");
}

/// <summary>Σ ½(w·x + b - y)², its count, its gradient, and the largest error.</summary>
internal sealed unsafe class LinearProgram(WorkerPool pool, bool isTraining, int net = 0, int target = 1, Action? begun = null) : CpuProgram(pool, [])
{
    protected override int AxisCount => 1;

    protected override ReadOnlySpan<string> Sources => new[] { "line.fnn(3): y = x @ w + b" };

    protected override void Describe(nint* sizes, StepDescriptions descriptions) => descriptions.Add(0, "line", [sizes[0]], flops: 6 * sizes[0], bytes: 8 * sizes[0]);

    protected override void Measure(nint* sizes, Span<long> bytes) { }

    protected override void Execute(in ProgramCall call)
    {
        begun?.Invoke();
        var x = (float*)call.Inputs[0];
        var y = (float*)call.Inputs[target];
        var w = (float*)call.Parameters[net];
        var g = isTraining ? (float*)call.Gradients[net] : null;
        double sum = 0, worst = 0, g0 = 0, g1 = 0, gb = 0;
        for (nint i = 0; i < call.Sizes[0]; i++)
        {
            double error = w[0] * x[2 * i] + w[1] * x[2 * i + 1] + w[64] - y[i];
            sum += error * error / 2;
            worst = Math.Max(worst, Math.Abs(error));
            g0 += error * x[2 * i];
            g1 += error * x[2 * i + 1];
            gb += error;
        }
        var loss = (float)sum;
        if (Tracing) Trace(0, &loss, 1);
        call.Scalars[0] = loss;
        call.Scalars[1] = call.Sizes[0];
        call.Scalars[2] = (float)worst;
        if (!isTraining) return;
        (g[0], g[1], g[64]) = ((float)(g0 / call.Sizes[0]), (float)(g1 / call.Sizes[0]), (float)(gb / call.Sizes[0]));
        ((float*)call.NewBuffers[net])[0] = ((float*)call.Buffers[net])[0] + 1;
    }
}

internal sealed unsafe class FitLinear : Trainer<FitLinear.Sample, FitLinear.MiniBatch, FitLinear.Report>
{
    private Tensor<float, Batch, N2>? _x;
    private Tensor<float, Batch>? _y;

    public FitLinear(Linear net, Optimizer optimizer, ulong seed = 0, GradientClip clip = GradientClip.None, double limit = 0, bool freezeBias = false, int every = 1)
        : base(Setup(net, optimizer, clip, limit, freezeBias, every), seed) => Net = net;

    public Linear Net { get; }

    protected override void Bind(MiniBatch batch, nint* sizes, void** inputs)
    {
        Signature.CheckSize("y", batch.Y.Shape, 0, batch.X.Shape[0], "batch");
        sizes[0] = batch.X.Shape[0];
        inputs[0] = batch.X.Pointer;
        inputs[1] = batch.Y.Pointer;
    }

    protected override MiniBatch Collate(IDataSource<Sample> data, ReadOnlySpan<int> chosen)
    {
        var x = _x ??= new Tensor<float, Batch, N2>(chosen.Length, 2);
        var y = _y ??= new Tensor<float, Batch>(chosen.Length);
        x.Resize(chosen.Length, 2);
        y.Resize(chosen.Length);
        for (var i = 0; i < chosen.Length; i++)
        {
            var sample = data[chosen[i]];
            sample.X.Span.CopyTo(x.Slice(i));
            y.Span[i] = sample.Y;
        }
        return new MiniBatch(x, y);
    }

    protected override Report MakeReport(long step, ReadOnlySpan<double> scalars) => new(step, scalars[0] / scalars[1], scalars[2]);

    protected override Report MakeEvaluationReport(long step, ReadOnlySpan<double> scalars) => new(step, scalars[0] / scalars[1], scalars[2]);

    protected override string[] ReportNames() => ["loss", "worst"];

    protected override double[] ReportValues(Report report) => [report.Loss, report.Worst];

    private static TrainingSetup Setup(Linear net, Optimizer optimizer, GradientClip clip, double limit, bool freezeBias, int every) => new()
    {
        Name = "Tests.FitLinear",
        Nets = [("net", net)],
        Objectives =
        [
            new Objective("loss", new TrainingProgram(new LinearProgram(net.Device.Pool, true), [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]), optimizer, every, freezeBias ? [(0, 0)] : [(0, 0), (0, 1)]),
        ],
        Evaluation = new TrainingProgram(new LinearProgram(net.Device.Pool, false), [Accumulation.Sum, Accumulation.Sum, Accumulation.Max], [0]),
        AxisCount = 1,
        InputCount = 2,
        Clip = clip,
        ClipLimit = limit,
    };

    public readonly record struct Sample(ReadOnlyMemory<float> X, float Y);

    public readonly record struct MiniBatch(Tensor<float, Batch, N2> X, Tensor<float, Batch> Y);

    public readonly record struct Report(long Step, double Loss, double Worst);
}
