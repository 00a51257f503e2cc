using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints a kernel for the processor: a struct that carries its pointers and sizes to the worker threads, and a static method with the loops, whose
/// parameters the JIT keeps in registers. Columns are computed in vectors of sixteen where the plan says so.
/// </summary>
internal sealed class CpuKernelPrinter(CodeWriter writer, Kernel kernel, string name) : KernelPrinter(writer, kernel, ScalarText.Cpu)
{
    protected override string IndexType => "nint";

    private bool IsVectorized => Kernel.IsVectorized;

    /// <summary>How many independent pieces there are, as an expression over sizes.</summary>
    public static Size Count(Kernel kernel) => kernel.Form switch
    {
        KernelForm.Map => kernel.Columns,
        KernelForm.Parts => Size.Constant(Kernel.PartCount),
        _ => Size.Product(kernel.Rows.Take(kernel.Rows.Count - kernel.ReducedRows)),
    };

    public void Print()
    {
        var parameters = Parameters(Kernel, element => ScalarText.Type(element) + "*", "nint");
        var declaration = string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}"));
        var arguments = string.Join(", ", parameters.Select(parameter => parameter.Name).Concat(IsTile ? ["tile", "stride", "firstRow", "rows", "firstColumn", "columns"] : new[] { "begin", "end" }));
        using (Writer.Block($"private readonly unsafe struct {name}({declaration}) : {(IsTile ? "ITileKernel" : "IRangeKernel")}"))
        {
            var signature = IsTile ? "float* tile, nint stride, nint firstRow, nint rows, nint firstColumn, nint columns" : "nint begin, nint end";
            Writer.Line($"public void Run({signature}) => Loop({arguments});");
            Writer.Line();
            if (IsTile) PrintPrefetch();
            // A method of its own: what the JIT takes into one is in proportion to its size, and Run is small.
            Writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]");
            using (Writer.Block($"private static void Loop({(declaration.Length > 0 ? declaration + ", " : "")}{signature})"))
            {
                Scalars(Level.Kernel, 0);
                PrintLoops();
            }
        }
    }

    // What lies beside a tile's numbers: each cache line of its rows once. What is the same for all rows is in the cache already.
    private void PrintPrefetch()
    {
        var places = Kernel.Values.OfType<LoadValue>().Select(load => load.Access).Concat(Kernel.Stores.Select(store => store.Access))
            .Where(access => !IsTileOperand(access) && Kernel.Replacements.All(replacement => replacement.Written != access.Operand) && access.ColumnStride.IsOne && access.RowStrides.Any(stride => !stride.IsZero))
            .Select(access => Pointer(access, "firstColumn")).Distinct().ToArray();
        using (Writer.Block("public void Prefetch(nint firstRow, nint rows, nint firstColumn, nint columns)"))
        {
            if (places.Length > 0)
            {
                using (Writer.Block("for (var row = firstRow; row < firstRow + rows; row++)"))
                {
                    WriteRowIndices("row", Kernel.Rows, "r");
                    foreach (var place in places) Writer.Line($"Simd.Prefetch({place}, columns);");
                }
            }
        }
        Writer.Line();
    }

    private void PrintLoops()
    {
        switch (Kernel.Form)
        {
            case KernelForm.Map:
                PrintColumns("begin", "end", 0);
                break;
            case KernelForm.Epilogue:
                using (Writer.Block("for (var row = firstRow; row < firstRow + rows; row++)")) PrintRow("firstColumn", "firstColumn + columns");
                break;
            case KernelForm.Parts:
                using (Writer.Block("for (var part = begin; part < end; part++)")) PrintPart();
                break;
            case KernelForm.Rows when Kernel.ReducedRows > 0:
                using (Writer.Block("for (var kept = begin; kept < end; kept++)")) PrintKept();
                break;
            case KernelForm.Rows when Kernel.IsTransposition:
                PrintTransposition();
                break;
            default:
                using (Writer.Block("for (var row = begin; row < end; row++)")) PrintRow("0", SizeText.Print(Kernel.Columns));
                break;
        }
    }

    // As many rows at once as follow each other along the last axis.
    private void PrintTransposition()
    {
        var (from, to) = (((LoadValue)Kernel.Values[0]).Access, Kernel.Stores[0].Access);
        var last = Kernel.Rows.Count - 1;
        using (Writer.Block("for (var row = begin; row < end;)"))
        {
            WriteRowIndices("row", Kernel.Rows, "r");
            Writer.Line(last == 0 ? "var rows = end - row;" : $"var rows = Math.Min({SizeText.Divisor(Kernel.Rows[last])} - r{last}, end - row);");
            Writer.Line($"Simd.Transpose({Strided(from)}, {Strided(to)}, rows, {SizeText.Print(Kernel.Columns)});");
            Writer.Line("row += rows;");
        }

        string Strided(Access access) => $"{Pointer(access, null)}, {SizeText.Print(access.RowStrides[last])}, {SizeText.Print(access.ColumnStride)}";
    }

    // ---- Columns ----------------------------------------------------------------------------------------------------

    protected override IDisposable BeginColumns(string first, string end)
    {
        if (!IsVectorized) return base.BeginColumns(first, end);
        var block = Writer.Block(ColumnsHeader(first, end, "column += 16"));
        Writer.Line($"var remaining = {end} - column;");
        return block;
    }

    protected override void BeginReduction(int id)
    {
        if (!IsVectorized)
        {
            base.BeginReduction(id);
            return;
        }
        switch (Kernel.Values[id])
        {
            case ReduceValue reduce:
                Writer.Line($"var a{id} = Vector512.Create({Identity(reduce.Kind, reduce.Element)});");
                break;
            case ArgReduceValue arg:
                Writer.Line($"var best{id} = Vector512.Create({Worst(arg)});");
                Writer.Line($"var a{id} = Vector512<int>.Zero;");
                break;
        }
    }

    protected override void Accumulate(int id, string text)
    {
        switch (Kernel.Values[id])
        {
            case ReduceValue reduce when IsVectorized:
                Writer.Line($"a{id} = {Combine(reduce.Kind, $"a{id}", $"Simd.Keep({text}, remaining, {Identity(reduce.Kind, reduce.Element)})")};");
                break;
            case ArgReduceValue arg when IsVectorized:
                Writer.Line($"Simd.{(arg.IsMax ? "ArgMax" : "ArgMin")}(ref best{id}, ref a{id}, Simd.Keep({text}, remaining, {Worst(arg)}), Simd.Index(column));");
                break;
            default:
                base.Accumulate(id, text);
                break;
        }
    }

    protected override void EndReduction(int id)
    {
        if (!IsVectorized)
        {
            base.EndReduction(id);
            return;
        }
        var end = Kernel.Values[id] switch
        {
            ReduceValue reduce => $"Simd.{reduce.Kind}(a{id})",
            ArgReduceValue arg => $"Simd.{(arg.IsMax ? "ArgMaxLane" : "ArgMinLane")}(best{id}, a{id})",
            var other => throw new InvalidOperationException($"{other} is no reduction."),
        };
        Writer.Line($"var v{id} = {end};");
        Body.SetScalar(id, "v" + id);
    }

    protected override string Combine(ReduceKind kind, string left, string right) => IsVectorized && kind is (ReduceKind.Max or ReduceKind.Min)
        ? $"SimdMath.{(kind == ReduceKind.Max ? "Maximum" : "Minimum")}({left}, {right})"
        : base.Combine(kind, left, right);

    protected override void Store(KernelStore store, string text)
    {
        if (!IsVectorized)
        {
            base.Store(store, text);
            return;
        }
        if (store.ColumnReduction is { } kind)
        {
            var target = ReductionTarget(store);
            Writer.Line($"Simd.Store(&{target}, {Combine(kind, $"Simd.Load(&{target})", text)}, remaining);");
            return;
        }
        var place = Element(store.Access, "column");
        if (IsBoolean(store.Access))
        {
            Writer.Line($"Simd.StoreMask(&{place}, {text}, remaining);");
            return;
        }
        // One number for all columns has no stride.
        if (!store.Access.ColumnStride.IsOne && !store.Access.ColumnStride.IsZero)
        {
            Writer.Line($"Simd.StoreStrided(&{place}, {SizeText.Print(store.Access.ColumnStride)}, {text}, remaining);");
            return;
        }
        Writer.Line(store.Adds ? $"Simd.Store(&{place}, Simd.Load(&{place}) + {ScalarText.Operand(text)}, remaining);" : $"Simd.Store(&{place}, {text}, remaining);");
    }

    // ---- Elements ---------------------------------------------------------------------------------------------------

    /// <summary>A tile of one column has its own rows, too.</summary>
    protected override string RowElement(Access access) => IsTileOperand(access) && access.RowStrides.Any(stride => !stride.IsZero)
        ? "tile[(row - firstRow) * stride]"
        : base.RowElement(access);

    protected override string Load(Access access)
    {
        if (IsTileOperand(access))
        {
            return IsVectorized ? "Simd.Load(tile + (row - firstRow) * stride + (column - firstColumn))" : "tile[(row - firstRow) * stride + (column - firstColumn)]";
        }
        if (!IsVectorized) return base.Load(access);
        if (IsBoolean(access)) return access.ColumnStride.IsOne ? $"Simd.LoadMask({Pointer(access, "column")}, remaining)" : $"Simd.LoadMask({Pointer(access, "column")}, {SizeText.Print(access.ColumnStride)}, remaining)";
        if (access.ColumnStride.IsOne) return $"Simd.Load({Pointer(access, "column")})";
        return $"Simd.LoadStrided({Pointer(access, "column")}, {SizeText.Print(access.ColumnStride)}, remaining)";
    }

    private bool IsTileOperand(Access access) => IsTile && access.Operand == 0;

    private bool IsBoolean(Access access) => Kernel.Operands[access.Operand].Element == ElementType.Bool;

    private string Pointer(Access access, string? column) => Sum(access.Offset, access.RowStrides, access.ColumnStride, column) is var offset && offset == "0"
        ? Operand(access)
        : $"{Operand(access)} + {Grouped(offset)}";

    private static string Grouped(string offset) => offset.Contains('-') ? $"({offset})" : offset;

    protected override string IndexText(IndexValue index)
    {
        if (index.Level != Level.Column || !IsVectorized) return base.IndexText(index);
        if (index.ColumnCoefficient.IsOne) return $"Simd.Index({Sum(index.Offset, index.RowCoefficients, index.ColumnCoefficient, "column")})";
        var start = Sum(index.Offset, index.RowCoefficients, Size.Zero, null);
        return $"(Simd.Index(column) * Vector512.Create((int)({SizeText.Print(index.ColumnCoefficient)})) + Vector512.Create((int)({start})))";
    }

    protected override string RandomText(RandomValue random) => random.Level == Level.Column && IsVectorized
        ? $"Philox.Uniform16(seed, step, {random.Site}u, {RandomPosition(random)})"
        : $"Philox.Uniform(seed, step, {random.Site}u, {RandomPosition(random)})";
}
