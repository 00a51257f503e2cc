using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// What printing a kernel has in common for all backends: its rows, the passes over their columns, reductions and stores, and where elements lie. What is printed here
/// computes one column after the other; a backend prints what it does otherwise.
/// </summary>
/// <param name="math">The class that has the operators on one element.</param>
internal abstract class KernelPrinter(CodeWriter writer, Kernel kernel, string math)
{
    private readonly string[] _operands = OperandNames(kernel);

    protected CodeWriter Writer => writer;

    protected Kernel Kernel => kernel;

    protected KernelBody Body { get; } = new(kernel, math);

    /// <summary>The type of a loop variable.</summary>
    protected abstract string IndexType { get; }

    protected bool IsTile => kernel.Form == KernelForm.Epilogue;

    public static bool UsesRandom(Kernel kernel) => kernel.Values.Any(value => value is RandomValue);

    /// <summary>The names of operands in the order of the kernel: an epilogue's first is its tile.</summary>
    protected static string[] OperandNames(Kernel kernel)
    {
        var written = new HashSet<int>(kernel.Stores.Select(store => store.Access.Operand));
        int reads = 0, writes = 0;
        return kernel.Operands.Select((_, i) => kernel.Form == KernelForm.Epilogue && i == 0 ? "tile" : written.Contains(i) ? "y" + writes++ : "x" + reads++).ToArray();
    }

    /// <summary>The names a call gives: operands (without an epilogue's tile), then sizes, then seed and step.</summary>
    protected static IReadOnlyList<(string Type, string Name)> Parameters(Kernel kernel, Func<ElementType, string> operandType, string sizeType)
    {
        var names = OperandNames(kernel);
        var operands = kernel.Operands.Select((operand, i) => (operandType(operand.Element), names[i])).Skip(kernel.Form == KernelForm.Epilogue ? 1 : 0);
        var random = UsesRandom(kernel) ? new[] { ("ulong", "seed"), ("ulong", "step") } : [];
        return operands.Concat(kernel.Sizes.Select(size => (sizeType, SizeText.Axis(size)))).Concat(random).ToArray();
    }

    // ---- Rows that are summed over ----------------------------------------------------------------------------------

    /// <summary>One of the fixed parts into which rows are cut: the variable <c>part</c>.</summary>
    protected virtual void PrintPart()
    {
        InitializeColumnReductions("part * " + SizeText.Factor(kernel.Columns));
        writer.Line($"var rows = {SizeText.Print(Size.Product(kernel.Rows))};");
        using (writer.Block($"for (var row = rows * part / {Kernel.PartCount}; row < rows * (part + 1) / {Kernel.PartCount}; row++)")) PrintRow("0", SizeText.Print(kernel.Columns));
    }

    /// <summary>The rows of one row that is kept: the variable <c>kept</c>.</summary>
    protected virtual void PrintKept()
    {
        WriteRowIndices("kept", kernel.Rows.Take(kernel.Rows.Count - kernel.ReducedRows).ToArray(), "k");
        InitializeColumnReductions(null);
        writer.Line($"var reduced = {SizeText.Print(Size.Product(kernel.Rows.Skip(kernel.Rows.Count - kernel.ReducedRows)))};");
        using (writer.Block("for (var row = kept * reduced; row < (kept + 1) * reduced; row++)")) PrintRow("0", SizeText.Print(kernel.Columns));
    }

    /// <summary>Sums over rows begin where they are kept.</summary>
    protected void InitializeColumnReductions(string? start)
    {
        foreach (var store in kernel.Stores.Where(store => store.ColumnReduction is not null))
        {
            var identity = Identity(store.ColumnReduction!.Value, kernel.Operands[store.Access.Operand].Element);
            var target = start is null ? Element(store.Access, "column", store.ReducedRows, "k", "kept") : $"{_operands[store.Access.Operand]}[{start} + column]";
            writer.Line($"{ColumnsHeader("0", SizeText.Print(kernel.Columns), step: "column++")} {target} = {identity};");
        }
    }

    // ---- One row ----------------------------------------------------------------------------------------------------

    /// <summary>The variable <c>row</c>: its values, and the passes over its columns.</summary>
    protected void PrintRow(string firstColumn, string endColumn)
    {
        Body.ForgetRows();
        WriteRowIndices("row", kernel.Rows, "r");
        for (var pass = 0; pass < Body.PassCount; pass++)
        {
            Scalars(Level.Row, pass);
            PrintColumns(firstColumn, endColumn, pass);
        }
        var stores = kernel.Stores.Where(IsRowStore).Select(store => $"{Element(store.Access, null)} {(store.Adds ? "+=" : "=")} {Stored(store, Body.Scalar(store.Value))};").ToArray();
        PrintRowStores(stores);
    }

    protected virtual void PrintRowStores(IReadOnlyList<string> stores)
    {
        foreach (var store in stores) writer.Line(store);
    }

    /// <summary>A value of each row (or of the kernel) is stored once a row.</summary>
    private bool IsRowStore(KernelStore store) => kernel.Form != KernelForm.Map && store.ColumnReduction is null && store.Access.ColumnStride.IsZero && IsScalar(store.Value);

    private bool IsScalar(int value) => kernel.Values[value].Level != Level.Column;

    /// <summary>The index along each row axis, where there is more than one.</summary>
    protected void WriteRowIndices(string flat, IReadOnlyList<Size> axes, string prefix)
    {
        if (axes.Count < 2) return;
        var rest = flat;
        for (var axis = axes.Count - 1; axis > 0; axis--)
        {
            var size = SizeText.Divisor(axes[axis]);
            writer.Line($"var {prefix}{axis} = {rest} % {size};");
            if (axis > 1)
            {
                writer.Line($"var {prefix}Rest{axis} = {rest} / {size};");
                rest = $"{prefix}Rest{axis}";
            }
            else
            {
                writer.Line($"var {prefix}0 = {rest} / {size};");
            }
        }
    }

    private string RowVariable(int axis) => kernel.Rows.Count < 2 ? "row" : "r" + axis;

    // ---- One pass over the columns ----------------------------------------------------------------------------------

    protected void PrintColumns(string first, string end, int pass)
    {
        var stores = kernel.Stores.Where(store => !IsRowStore(store) && (IsScalar(store.Value) ? pass == Body.PassCount - 1 : Body.PassOf(store.Value) == pass)).ToArray();
        var reductions = Enumerable.Range(0, kernel.Values.Count)
            .Where(id => kernel.Values[id] is ReduceValue or ArgReduceValue && Body.PassOf(id) == pass + 1).ToArray();
        if (stores.Length == 0 && reductions.Length == 0) return;
        foreach (var id in reductions) BeginReduction(id);
        using (BeginColumns(first, end))
        {
            var wanted = reductions.Select(InputOf).Concat(stores.Select(store => store.Value)).ToArray();
            Body.WriteColumns(writer, wanted, Load, IndexText, RandomText, (id, text) =>
            {
                // A value that several reductions or stores take is computed once.
                if (text.Length > 8 && wanted.Count(other => other == id) > 1)
                {
                    writer.Line($"var u{id} = {text};");
                    text = "u" + id;
                }
                foreach (var reduction in reductions.Where(reduction => InputOf(reduction) == id)) Accumulate(reduction, text);
                foreach (var store in stores.Where(store => store.Value == id)) Store(store, text);
            });
        }
        foreach (var id in reductions) EndReduction(id);
    }

    /// <summary>Opens the loop over columns.</summary>
    protected virtual IDisposable BeginColumns(string first, string end) => writer.Block(ColumnsHeader(first, end, "column++"));

    /// <summary>The head of a loop over columns.</summary>
    protected virtual string ColumnsHeader(string first, string end, string step) => $"for ({IndexType} column = {first}; column < {end}; {step})";

    protected int InputOf(int reduction) => kernel.Values[reduction] switch
    {
        ReduceValue reduce => reduce.Input,
        ArgReduceValue arg => arg.Input,
        var other => throw new InvalidOperationException($"{other} is no reduction."),
    };

    protected virtual void BeginReduction(int id)
    {
        writer.Line(kernel.Values[id] is ArgReduceValue arg ? $"var best{id} = {Worst(arg)};" : $"var a{id} = {Identity(((ReduceValue)kernel.Values[id]).Kind, kernel.Values[id].Element)};");
        if (kernel.Values[id] is ArgReduceValue) writer.Line($"var a{id} = 0;");
    }

    protected virtual void Accumulate(int id, string text)
    {
        switch (kernel.Values[id])
        {
            case ReduceValue reduce:
                writer.Line($"a{id} = {Combine(reduce.Kind, $"a{id}", text)};");
                break;
            case ArgReduceValue arg:
                writer.Line($"if (({text}) {(arg.IsMax ? ">" : "<")} best{id}) {{ best{id} = {text}; a{id} = (int)column; }}");
                break;
        }
    }

    protected virtual void EndReduction(int id) => Body.SetScalar(id, "a" + id);

    /// <summary>What every value of the input is better than.</summary>
    protected string Worst(ArgReduceValue arg) => Identity(arg.IsMax ? ReduceKind.Max : ReduceKind.Min, kernel.Values[arg.Input].Element);

    protected virtual string Combine(ReduceKind kind, string left, string right) => kind switch
    {
        ReduceKind.Sum => $"{left} + {ScalarText.Operand(right)}",
        ReduceKind.Prod => $"{left} * {ScalarText.Operand(right)}",
        _ => $"{math}.{(kind == ReduceKind.Max ? "Maximum" : "Minimum")}({left}, {right})",
    };

    protected static string Identity(ReduceKind kind, ElementType element) => kind switch
    {
        ReduceKind.Sum => ScalarText.Number(0, element),
        ReduceKind.Prod => ScalarText.Number(1, element),
        ReduceKind.Max when !element.IsFloat() => ScalarText.Type(element) + ".MinValue",
        ReduceKind.Min when !element.IsFloat() => ScalarText.Type(element) + ".MaxValue",
        ReduceKind.Max => ScalarText.Number(double.NegativeInfinity, element),
        _ => ScalarText.Number(double.PositiveInfinity, element),
    };

    // ---- Elements ---------------------------------------------------------------------------------------------------

    protected virtual void Store(KernelStore store, string text)
    {
        if (store.ColumnReduction is { } kind)
        {
            var target = ReductionTarget(store);
            writer.Line($"{target} = {Combine(kind, target, text)};");
            return;
        }
        writer.Line($"{Element(store.Access, "column")} {(store.Adds ? "+=" : "=")} {Stored(store, text)};");
    }

    /// <summary>A value as it is written to memory.</summary>
    protected virtual string Stored(KernelStore store, string text) => text;

    /// <summary>Where a column's sum over rows is added up.</summary>
    protected virtual string ReductionTarget(KernelStore store) => SumOverRows(store);

    /// <summary>Where a column's sum over rows is kept.</summary>
    protected string SumOverRows(KernelStore store) => kernel.Form == KernelForm.Parts
        ? $"{_operands[store.Access.Operand]}[part * {SizeText.Factor(kernel.Columns)} + column]"
        : Element(store.Access, "column", store.ReducedRows);

    protected void Scalars(Level level, int pass) => Body.WriteScalars(writer, level, pass, RowElement, IndexText, RandomText);

    /// <summary>An element that is the same for all columns.</summary>
    protected virtual string RowElement(Access access) => Element(access, null);

    /// <summary>The element of a column.</summary>
    protected virtual string Load(Access access) => Element(access, "column");

    protected string Operand(Access access) => _operands[access.Operand];

    protected string Element(Access access, string? column, int withoutRows = 0, string? rowPrefix = null, string? singleRow = null) =>
        $"{_operands[access.Operand]}[{Sum(access.Offset, access.RowStrides, access.ColumnStride, column, withoutRows, rowPrefix, singleRow)}]";

    protected string Sum(Size offset, IReadOnlyList<Size> rows, Size columnStride, string? column, int withoutRows = 0, string? rowPrefix = null, string? singleRow = null)
    {
        var terms = new List<string>();
        var count = rows.Count - withoutRows;
        for (var axis = 0; axis < count; axis++)
        {
            var variable = rowPrefix is null ? RowVariable(axis) : count == 1 ? singleRow! : rowPrefix + axis;
            if (SizeText.Times(variable, rows[axis]) is { } term) terms.Add(term);
        }
        if (column is not null && SizeText.Times(column, columnStride) is { } columnTerm) terms.Add(columnTerm);
        if (!offset.IsZero || terms.Count == 0) terms.Add(SizeText.Print(offset));
        return string.Join(" + ", terms).Replace("+ -", "- ");
    }

    protected virtual string IndexText(IndexValue index) =>
        $"(int)({Sum(index.Offset, index.RowCoefficients, index.ColumnCoefficient, index.Level == Level.Column ? "column" : null)})";

    protected abstract string RandomText(RandomValue random);

    /// <summary>The linear position of a draw's element.</summary>
    protected string RandomPosition(RandomValue random) => Sum(random.Offset, random.RowCoefficients, random.ColumnCoefficient, random.Level == Level.Column ? "column" : null);
}
