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
        var parameters = Parameters(Kernel, element => $"ArrayView<{ElementText(element)}>", "int");
        var declaration = string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}"));
        var template = Kernel.Form switch { KernelForm.Map => "IMapKernel", KernelForm.Epilogue => "IElementKernel", _ => "IRowKernel" };
        using (Writer.Block($"internal readonly struct {name}({declaration}) : {template}"))
        {
            var signature = Kernel.Form switch
            {
                KernelForm.Map => "Run(int column)",
                KernelForm.Epilogue => "Run(int row, int column, float tile)",
                KernelForm.Parts => "Run<TLanes>(int part, TLanes lanes) where TLanes : struct, ILanes",
                KernelForm.Rows when Kernel.ReducedRows > 0 => "Run<TLanes>(int kept, TLanes lanes) where TLanes : struct, ILanes",
                _ => "Run<TLanes>(int row, TLanes lanes) where TLanes : struct, ILanes",
            };
            Writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            using (Writer.Block($"public void {signature}"))
            {
                Scalars(Level.Kernel, 0);
                PrintBody();
            }
        }
    }

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

    /// <summary>In 64 bits between: eight times the rows may be more than 32 hold.</summary>
    protected override string PartStart(string part) => $"(int)((long)rows * {part} / {Kernel.PartCount})";

    private bool HasOneColumn => Kernel.Form is KernelForm.Map or KernelForm.Epilogue;

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

    protected override string Load(Access access) => Read(access, base.Load(access));

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
