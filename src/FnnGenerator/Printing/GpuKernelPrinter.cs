using System.Globalization;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints a kernel for GPUs: a struct with its tensors and sizes that fills in one of the runtime's templates, which brings threads and rows together. The
/// body computes one column after the other; which columns are this thread's, and how the threads' results become one, is asked of <c>lanes</c>.
/// </summary>
internal sealed class GpuKernelPrinter(CodeWriter writer, Kernel kernel, string name) : KernelPrinter(writer, kernel with { IsVectorized = false }, ScalarText.Gpu)
{
    protected override string IndexType => "int";

    public static string ElementText(ElementType element) => element == ElementType.Bool ? "byte" : ScalarText.Type(element);

    public void Print()
    {
        var parameters = Parameters(Kernel, element => $"ArrayView<{ElementText(element)}>", "int").Concat(Kernel.Form == KernelForm.Parts ? [("int", "parts")] : Array.Empty<(string Type, string Name)>());
        var declaration = string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}"));
        var template = Kernel.Form switch { KernelForm.Map => $"IMapKernel<{LoadedType(Kernel)}>", KernelForm.Epilogue => "IElementKernel", _ => "IRowKernel" };
        using (Writer.Block($"internal readonly struct {name}({declaration}) : {template}"))
        {
            var signature = Kernel.Form switch
            {
                KernelForm.Map => $"Run(int column, {LoadedType(Kernel)} loaded)",
                KernelForm.Epilogue => "Run(int row, int column, float tile)",
                KernelForm.Parts => "Run<TLanes>(int part, TLanes lanes) where TLanes : struct, ILanes",
                KernelForm.Rows when Kernel.ReducedRows > 0 => "Run<TLanes>(int kept, TLanes lanes) where TLanes : struct, ILanes",
                _ => "Run<TLanes>(int row, TLanes lanes) where TLanes : struct, ILanes",
            };
            if (Kernel.Form == KernelForm.Map)
            {
                var elements = Loads(Kernel).Select(access => Element(access, "column")).ToArray();
                Writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
                Writer.Line($"public {LoadedType(Kernel)} Load(int column) => {elements.Length switch { 0 => "0", 1 => elements[0], _ => $"({string.Join(", ", elements)})" }};");
                Writer.Line();
            }
            Writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            using (Writer.Block($"public void {signature}"))
            {
                Scalars(Level.Kernel, 0);
                PrintBody();
            }
        }
    }

    /// <summary>The type of what an element of a map is computed from: a tuple where it is more than one.</summary>
    public static string LoadedType(Kernel kernel)
    {
        var types = Loads(kernel).Select(access => ElementText(kernel.Operands[access.Operand].Element)).ToArray();
        return types.Length switch { 0 => "byte", 1 => types[0], _ => $"({string.Join(", ", types.Select((type, i) => $"{type} l{Number(i)}"))})" };
    }

    /// <summary>What a map reads beforehand. So many at the most, because ILGPU compiles no larger tuple; what is behind them is read where it is used, and enough is on its way.</summary>
    private static Access[] Loads(Kernel kernel) => [.. kernel.Values.OfType<LoadValue>().Where(load => load.Level == Level.Column).Select(load => load.Access).Distinct().Take(7)];

    /// <summary>An element that a map has read before.</summary>
    private string? Loaded(Access access)
    {
        var loads = Loads(Kernel);
        var position = Kernel.Form == KernelForm.Map ? Array.IndexOf(loads, access) : -1;
        return position < 0 ? null : loads.Length == 1 ? "loaded" : "loaded.l" + Number(position);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void PrintBody()
    {
        switch (Kernel.Form)
        {
            case KernelForm.Map:
                PrintColumns("", "", 0);
                break;
            case KernelForm.Parts:
                PrintPart();
                break;
            case KernelForm.Rows when Kernel.ReducedRows > 0:
                PrintKept();
                break;
            default:
                PrintRow("", SizeText.Print(Kernel.Columns));
                break;
        }
    }

    // ---- Rows that are summed over ----------------------------------------------------------------------------------

    /// <summary>A thread adds up one column after the other, in a register; otherwise all of a row's columns are added to where they are kept.</summary>
    private bool IsByColumn => Kernel.ReducedRows > 0 && GpuMapping.Of(Kernel) == GpuTemplate.ColumnPerThread;

    protected override void PrintPart()
    {
        Writer.Line($"var rows = {SizeText.Print(Size.Product(Kernel.Rows))};");
        // In 64 bits between: the product may be more than 32 hold.
        Writer.Line("var first = (int)((long)rows * part / parts);");
        Writer.Line("var end = (int)((long)rows * (part + 1) / parts);");
        if (!IsByColumn) InitializeColumnReductions("part * " + SizeText.Factor(Kernel.Columns));
        PrintSums("for (var row = first; row < end; row++)");
    }

    protected override void PrintKept()
    {
        if (!IsByColumn)
        {
            base.PrintKept();
            return;
        }
        WriteRowIndices("kept", Kernel.Rows.Take(Kernel.Rows.Count - Kernel.ReducedRows).ToArray(), "k");
        Writer.Line($"var reduced = {SizeText.Print(Size.Product(Kernel.Rows.Skip(Kernel.Rows.Count - Kernel.ReducedRows)))};");
        PrintSums("for (var row = kept * reduced; row < (kept + 1) * reduced; row++)");
    }

    private void PrintSums(string rows)
    {
        if (!IsByColumn)
        {
            using (Writer.Block(rows)) PrintRow("0", SizeText.Print(Kernel.Columns));
            return;
        }
        var sums = Kernel.Stores.Where(store => store.ColumnReduction is not null).ToArray();
        using (Writer.Block(ColumnsHeader("0", SizeText.Print(Kernel.Columns), "")))
        {
            foreach (var store in sums) Writer.Line($"var {ReductionTarget(store)} = {Identity(store.ColumnReduction!.Value, Kernel.Operands[store.Access.Operand].Element)};");
            using (Writer.Block(rows)) PrintRow("", "");
            foreach (var store in sums)
            {
                var target = Kernel.Form == KernelForm.Parts ? SumOverRows(store) : Element(store.Access, "column", store.ReducedRows, "k", "kept");
                Writer.Line($"{target} = {ReductionTarget(store)};");
            }
        }
    }

    protected override string ReductionTarget(KernelStore store) => IsByColumn ? "sum" + Operand(store.Access) : base.ReductionTarget(store);

    // ---- Columns ----------------------------------------------------------------------------------------------------

    private bool HasOneColumn => Kernel.Form is KernelForm.Map or KernelForm.Epilogue || IsByColumn;

    protected override IDisposable BeginColumns(string first, string end) => HasOneColumn ? NoBlock.Instance : Writer.Block(ColumnsHeader(first, end, "column += lanes.Step"));

    protected override string ColumnsHeader(string first, string end, string step) => $"for (var column = lanes.First; column < {end}; column += lanes.Step)";

    /// <summary>One thread writes what all of them know. (An epilogue has only one.)</summary>
    protected override void PrintRowStores(IReadOnlyList<string> stores)
    {
        if (stores.Count == 0) return;
        using (Writer.Block(HasOneColumn ? "if (column == 0)" : "if (lanes.First == 0)")) base.PrintRowStores(stores);
    }

    /// <summary>As conditional values: a branch on a comparison of floats holds for NaN where ILGPU's OpenCL is done with it.</summary>
    protected override void Accumulate(int id, string text)
    {
        if (Kernel.Values[id] is not ArgReduceValue arg)
        {
            base.Accumulate(id, text);
            return;
        }
        Writer.Line($"var isBetter{id} = {ScalarText.Operand(text)} {(arg.IsMax ? ">" : "<")} best{id};");
        Writer.Line($"best{id} = isBetter{id} ? {text} : best{id};");
        Writer.Line($"a{id} = isBetter{id} ? column : a{id};");
    }

    protected override void EndReduction(int id)
    {
        var end = Kernel.Values[id] switch
        {
            ReduceValue reduce => $"lanes.Reduce<{ScalarText.Type(reduce.Element)}, {reduce.Kind}Reduction>(a{id})",
            ArgReduceValue arg => $"lanes.ArgReduce<{ScalarText.Type(Kernel.Values[arg.Input].Element)}, {(arg.IsMax ? "Max" : "Min")}Reduction>(best{id}, a{id})",
            var other => throw new InvalidOperationException($"{other} is no reduction."),
        };
        Writer.Line($"var v{id} = {end};");
        Body.SetScalar(id, "v" + id);
    }

    // ---- Elements ---------------------------------------------------------------------------------------------------

    protected override string RowElement(Access access) => Read(access, base.RowElement(access));

    protected override string Load(Access access) => Read(access, Loaded(access) ?? base.Load(access));

    /// <summary>Booleans are bytes in memory.</summary>
    private string Read(Access access, string element) => IsTile && access.Operand == 0 ? "tile" : IsBoolean(access) ? $"({element} != 0)" : element;

    protected override string Stored(KernelStore store, string text) => IsBoolean(store.Access) ? $"(byte)({text} ? 1 : 0)" : text;

    private bool IsBoolean(Access access) => Kernel.Operands[access.Operand].Element == ElementType.Bool;

    protected override string RandomText(RandomValue random) => $"GpuPhilox.Uniform(seed, step, {random.Site}u, {RandomPosition(random)})";

    private sealed class NoBlock : IDisposable
    {
        public static readonly NoBlock Instance = new();

        public void Dispose() { }
    }
}
