using System.Runtime.InteropServices;
using FeedbackNN;
using FeedbackNN.Cpu;
using FnnBench.Frame;
using KernelBench;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>
/// Matrix products, the shapes of KernelBench: left and right in any layout, the result written into memory that is there already. Batches of
/// products are left out, because TorchSharp can only write their result into new memory.
/// </summary>
internal sealed class ProductWorkload : IWorkload
{
    public string Name => "gemm";

    public string Summary => "Matrix products M x K x N; layouts as in KernelBench (n as stored for a layer, t its transpose).";

    public IReadOnlyList<ICase> Cases { get; } = [.. from shape in ProductShape.All where shape.Batch == 1 select new ProductCase(shape)];

    private sealed record ProductCase(ProductShape Shape) : ICase
    {
        public string Name => $"{Shape.Name} {Shape.Layout}";

        public IContest Open(Device device) => new Contest(Shape, device.Pool);
    }

    private sealed unsafe class Contest : IContest
    {
        // Sums of thousands of products of either sign, added up in different orders.
        private const double Limit = 1e-5;

        private readonly WorkerPool _pool;
        private readonly MatrixProductArguments _arguments;
        private readonly Tensor _left;
        private readonly Tensor _right;
        private readonly Tensor _result;

        public Contest(ProductShape shape, WorkerPool pool)
        {
            _pool = pool;
            int m = shape.M, k = shape.K, n = shape.N;
            bool isLeftPlain = shape.Layout[0] == 'n', isRightPlain = shape.Layout[1] == 'n';
            float[] left = RandomNumbers(m * k, 1), right = RandomNumbers(n * k, 2);
            _arguments = new MatrixProductArguments
            {
                M = m, N = n, K = k,
                Left = Copy(left), LeftRow = isLeftPlain ? k : 1, LeftColumn = isLeftPlain ? 1 : m,
                Right = Copy(right), RightRow = isRightPlain ? k : 1, RightColumn = isRightPlain ? 1 : n,
                Result = Allocate(m * n),
            };

            // Ours has the right matrix by columns of the result, as a layer stores it; theirs by rows of the sum.
            _left = isLeftPlain ? tensor(left, [m, k]) : Transposed(left, k, m);
            _right = isRightPlain ? Transposed(right, n, k) : tensor(right, [k, n]);
            _result = zeros(m, n);
        }

        public Agreement Compare()
        {
            StepOurs();
            StepTorch();
            var theirs = _result.data<float>().ToArray();
            return Agreement.OfResults(new ReadOnlySpan<float>(_arguments.Result, theirs.Length), theirs, Limit);
        }

        public void StepOurs() => MatrixProduct.Run(_pool, _arguments);

        // The product into memory that is there: with beta 0 the old result is not read. It returns the tensor itself.
        public void StepTorch() => _result.addmm_(_left, _right, beta: 0, alpha: 1);

        public void Dispose()
        {
            _left.Dispose();
            _right.Dispose();
            _result.Dispose();
            NativeMemory.AlignedFree(_arguments.Left);
            NativeMemory.AlignedFree(_arguments.Right);
            NativeMemory.AlignedFree(_arguments.Result);
        }

        private static Tensor Transposed(float[] values, int rows, int columns)
        {
            using var stored = tensor(values, [rows, columns]);
            return stored.t();
        }

        private static float[] RandomNumbers(int count, int seed)
        {
            var random = new Random(seed);
            return Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f).ToArray();
        }

        private static float* Copy(float[] values)
        {
            var copy = Allocate(values.Length);
            values.CopyTo(new Span<float>(copy, values.Length));
            return copy;
        }

        // With what kernels may read over the end.
        private static float* Allocate(int count)
        {
            const int Slack = 64;
            var memory = (float*)NativeMemory.AlignedAlloc((nuint)(count + Slack) * sizeof(float), Slack);
            new Span<float>(memory, count + Slack).Clear();
            return memory;
        }
    }
}
