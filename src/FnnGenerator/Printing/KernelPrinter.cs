using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints a kernel: a struct that carries its pointers and sizes to the worker threads, and a static method with the loops, whose
/// parameters the JIT keeps in registers.
/// </summary>
internal sealed class KernelPrinter(CodeWriter writer, Kernel kernel, string name)
{
    private readonly KernelBody _body = new(kernel);
    private readonly string[] _operands = OperandNames(kernel);
    private readonly List<string> _locals = [];

    /// <summary>The names a call gives: operands (without an epilogue's tile), then sizes, then seed and step.</summary>
    public static IReadOnlyList<(string Type, string Name)> Parameters(Kernel kernel)
    {
        var names = OperandNames(kernel);
        var operands = kernel.Operands.Select((operand, i) => (ScalarText.Type(operand.Element) + "*", names[i])).Skip(kernel.Form == KernelForm.Epilogue ? 1 : 0);
        var random = UsesRandom(kernel) ? new[] { ("ulong", "seed"), ("ulong", "step") } : [];
        return operands.Concat(kernel.Sizes.Select(size => ("nint", SizeText.Axis(size)))).Concat(random).ToArray();
    }

    public static bool UsesRandom(Kernel kernel) => kernel.Values.Any(value => value is RandomValue);

    /// <summary>How many independent pieces there are, as an expression over sizes.</summary>
    public static Size Count(Kernel kernel) => kernel.Form switch
    {
        KernelForm.Map => kernel.Columns,
        KernelForm.Parts => Size.Constant(Kernel.PartCount),
        _ => Size.Product(kernel.Rows.Take(kernel.Rows.Count - kernel.ReducedRows)),
    };

    public void Print()
    {
        var parameters = Parameters(kernel);
        var declaration = string.Join(", ", parameters.Select(parameter => $"{parameter.Type} {parameter.Name}"));
        var arguments = string.Join(", ", parameters.Select(parameter => parameter.Name).Concat(IsTile ? ["tile", "stride", "firstRow", "rows", "firstColumn", "columns"] : new[] { "begin", "end" }));
        using (writer.Block($"private readonly unsafe struct {name}({declaration}) : {(IsTile ? "ITileKernel" : "IRangeKernel")}"))
        {
            var signature = IsTile ? "float* tile, nint stride, nint firstRow, nint rows, nint firstColumn, nint columns" : "nint begin, nint end";
            writer.Line($"public void Run({signature}) => Loop({arguments});");
            writer.Line();
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block($"private static void Loop({(declaration.Length > 0 ? declaration + ", " : "")}{signature})"))
            {
                Scalars(Level.Kernel, 0);
                PrintLoops();
            }
        }
    }

    private bool IsTile => kernel.Form == KernelForm.Epilogue;

    private static string[] OperandNames(Kernel kernel)
    {
        var written = new HashSet<int>(kernel.Stores.Select(store => store.Access.Operand));
        int reads = 0, writes = 0;
        return kernel.Operands.Select((_, i) => kernel.Form == KernelForm.Epilogue && i == 0 ? "tile" : written.Contains(i) ? "y" + writes++ : "x" + reads++).ToArray();
    }

    private void PrintLoops()
    {
        switch (kernel.Form)
        {
            case KernelForm.Map:
                PrintColumns("begin", "end", 0);
                break;
            case KernelForm.Epilogue:
                using (writer.Block("for (var row = firstRow; row < firstRow + rows; row++)")) PrintRow("firstColumn", "firstColumn + columns");
                break;
            case KernelForm.Parts:
                using (writer.Block("for (var part = begin; part < end; part++)"))
                {
                    InitializeColumnReductions("part * " + SizeText.Factor(kernel.Columns));
                    writer.Line($"var rows = {SizeText.Print(Size.Product(kernel.Rows))};");
                    using (writer.Block($"for (var row = rows * part / {Kernel.PartCount}; row < rows * (part + 1) / {Kernel.PartCount}; row++)")) PrintRow("0", SizeText.Print(kernel.Columns));
                }
                break;
            case KernelForm.Rows when kernel.ReducedRows > 0:
                using (writer.Block("for (var kept = begin; kept < end; kept++)"))
                {
                    WriteRowIndices("kept", kernel.Rows.Take(kernel.Rows.Count - kernel.ReducedRows).ToArray(), "k");
                    InitializeColumnReductions(null);
                    writer.Line($"var reduced = {SizeText.Print(Size.Product(kernel.Rows.Skip(kernel.Rows.Count - kernel.ReducedRows)))};");
                    using (writer.Block("for (var row = kept * reduced; row < (kept + 1) * reduced; row++)")) PrintRow("0", SizeText.Print(kernel.Columns));
                }
                break;
            default:
                using (writer.Block("for (var row = begin; row < end; row++)")) PrintRow("0", SizeText.Print(kernel.Columns));
                break;
        }
    }

    // ---- One row ----------------------------------------------------------------------------------------------------

    private void PrintRow(string firstColumn, string endColumn)
    {
        _body.ForgetRows();
        _locals.Clear();
        WriteRowIndices("row", kernel.Rows, "r");
        for (var pass = 0; pass < _body.PassCount; pass++)
        {
            Scalars(Level.Row, pass);
            PrintColumns(firstColumn, endColumn, pass);
        }
        foreach (var store in kernel.Stores.Where(IsRowStore))
        {
            writer.Line($"{Element(store.Access, null)} {(store.Adds ? "+=" : "=")} {_body.Scalar(store.Value)};");
        }
    }

    /// <summary>A value of each row (or of the kernel) is stored once a row.</summary>
    private bool IsRowStore(KernelStore store) => kernel.Form != KernelForm.Map && store.ColumnReduction is null && store.Access.ColumnStride.IsZero && IsScalar(store.Value);

    private bool IsScalar(int value) => kernel.Values[value].Level != Level.Column;

    /// <summary>The index along each row axis, where there is more than one.</summary>
    private void WriteRowIndices(string flat, IReadOnlyList<Size> axes, string prefix)
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

    private void PrintColumns(string first, string end, int pass)
    {
        var stores = kernel.Stores.Where(store => !IsRowStore(store) && (IsScalar(store.Value) ? pass == _body.PassCount - 1 : _body.PassOf(store.Value) == pass)).ToArray();
        var reductions = Enumerable.Range(0, kernel.Values.Count)
            .Where(id => kernel.Values[id] is ReduceValue or ArgReduceValue && _body.PassOf(id) == pass + 1).ToArray();
        if (stores.Length == 0 && reductions.Length == 0) return;
        foreach (var id in reductions) BeginReduction(id);
        var step = kernel.IsVectorized ? "column += 16" : "column++";
        using (writer.Block($"for (nint column = {first}; column < {end}; {step})"))
        {
            if (kernel.IsVectorized) writer.Line($"var remaining = {end} - column;");
            var wanted = reductions.Select(InputOf).Concat(stores.Select(store => store.Value)).ToArray();
            _body.WriteColumns(writer, wanted, Load, IndexText, RandomText, (id, text) =>
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

    private int InputOf(int reduction) => kernel.Values[reduction] switch
    {
        ReduceValue reduce => reduce.Input,
        ArgReduceValue arg => arg.Input,
        var other => throw new InvalidOperationException($"{other} is no reduction."),
    };

    private void BeginReduction(int id)
    {
        switch (kernel.Values[id])
        {
            case ReduceValue reduce:
                var identity = Identity(reduce.Kind, reduce.Element);
                writer.Line($"var a{id} = {(kernel.IsVectorized ? $"Vector512.Create({identity})" : identity)};");
                break;
            case ArgReduceValue arg:
                var worst = Identity(arg.IsMax ? ReduceKind.Max : ReduceKind.Min, kernel.Values[arg.Input].Element);
                writer.Line($"var best{id} = {(kernel.IsVectorized ? $"Vector512.Create({worst})" : worst)};");
                writer.Line($"var a{id} = {(kernel.IsVectorized ? "Vector512<int>.Zero" : "0")};");
                break;
        }
    }

    private void Accumulate(int id, string text)
    {
        switch (kernel.Values[id])
        {
            case ReduceValue reduce when kernel.IsVectorized:
                writer.Line($"a{id} = {Combine(reduce.Kind, $"a{id}", $"Simd.Keep({text}, remaining, {Identity(reduce.Kind, reduce.Element)})")};");
                break;
            case ReduceValue reduce:
                writer.Line($"a{id} = {Combine(reduce.Kind, $"a{id}", text)};");
                break;
            case ArgReduceValue arg when kernel.IsVectorized:
                var worst = Identity(arg.IsMax ? ReduceKind.Max : ReduceKind.Min, ElementType.F32);
                writer.Line($"Simd.{(arg.IsMax ? "ArgMax" : "ArgMin")}(ref best{id}, ref a{id}, Simd.Keep({text}, remaining, {worst}), Simd.Index(column));");
                break;
            case ArgReduceValue arg:
                writer.Line($"if (({text}) {(arg.IsMax ? ">" : "<")} best{id}) {{ best{id} = {text}; a{id} = (int)column; }}");
                break;
        }
    }

    private void EndReduction(int id)
    {
        if (!kernel.IsVectorized)
        {
            _body.SetScalar(id, "a" + id);
            return;
        }
        var end = kernel.Values[id] switch
        {
            ReduceValue reduce => $"Simd.{reduce.Kind}(a{id})",
            ArgReduceValue arg => $"Simd.{(arg.IsMax ? "ArgMaxLane" : "ArgMinLane")}(best{id}, a{id})",
            var other => throw new InvalidOperationException($"{other} is no reduction."),
        };
        writer.Line($"var v{id} = {end};");
        _body.SetScalar(id, "v" + id);
    }

    private string Combine(ReduceKind kind, string left, string right) => kind switch
    {
        ReduceKind.Sum => $"{left} + {ScalarText.Operand(right)}",
        ReduceKind.Prod => $"{left} * {ScalarText.Operand(right)}",
        _ => $"{(kernel.IsVectorized ? "SimdMath" : "ScalarMath")}.{(kind == ReduceKind.Max ? "Maximum" : "Minimum")}({left}, {right})",
    };

    private static string Identity(ReduceKind kind, ElementType element) => kind switch
    {
        ReduceKind.Sum => ScalarText.Number(0, element),
        ReduceKind.Prod => ScalarText.Number(1, element),
        ReduceKind.Max when !element.IsFloat() => ScalarText.Type(element) + ".MinValue",
        ReduceKind.Min when !element.IsFloat() => ScalarText.Type(element) + ".MaxValue",
        ReduceKind.Max => ScalarText.Number(double.NegativeInfinity, element),
        _ => ScalarText.Number(double.PositiveInfinity, element),
    };

    // ---- Stores -----------------------------------------------------------------------------------------------------

    private void Store(KernelStore store, string text)
    {
        if (store.ColumnReduction is { } kind)
        {
            var target = Element(store.Access, "column", store.ReducedRows);
            if (kernel.Form == KernelForm.Parts) target = $"{_operands[store.Access.Operand]}[part * {SizeText.Factor(kernel.Columns)} + column]";
            if (kernel.IsVectorized) writer.Line($"Simd.Store(&{target}, {Combine(kind, $"Simd.Load(&{target})", text)}, remaining);");
            else writer.Line($"{target} = {Combine(kind, target, text)};");
            return;
        }
        var place = Element(store.Access, "column");
        if (!kernel.IsVectorized) writer.Line($"{place} {(store.Adds ? "+=" : "=")} {text};");
        else if (store.Adds) writer.Line($"Simd.Store(&{place}, Simd.Load(&{place}) + {ScalarText.Operand(text)}, remaining);");
        else writer.Line($"Simd.Store(&{place}, {text}, remaining);");
    }

    private void InitializeColumnReductions(string? start)
    {
        foreach (var store in kernel.Stores.Where(store => store.ColumnReduction is not null))
        {
            var operand = _operands[store.Access.Operand];
            var identity = Identity(store.ColumnReduction!.Value, kernel.Operands[store.Access.Operand].Element);
            var target = start is null ? Element(store.Access, "column", store.ReducedRows, "k", "kept") : $"{operand}[{start} + column]";
            writer.Line($"for (nint column = 0; column < {SizeText.Print(kernel.Columns)}; column++) {target} = {identity};");
        }
    }

    // ---- Addresses --------------------------------------------------------------------------------------------------

    private void Scalars(Level level, int pass) => _body.WriteScalars(writer, level, pass, RowElement, IndexText, RandomText);

    /// <summary>An element that is the same for all columns; a tile of one column has its own rows, too.</summary>
    private string RowElement(Access access) => IsTile && access.Operand == 0 && access.RowStrides.Any(stride => !stride.IsZero)
        ? "tile[(row - firstRow) * stride]"
        : Element(access, null);

    private string Load(Access access)
    {
        if (IsTile && access.Operand == 0)
        {
            return kernel.IsVectorized ? "Simd.Load(tile + (row - firstRow) * stride + (column - firstColumn))" : "tile[(row - firstRow) * stride + (column - firstColumn)]";
        }
        if (!kernel.IsVectorized) return Element(access, "column");
        if (access.ColumnStride.IsOne) return $"Simd.Load({Pointer(access, "column")})";
        return $"Simd.LoadStrided({Pointer(access, "column")}, {SizeText.Print(access.ColumnStride)}, remaining)";
    }

    private string Pointer(Access access, string? column) => Sum(access.Offset, access.RowStrides, access.ColumnStride, column, 0, null) is var offset && offset == "0"
        ? _operands[access.Operand]
        : $"{_operands[access.Operand]} + {Grouped(offset)}";

    private string Element(Access access, string? column, int withoutRows = 0, string? rowPrefix = null, string? singleRow = null)
    {
        var offset = Sum(access.Offset, access.RowStrides, access.ColumnStride, column, withoutRows, rowPrefix, singleRow);
        return $"{_operands[access.Operand]}[{offset}]";
    }

    private static string Grouped(string offset) => offset.Contains('-') ? $"({offset})" : offset;

    private string Sum(Size offset, IReadOnlyList<Size> rows, Size columnStride, string? column, int withoutRows, string? rowPrefix, string? singleRow = null)
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

    private string IndexText(IndexValue index)
    {
        if (index.Level != Level.Column || !kernel.IsVectorized)
        {
            return $"(int)({Sum(index.Offset, index.RowCoefficients, index.ColumnCoefficient, index.Level == Level.Column ? "column" : null, 0, null)})";
        }
        if (index.ColumnCoefficient.IsOne) return $"Simd.Index({Sum(index.Offset, index.RowCoefficients, index.ColumnCoefficient, "column", 0, null)})";
        var start = Sum(index.Offset, index.RowCoefficients, Size.Zero, null, 0, null);
        return $"(Simd.Index(column) * Vector512.Create((int)({SizeText.Print(index.ColumnCoefficient)})) + Vector512.Create((int)({start})))";
    }

    private string RandomText(RandomValue random)
    {
        var position = Sum(random.Offset, random.RowCoefficients, random.ColumnCoefficient, random.Level == Level.Column ? "column" : null, 0, null);
        return random.Level == Level.Column && kernel.IsVectorized
            ? $"Philox.Uniform16(seed, step, {random.Site}u, {position})"
            : $"Philox.Uniform(seed, step, {random.Site}u, {position})";
    }
}
