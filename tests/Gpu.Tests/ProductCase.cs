using ILGPU;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu.Tests;

/// <summary>A matrix product whose numbers are such that every order of adding them up gives the same, so that results can be compared to the bit.</summary>
/// <param name="Batch">Products side by side.</param>
/// <param name="M">Rows of the result.</param>
/// <param name="N">Columns of the result.</param>
/// <param name="K">What is summed over.</param>
internal sealed record ProductCase(int Batch, int M, int N, int K)
{
    /// <summary>What is summed over lies side by side in the left matrix; otherwise its rows do.</summary>
    public bool IsLeftAlongK { get; init; } = true;

    /// <summary>The same of the right matrix.</summary>
    public bool IsRightAlongK { get; init; } = true;

    /// <summary>Numbers between one line of a matrix and the next, and between two matrices.</summary>
    public int Gap { get; init; }

    /// <summary>All of the batch have one right matrix.</summary>
    public bool SharesRight { get; init; }

    public OperandFormat Operands { get; init; }

    /// <summary>It is computed as a product of matrices whose rows and columns run through two axes each, where they can be cut.</summary>
    public bool IsAlongAxes { get; init; }

    /// <summary>The left numbers have more bits than tf32 has.</summary>
    public bool HasFractions { get; init; }

    public ProductSizes Sizes
    {
        get
        {
            var (left, right) = ((IsLeftAlongK ? K : M) + Gap, (IsRightAlongK ? K : N) + Gap);
            return new ProductSizes
            {
                Batch = Batch,
                M = M,
                N = N,
                K = K,
                LeftBatch = (left * (IsLeftAlongK ? M : K)) + Gap,
                LeftRow = IsLeftAlongK ? left : 1,
                LeftColumn = IsLeftAlongK ? 1 : left,
                RightBatch = SharesRight ? 0 : (right * (IsRightAlongK ? N : K)) + Gap,
                RightRow = IsRightAlongK ? right : 1,
                RightColumn = IsRightAlongK ? 1 : right,
            };
        }
    }

    private ProductAxes Axes => new()
    {
        LeftRows = Cut(M, Sizes.LeftRow), LeftColumns = Cut(K, Sizes.LeftColumn), RightRows = Cut(N, Sizes.RightRow), RightColumns = Cut(K, Sizes.RightColumn),
    };

    private static OperandAxes Cut(int count, int stride) => count % 4 == 0 ? new([count / 4, 4 * stride, 4, stride]) : new([count, stride]);

    /// <summary>A program computes it as generated code does, and it is right.</summary>
    public void AssertRight(GpuDevice device) => AssertRight(device, (left, right, result) =>
    {
        using var program = new ProductProgram(device, left, right, Sizes, result, this);
        program.Run(new ProgramCall());
    });

    /// <summary>It is computed right.</summary>
    /// <param name="device">Has the matrices.</param>
    /// <param name="multiply">Takes the left and the right matrix and computes the result.</param>
    public void AssertRight(GpuDevice device, Action<ArrayView<float>, ArrayView<float>, ArrayView<float>> multiply)
    {
        var (s, random) = (Sizes, new Random(1));
        var left = Numbers(s.LeftBatch, s.LeftRow, s.LeftColumn, M, () => random.Next(-2, 3) + (HasFractions ? 1f / 4096 : 0));
        var right = Numbers(s.RightBatch, s.RightRow, s.RightColumn, N, () => random.Next(-3, 4));
        var places = new[] { left.Length, right.Length, Batch * M * N }.Select(length => device.AllocateFloats((long)length * sizeof(float), "a matrix")).ToArray();
        var result = new float[Batch * M * N];
        device.Upload<float>(left, places[0].View.SubView(0, left.Length));
        device.Upload<float>(right, places[1].View.SubView(0, right.Length));
        multiply(places[0].View, places[1].View, places[2].View);
        device.Download(places[2].View.SubView(0, result.Length), result.AsSpan());
        foreach (var place in places) device.Free(place);
        Assert.Equal(Expected(left, right), result);
    }

    // Between the lines there is what must not be read.
    private float[] Numbers(int batch, int row, int column, int rows, Func<float> next)
    {
        var numbers = new float[((Batch - 1) * batch) + ((rows - 1) * row) + ((K - 1) * column) + 1];
        Array.Fill(numbers, float.NaN);
        for (var b = 0; b < Batch; b++)
        {
            for (var r = 0; r < rows; r++)
            {
                for (var k = 0; k < K; k++) numbers[(b * batch) + (r * row) + (k * column)] = next();
            }
        }
        return numbers;
    }

    private float[] Expected(float[] left, float[] right)
    {
        var (s, result) = (Sizes, new float[Batch * M * N]);
        Converter<float, float> round = Operands switch
        {
            OperandFormat.TensorFloat32 => InTensorFloat32.Round,
            OperandFormat.BFloat16 => InBFloat16.Round,
            OperandFormat.Float16 => InFloat16.Round,
            _ => InFloat32.Round,
        };
        (left, right) = (Array.ConvertAll(left, round), Array.ConvertAll(right, round));
        for (var place = 0; place < result.Length; place++)
        {
            var (b, m, n) = (place / (M * N), place / N % M, place % N);
            var (a, c) = ((b * s.LeftBatch) + (m * s.LeftRow), (b * s.RightBatch) + (n * s.RightRow));
            var sum = 0f;
            for (var k = 0; k < K; k++) sum += left[a + (k * s.LeftColumn)] * right[c + (k * s.RightColumn)];
            result[place] = sum;
        }
        return result;
    }

    private sealed unsafe class ProductProgram(GpuDevice device, ArrayView<float> left, ArrayView<float> right, ProductSizes sizes, ArrayView<float> result, ProductCase product) : GpuProgram(device, [])
    {
        protected override ReadOnlySpan<string> AxisNames => [];

        protected override ReadOnlySpan<HostTransfer> Transfers => [];

        protected override ReadOnlySpan<string> Sources => new[] { "a product" };

        protected override void Measure(nint* sizes, Span<long> bytes) { }

        protected override void Describe(nint* sizes, StepDescriptions descriptions) { }

        protected override void Execute(in ProgramCall call)
        {
            Begin(0);
            if (product.IsAlongAxes) ProductAlongAxes(left, right, sizes, product.Axes, result, product.Operands);
            else Product(left, right, sizes, result, product.Operands);
        }
    }
}
