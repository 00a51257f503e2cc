using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// Prints a program for GPUs from the same plan as the processor's: steps hand kernels to the device. Tensors of the host (inputs, results, and their
/// gradients) get buffers of the arena behind the plan's own, and so does what a step needs for itself.
/// </summary>
internal sealed class GpuProgramPrinter : ProgramPrinter
{
    private readonly List<BufferPlan> _buffers;
    private readonly List<(string Kind, int Index, int Buffer)> _transfers = [];
    private readonly Dictionary<Type, int> _firstBuffer = [];
    private readonly Dictionary<int, int> _scratch = [];

    private GpuProgramPrinter(ProgramPlan plan, IReadOnlyList<StorageLayout> parameters, IReadOnlyList<StorageLayout> buffers, Func<Origin, SourceLine?> lines)
        : base(plan, parameters, buffers, lines)
    {
        _buffers = plan.Buffers.ToList();
        AddTransfers<InputPlace>("Input", 0);
        AddTransfers<ResultPlace>("Result", 0);
        AddTransfers<OutputGradientPlace>("ResultGradient", plan.BackwardStart);
        AddTransfers<InputGradientPlace>("InputGradient", plan.BackwardStart);
        AddScratch();
    }

    protected override IEnumerable<string> Directives =>
    [
        "// A kernel is given all sizes of its plan; of those that tell loops apart, its template takes care.",
        "#pragma warning disable CS9113",
    ];

    protected override IEnumerable<string> Usings => ["System", "System.Runtime.CompilerServices", "FeedbackNN", "FeedbackNN.Gpu", "ILGPU"];

    protected override string ClassHeader => $"internal sealed unsafe class {ClassName(Plan)}(Device device) : GpuProgram(device, Lifetimes)";

    protected override string SizeType => "long";

    protected override IReadOnlyList<BufferPlan> Buffers => _buffers;

    /// <inheritdoc cref="CpuProgramPrinter.Print"/>
    public static string Print(string namespaceName, ProgramPlan plan, IReadOnlyList<StorageLayout> parameters, IReadOnlyList<StorageLayout> buffers, Func<Origin, SourceLine?> lines) =>
        new GpuProgramPrinter(plan, parameters, buffers, lines).Print(namespaceName);

    /// <summary>The class that is printed for a program.</summary>
    public static string ClassName(ProgramPlan plan) => plan.Name + "Gpu";

    protected override void PrintAxisTable()
    {
        Writer.Line($"private static readonly string[] SizeNames = {{ {string.Join(", ", Plan.Axes.Select(CSharpNames.Literal))} }};");
        Writer.Line();
        Writer.Line("// The host's tensors and their buffers.");
        using (Writer.Block("private static readonly HostTransfer[] HostTensors =", ";"))
        {
            foreach (var (kind, index, buffer) in _transfers) Writer.Line($"new(HostTensor.{kind}, {Number(index)}, {Number(buffer)}),");
        }
        Writer.Line();
        Writer.Line("protected override ReadOnlySpan<string> AxisNames => SizeNames;");
        Writer.Line();
        Writer.Line("protected override ReadOnlySpan<HostTransfer> Transfers => HostTensors;");
    }

    protected override void PrintKernel(Kernel kernel, string name) => new GpuKernelPrinter(Writer, kernel, name).Print();

    protected override DescriptionPrinter Description => new(Plan, KernelNames, isCpu: false);

    // ---- Buffers beside the plan's ----------------------------------------------------------------------------------

    /// <summary>A buffer for each tensor of a kind, one after the other; those that no step names are empty.</summary>
    private void AddTransfers<TPlace>(string kind, int firstStep) where TPlace : Place
    {
        var places = Plan.Steps.SelectMany(Lifetimes.Places).OfType<TPlace>().GroupBy(StepLoops.Position).ToDictionary(group => group.Key, group => group.First());
        if (places.Count == 0) return;
        _firstBuffer.Add(typeof(TPlace), _buffers.Count);
        var last = Math.Max(firstStep, Plan.Steps.Count - 1);
        for (var index = 0; index <= places.Keys.Max(); index++)
        {
            var isUsed = places.TryGetValue(index, out var place);
            if (isUsed) _transfers.Add((kind, index, _buffers.Count));
            _buffers.Add(new BufferPlan(kind, isUsed ? place!.Element : ElementType.F32, isUsed ? place!.Length : Size.Zero, firstStep, last));
        }
    }

    /// <summary>Numbers that a step needs while it runs; in a loop, all its rounds.</summary>
    private void AddScratch()
    {
        for (var step = 0; step < Plan.Steps.Count; step++)
        {
            var (length, element) = Plan.Steps[step] switch
            {
                ScatterAddStep scatter => (Size.Constant(2) * scatter.IndexCount, ElementType.I64),
                CheckRangeStep => (Size.One, ElementType.I32),
                AttentionGradientStep { HasSlopes: true } gradient => (Size.Product([gradient.Sizes.Batch, gradient.Sizes.Heads, gradient.Sizes.Queries]), gradient.LogSums.Element),
                _ => (null, ElementType.I32),
            };
            if (length is null) continue;
            var loop = Plan.Loops.FirstOrDefault(loop => loop.First <= step && step < loop.End);
            if (loop is not null && step >= loop.First + loop.Period) continue;
            _scratch.Add(step, _buffers.Count);
            _buffers.Add(new BufferPlan("scratch", element, length, loop?.First ?? step, loop is null ? step : loop.End - 1));
        }
    }

    // ---- Steps ------------------------------------------------------------------------------------------------------

    protected override void PrintBegin(string position) => Writer.Line($"Begin({position});");

    protected override bool HasKernel(Kernel kernel) => kernel.AddsParts is null;

    protected override void PrintKernelStep(KernelStep step, Kernel kernel)
    {
        if (kernel.AddsParts is { } kind)
        {
            var parts = PartCount(GpuMapping.MakerOfParts(Plan, StepLoops.Position(step.Operands[0]))!);
            var type = GpuKernelPrinter.ElementText(step.Operands[0].Element);
            Writer.Line($"AddParts<{type}, {kind}Reduction>({Text(step.Operands[0])}, {Text(step.Operands[1])}, {parts}, {SizeText.Print(kernel.Columns)});");
            return;
        }
        var call = New(step.Kernel, step.Operands);
        var rows = kernel.Form == KernelForm.Parts ? PartCount(kernel) : SizeText.Print(GpuMapping.RowCount(kernel));
        var columns = SizeText.Print(kernel.Columns);
        Writer.Line(GpuMapping.Of(kernel) switch
        {
            GpuTemplate.Map => $"Map<{KernelNames[step.Kernel]}, {GpuKernelPrinter.LoadedType(kernel)}>({call}, {columns});",
            GpuTemplate.RowPerThread => $"RowPerThread({call}, {rows});",
            GpuTemplate.InOrder => InOrder(call, kernel),
            var template => $"{template}({call}, {rows}, {columns});",
        });
    }

    private static string PartCount(Kernel kernel) => $"PartCount({SizeText.Print(Size.Product(kernel.Rows))}, {SizeText.Print(GpuMapping.ColumnsApart(kernel))})";

    protected override (string Text, Size[] Sizes) LengthOf(int buffer) => GpuMapping.MakerOfParts(Plan, buffer) is not { } kernel ? base.LengthOf(buffer)
        : ($"{PartCount(kernel)} * {SizeText.Factor(kernel.Columns)}", [.. kernel.Rows, kernel.Columns]);

    private static string InOrder(string call, Kernel kernel)
    {
        var independent = GpuMapping.IndependentRows(kernel);
        return $"InOrder({call}, {SizeText.Print(Size.Product(kernel.Rows.Take(independent)))}, {SizeText.Print(Size.Product(kernel.Rows.Skip(independent)))});";
    }

    protected override void PrintProduct(ProductStep step, int position)
    {
        var after = (step.Result is { } result ? $", {Text(result)}" : "") + (step.Epilogue is { } kernel ? $", {New(kernel, step.EpilogueOperands)}" : "") + Operands(step.Operands);
        var hasAxes = step.Left.HasAxes || step.Right.HasAxes;
        Writer.Line($"{(hasAxes ? "ProductAlongAxes" : "Product")}({Operand(step.Left)}, {Operand(step.Right)}, new ProductSizes");
        using (Writer.Block("", hasAxes ? "," : $"{after});"))
        {
            var batch = step.Batch.IsOne ? "Batch = 1" : $"Batch = {Int(step.Batch)}";
            Writer.Line($"{batch}, M = {Int(step.M)}, N = {Int(step.N)}, K = {Int(step.K)},");
            Writer.Line(Strides("Left", step, step.Left));
            Writer.Line(Strides("Right", step, step.Right));
        }
        if (!hasAxes) return;
        Writer.Line("new ProductAxes");
        using (Writer.Block("", $"{after});"))
        {
            Writer.Line(Axes("Left", step.Left));
            Writer.Line(Axes("Right", step.Right));
        }
    }

    // Nothing where they are taken as they are.
    private static string Operands(FloatFormat format) => format == FloatFormat.F32 ? "" : $", OperandFormat.{format.RuntimeName}";

    private static string Axes(string name, MatrixOperand operand) => $"{name}Rows = {Axes(operand.Rows)}, {name}Columns = {Axes(operand.Columns)},";

    private static string Axes(EquatableArray<MatrixAxis> axes) => $"new([{string.Join(", ", axes.SelectMany(axis => new[] { axis.Length, axis.Stride }).Select(Int))}])";

    private string Operand(MatrixOperand operand) => operand.Offset.IsZero ? Text(operand.Place) : Moved(Text(operand.Place), operand.Offset);

    private static string Strides(string name, ProductStep step, MatrixOperand operand)
    {
        var batch = step.Batch.IsOne ? "" : $"{name}Batch = {Int(operand.BatchStride)}, ";
        return $"{batch}{name}Row = {Int(operand.RowStride)}, {name}Column = {Int(operand.ColumnStride)},";
    }

    private static string Int(Size size) => size.IsConstant ? SizeText.Print(size) : $"(int)({SizeText.Print(size)})";

    protected override void PrintAttention(AttentionStep step)
    {
        var type = GpuKernelPrinter.ElementText(step.Q.Place.Element);
        Writer.Line($"Attention({Operands(type, step.Q, step.K, step.V, step.Result)}, {(step.LogSums is { } sums ? Text(sums) : "default")}, new AttentionSizes");
        using (Writer.Block("", $", {Scale(step.Sizes)}{Operands(step.Operands)});")) PrintSizes(step.Sizes, hasValues: step.V is not null);
    }

    protected override void PrintAttentionGradient(AttentionGradientStep step, int position)
    {
        var type = GpuKernelPrinter.ElementText(step.Q.Place.Element);
        Writer.Line($"AttentionGradient({Operands(type, step.Q, step.K, step.V, step.Result)}, {Text(step.LogSums)}, {(step.HasSlopes ? $"At<{type}>({Number(_scratch[position])})" : "default")}, {Operands(type, step.ResultGradient, step.QGradient, step.KGradient, step.VGradient)}, new AttentionSizes");
        using (Writer.Block("", $", {Scale(step.Sizes)}{Operands(step.Operands)});")) PrintSizes(step.Sizes, hasValues: true);
    }

    private string Operands(string type, params AttentionOperand?[] operands) => string.Join(", ", operands.Select(operand => operand is null
        ? "default"
        : $"new GpuAttentionTensor<{type}>({(operand.Offset.IsZero ? Text(operand.Place) : Moved(Text(operand.Place), operand.Offset))}, {Int(operand.BatchStride)}, {Int(operand.SequenceStride)}, {Int(operand.HeadStride)})"));

    private void PrintSizes(AttentionSizes sizes, bool hasValues)
    {
        Writer.Line($"Batch = {Int(sizes.Batch)}, Heads = {Int(sizes.Heads)}, Groups = {Int(sizes.Groups)}, Queries = {Int(sizes.Queries)}, Keys = {Int(sizes.Keys)},");
        Writer.Line($"Width = {Int(sizes.Width)}, ValueWidth = {(hasValues ? Int(sizes.ValueWidth) : "0")}, {(sizes.IsCausal ? "IsCausal = 1," : "")}".TrimEnd());
    }

    protected override void PrintFill(FillStep step)
    {
        var value = ScalarText.Number(step.Value, step.Place.Element);
        Writer.Line($"Fill({Text(step.Place)}, {SizeText.Print(step.Length)}, {(step.Place.Element == ElementType.Bool ? step.Value != 0 ? "(byte)1" : "(byte)0" : value)});");
    }

    protected override void PrintGather(GatherStep step) =>
        Writer.Line($"Gather({Text(step.Source)}, {Text(step.Index)}, {Text(step.Result)}, {Sizes(step.Outer, step.AxisLength, step.IndexCount, step.Inner)});");

    protected override void PrintScatterAdd(ScatterAddStep step, int position) =>
        Writer.Line($"ScatterAdd({Text(step.Values)}, {Text(step.Index)}, At<long>({Number(_scratch[position])}), {Text(step.Result)}, {Sizes(step.Outer, step.AxisLength, step.IndexCount, step.Inner)});");

    protected override void PrintCheckRange(CheckRangeStep step, int position) =>
        Writer.Line($"CheckRange({Text(step.Values)}, At<int>({Number(_scratch[position])}), {Sizes(step.Count, step.Bound)}, {CSharpNames.Literal(step.What)});");

    protected override void PrintCopy(CopyStep step) => Writer.Line($"Copy({Text(step.Source)}, {Text(step.Result)}, {SizeText.Print(step.Length)});");

    protected override void PrintSample(SampleStep step)
    {
        var history = step.History is { } before
            ? $"{(before.Offset.IsZero ? Text(before.Place) : Moved(Text(before.Place), before.Offset))}, {Int(before.RowStride)}, {Int(before.Count)}"
            : "default, 0, 0";
        Writer.Line($"Sample({Text(step.Logits)}, {Text(step.Draws)}, {string.Join(", ", step.Numbers.Select(Text))}, {history}, {Text(step.Scores)}, {Text(step.Result)}, {Sizes(step.Rows, step.Columns)});");
    }

    protected override string ReadNumber(Place place) => $"ReadNumber({Text(place)})";

    protected override string ReadFlag(Place place) => $"ReadFlag({Text(place)})";

    protected override string StoreNumber(Place place, string number) => $"Fill({Text(place)}, 1, (int)({number}));";

    private string New(int kernel, IReadOnlyList<Place> operands)
    {
        var plan = Plan.Kernels[kernel];
        var sizes = plan.Sizes.Select(size => $"(int){SizeText.Axis(size)}");
        var arguments = operands.Select(Text).Concat(sizes).Concat(KernelPrinter.UsesRandom(plan) ? ["call.Seed", "call.Step"] : []).Concat(plan.Form == KernelForm.Parts ? [$"(int){PartCount(plan)}"] : []);
        return $"new {KernelNames[kernel]}({string.Join(", ", arguments)})";
    }

    // ---- Places -----------------------------------------------------------------------------------------------------

    protected override string Moved(string start, Size offset) => $"From({start}, {SizeText.Print(offset)})";

    protected override string Text(Place place, int position, int stride) => place switch
    {
        ScalarPlace => $"Scalar(call, {Moving(position, stride)})",
        KeptPlace => $"Kept<{GpuKernelPrinter.ElementText(place.Element)}>(call.Kept[{Moving(position, stride)}])",
        NewKeptPlace => $"Kept<{GpuKernelPrinter.ElementText(place.Element)}>(call.NewKept[{Moving(position, stride)}])",
        ArenaPlace => Buffer(place, position, stride),
        _ => Buffer(place, _firstBuffer[place.GetType()] + position, stride),
    };

    private static string Buffer(Place place, int position, int stride) => $"At<{GpuKernelPrinter.ElementText(place.Element)}>({Moving(position, stride)})";

    protected override string Text(Place place, string storage, int net, long offset, long distance) => $"Flat(call.{storage}[{Number(net)}], {Moving(offset, distance)})";

    private static string Sizes(params Size[] sizes) => string.Join(", ", sizes.Select(SizeText.Print));
}
