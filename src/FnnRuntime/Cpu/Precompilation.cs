using System.Runtime.CompilerServices;

namespace FeedbackNN.Cpu;

/// <summary>
/// Lets the JIT compile what a first step will call on another thread, while the first one still sets things up: most of the time up to the end of a first step is the JIT's. Nothing is computed that anybody sees, and nothing
/// waits for it. Does nothing where code is compiled ahead of time, or the user wants one thread.
/// </summary>
internal static unsafe class Precompilation
{
    private const nint Rows = 100;
    private const nint Columns = 42;
    private const nint Depth = 160;

    // Programs of assemblies that are unloaded are forgotten.
    private static readonly ConditionalWeakTable<Type, object> Begun = [];

    /// <summary>Compiles the products' tiles that layers have most often, once a process: which rows and columns there will be, nobody knows yet.</summary>
    public static void Begin(WorkerPool pool)
    {
        if (CanBegin(pool, typeof(MatrixTile))) Start(RunProducts);
    }

    /// <summary>Compiles the kernels of a program, once a process.</summary>
    public static void Begin(WorkerPool pool, Type program, Action compile)
    {
        if (CanBegin(pool, program)) Start(compile);
    }

    private static bool CanBegin(WorkerPool pool, Type what) => RuntimeFeature.IsDynamicCodeCompiled && pool.Threads > 1 && Begun.TryAdd(what, what);

    private static void Start(Action compile) => new Thread(() => compile()) { IsBackground = true, Name = "FeedbackNN precompilation" }.Start();

    // A layer's forward product and the gradients of its input and weights, on zeros: tiles of 12, 13 and 14 rows, whole and half.
    private static void RunProducts()
    {
        using var pool = new WorkerPool(1);
        using var zeros = new NativeBuffer((Rows + Columns) * (Rows + Depth) * sizeof(float));
        var left = (float*)zeros.Pointer;
        var right = left + (Rows * Depth);
        var result = right + (Columns * Depth);
        MatrixProduct.Run(pool, new MatrixProductArguments { M = Rows, N = Columns, K = Depth, Left = left, LeftRow = Depth, LeftColumn = 1, Right = right, RightRow = Depth, RightColumn = 1, Result = result });
        MatrixProduct.Run(pool, new MatrixProductArguments { M = Rows - 4, N = Columns, K = Rows, Left = left, LeftRow = 1, LeftColumn = Rows, Right = right, RightRow = 1, RightColumn = Columns, Result = result });
    }
}
