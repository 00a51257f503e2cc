using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Generator.Printing;

/// <summary>Prints a program for the processor: steps are calls of the worker pool with kernels over pointers.</summary>
internal sealed class CpuProgramPrinter : ProgramPrinter
{
    private CpuProgramPrinter(ProgramPlan plan, IReadOnlyList<StorageLayout> parameters, IReadOnlyList<StorageLayout> buffers, Func<Origin, SourceLine?> lines) : base(plan, parameters, buffers, lines) { }

    protected override IEnumerable<string> Usings => ["System", "System.Runtime.CompilerServices", "System.Runtime.Intrinsics", "FeedbackNN", "FeedbackNN.Cpu"];

    protected override string ClassHeader => $"internal sealed unsafe class {Plan.Name}(WorkerPool pool) : CpuProgram(pool, Lifetimes)";

    protected override string SizeType => "nint";

    /// <param name="namespaceName">Of the class that is printed.</param>
    /// <param name="plan">The program.</param>
    /// <param name="parameters">For each net where its parameters lie.</param>
    /// <param name="buffers">For each net where its buffers lie.</param>
    /// <param name="lines">Where an origin stands in the source.</param>
    public static string Print(string namespaceName, ProgramPlan plan, IReadOnlyList<StorageLayout> parameters, IReadOnlyList<StorageLayout> buffers, Func<Origin, SourceLine?> lines) =>
        new CpuProgramPrinter(plan, parameters, buffers, lines).Print(namespaceName);

    protected override void PrintAxisTable()
    {
        // Sizes behind the last that a buffer depends on do not arrange memory: the length of a sequence that grows.
        var arranging = Plan.Axes.Select((axis, i) => (axis, i)).Where(item => Plan.Buffers.Any(buffer => buffer.Length.AxisNames.Contains(item.axis))).Select(item => item.i + 1).DefaultIfEmpty(0).Max();
        Writer.Line($"protected override int AxisCount => {Number(arranging)};");
        if (Plan.Updates.Count == 0) return;
        Writer.Line();
        using (Writer.Block("private static readonly UpdatedParameter[] UpdatedParameters =", ";"))
        {
            foreach (var position in Plan.Updates)
            {
                var gradient = (GradientPlace)((ProductStep)Plan.Steps[position]).Result!;
                Writer.Line($"new({Number(gradient.Net)}, {NumberText.Integer(Parameters[gradient.Net].Offsets[gradient.Index])}, {SizeText.Print(gradient.Length)}),");
            }
        }
        Writer.Line();
        Writer.Line("protected override ReadOnlySpan<UpdatedParameter> Updated => UpdatedParameters;");
    }

    protected override void PrintCompilation()
    {
        if (KernelNames.Length == 0) return;
        Writer.Line();
        using (Writer.Block("protected override void CompileKernels()"))
        {
            foreach (var name in KernelNames) Writer.Line($"Compile<{name}>();");
        }
    }

    protected override void PrintKernel(Kernel kernel, string name) => new CpuKernelPrinter(Writer, kernel, name).Print();

    protected override DescriptionPrinter Description => new(Plan, KernelNames, isCpu: true);

    // ---- Steps ------------------------------------------------------------------------------------------------------

    protected override void PrintKernelStep(KernelStep step, Kernel kernel)
    {
        var call = New(step.Kernel, step.Operands);
        var count = CpuKernelPrinter.Count(kernel);
        switch (kernel.Form)
        {
            case KernelForm.Serial:
                Writer.Line($"{call}.Run(0, {SizeText.Print(count)});");
                break;
            case KernelForm.Parts:
                var work = Size.Product(kernel.Rows) * kernel.Columns * Size.Constant(kernel.Cost);
                Writer.Line($"Pool.For({call}, {SizeText.Print(count)}, grain: RowGrain({SizeText.Factor(work)} / {Number(Kernel.PartCount)}));");
                break;
            case KernelForm.Map:
                Writer.Line($"Pool.For({call}, {SizeText.Print(count)}, grain: {Number(MapGrain(kernel))});");
                break;
            default:
                var columns = kernel.Columns * Size.Product(kernel.Rows.Skip(kernel.Rows.Count - kernel.ReducedRows));
                Writer.Line($"Pool.For({call}, {SizeText.Print(count)}, grain: RowGrain({SizeText.Print(columns * Size.Constant(kernel.Cost))}));");
                break;
        }
    }

    /// <summary>Columns worth a thread's while; a multiple of every vector's length.</summary>
    private static int MapGrain(Kernel kernel) => Math.Max(256, 32768 / kernel.Cost / 64 * 64);

    protected override void PrintKept(int loop, IReadOnlyList<int> products)
    {
        foreach (var position in products)
        {
            var step = (ProductStep)Plan.Steps[position];
            using (Writer.Block($"using var {Packed(position)} = MatrixProduct.Pack(Pool, new MatrixProductArguments", ");"))
            {
                Writer.Line(Sizes(step));
                Writer.Line(Strides("Left", step, step.Left));
                Writer.Line(Operand("Right", step, step.Right));
            }
        }
        if (products.Count > 0) PrintTrace([$"Trace({Number(loop)});"]);
    }

    /// <summary>A profile wants to know of each step that it has ended: once, so that only the last of several values reports it.</summary>
    protected override void PrintTrace(string position, IReadOnlyList<Place> written)
    {
        if (written.Count == 0) PrintTrace([$"Trace({position});"]);
        else PrintTrace(written.Select((place, k) => $"{(k < written.Count - 1 ? "Look" : "Trace")}({position}, {Text(place)}, {SizeText.Print(place.Length)});").ToArray());
    }

    protected override void PrintProduct(ProductStep step, int position)
    {
        var is64 = step.Left.Place.Element == ElementType.F64;
        var epilogue = step.Epilogue is { } kernel ? $", {New(kernel, step.EpilogueOperands)}" : "";
        var update = Plan.Updates.ToList().IndexOf(position);
        if (update >= 0) epilogue = $", call.Update({Number(update)}, columns: {SizeText.Print(step.N)})";
        var axes = AxesOf(step).ToArray();
        foreach (var (field, lengths) in axes) Writer.Line($"var {Local(field, position)} = new MatrixAxes([{string.Join(", ", lengths.SelectMany(axis => new[] { axis.Length, axis.Stride }).Select(SizeText.Print))}]);");
        Writer.Line($"MatrixProduct.Run(Pool, new MatrixProductArguments{(is64 ? "64" : "")}");
        using (Writer.Block("", $"{epilogue});"))
        {
            Writer.Line(Sizes(step));
            Writer.Line(Operand("Left", step, step.Left));
            Writer.Line(Operand("Right", step, step.Right));
            if (axes.Length > 0) Writer.Line(string.Join(" ", axes.Select(item => $"{item.Field} = &{Local(item.Field, position)},")));
            if (Plan.Kept.Any(kept => kept.Product == position)) Writer.Line($"PackedRight = {Packed(position)}.Pointer,");
            if (step.Result is { } result) Writer.Line($"Result = {Text(result)},");
        }
    }

    /// <summary>The rows and columns that run through several axes, by the names of the fields that say so.</summary>
    private static IEnumerable<(string Field, EquatableArray<MatrixAxis> Axes)> AxesOf(ProductStep step) =>
        new[] { ("LeftRows", step.Left.Rows), ("LeftColumns", step.Left.Columns), ("RightRows", step.Right.Rows), ("RightColumns", step.Right.Columns) }.Where(item => item.Item2.Count > 1);

    private static string Local(string field, int position) => CSharpNames.Camel(field) + Number(position);

    private static string Packed(int position) => $"packed{Number(position)}";

    private static string Sizes(ProductStep step)
    {
        var batch = step.Batch.IsOne ? "" : $"Batch = {SizeText.Print(step.Batch)}, ";
        return $"{batch}M = {SizeText.Print(step.M)}, N = {SizeText.Print(step.N)}, K = {SizeText.Print(step.K)},";
    }

    private string Operand(string name, ProductStep step, MatrixOperand operand)
    {
        var offset = operand.Offset.IsZero ? "" : $" + {SizeText.Factor(operand.Offset)}";
        return $"{name} = {Text(operand.Place)}{offset}, {Strides(name, step, operand)}";
    }

    private static string Strides(string name, ProductStep step, MatrixOperand operand)
    {
        var batch = step.Batch.IsOne ? "" : $"{name}Batch = {SizeText.Print(operand.BatchStride)}, ";
        return $"{batch}{name}Row = {SizeText.Print(operand.RowStride)}, {name}Column = {SizeText.Print(operand.ColumnStride)},";
    }

    protected override void PrintAttention(AttentionStep step)
    {
        Writer.Line($"AttentionKernels.Run(Pool, new AttentionArguments<{ScalarText.Type(step.Q.Place.Element)}>");
        using (Writer.Block("", ");"))
        {
            PrintSizes(step.Sizes, hasValues: step.V is not null);
            PrintOperand("Q", step.Q);
            PrintOperand("K", step.K);
            PrintOperand("V", step.V);
            PrintOperand("Result", step.Result);
            if (step.LogSums is { } sums) Writer.Line($"LogSums = {Text(sums)},");
        }
    }

    protected override void PrintAttentionGradient(AttentionGradientStep step, int position)
    {
        Writer.Line($"AttentionKernels.RunGradient(Pool, new AttentionArguments<{ScalarText.Type(step.Q.Place.Element)}>");
        using (Writer.Block("", ");"))
        {
            PrintSizes(step.Sizes, hasValues: true);
            PrintOperand("Q", step.Q);
            PrintOperand("K", step.K);
            PrintOperand("V", step.V);
            PrintOperand("Result", step.Result);
            Writer.Line($"LogSums = {Text(step.LogSums)},");
            PrintOperand("ResultGradient", step.ResultGradient);
            PrintOperand("QGradient", step.QGradient);
            PrintOperand("KGradient", step.KGradient);
            PrintOperand("VGradient", step.VGradient);
        }
    }

    private void PrintSizes(AttentionSizes sizes, bool hasValues)
    {
        Writer.Line($"Batch = {SizeText.Print(sizes.Batch)}, Heads = {SizeText.Print(sizes.Heads)}, Groups = {SizeText.Print(sizes.Groups)}, Queries = {SizeText.Print(sizes.Queries)}, Keys = {SizeText.Print(sizes.Keys)},");
        Writer.Line($"Width = {SizeText.Print(sizes.Width)}, ValueWidth = {(hasValues ? SizeText.Print(sizes.ValueWidth) : "0")}, {(sizes.IsCausal ? "IsCausal = true, " : "")}Scale = {Scale(sizes)},");
    }

    private void PrintOperand(string name, AttentionOperand? operand)
    {
        if (operand is null) return;
        var offset = operand.Offset.IsZero ? "" : $" + {SizeText.Factor(operand.Offset)}";
        Writer.Line($"{name} = new({Text(operand.Place)}{offset}, {Sizes(operand.BatchStride, operand.SequenceStride, operand.HeadStride)}),");
    }

    protected override void PrintFill(FillStep step)
    {
        // A bool is one byte.
        var (place, value) = step.Place.Element == ElementType.Bool
            ? ($"(byte*){Text(step.Place)}", step.Value != 0 ? "1" : "0")
            : (Text(step.Place), ScalarText.Number(step.Value, step.Place.Element));
        Writer.Line($"TensorKernels.Fill(Pool, {place}, {SizeText.Print(step.Length)}, {value});");
    }

    protected override void PrintGather(GatherStep step) =>
        Writer.Line($"TensorKernels.Gather(Pool, {Text(step.Source)}, {Text(step.Index)}, {Text(step.Result)}, {Sizes(step.Outer, step.AxisLength, step.IndexCount, step.Inner)});");

    protected override void PrintScatterAdd(ScatterAddStep step, int position) =>
        Writer.Line($"TensorKernels.ScatterAdd(Pool, {Text(step.Values)}, {Text(step.Index)}, {Text(step.Result)}, {Sizes(step.Outer, step.AxisLength, step.IndexCount, step.Inner)});");

    protected override void PrintCheckRange(CheckRangeStep step, int position) =>
        Writer.Line($"CheckRange({Text(step.Values)}, {Sizes(step.Count, step.Bound)}, {CSharpNames.Literal(step.What)});");

    protected override void PrintCopy(CopyStep step) =>
        Writer.Line($"TensorKernels.Copy(Pool, {Text(step.Source)}, {Text(step.Result)}, {SizeText.Factor(step.Length)} * {Number(step.Result.Element.SizeInBytes())});");

    protected override void PrintSample(SampleStep step)
    {
        using (Writer.Block("Sampling.Run(Pool, new SamplingArguments", ");"))
        {
            Writer.Line($"Rows = {SizeText.Print(step.Rows)}, Columns = {SizeText.Print(step.Columns)},");
            Writer.Line($"Logits = {Text(step.Logits)}, Draws = {Text(step.Draws)}, Scores = {Text(step.Scores)}, Result = {Text(step.Result)},");
            Writer.Line($"Temperature = {Text(step.Numbers[0])}, TopK = {Text(step.Numbers[1])}, TopP = {Text(step.Numbers[2])}, RepetitionPenalty = {Text(step.Numbers[3])},");
            if (step.History is { } history) Writer.Line($"History = {Text(history.Place)}{(history.Offset.IsZero ? "" : $" + {SizeText.Factor(history.Offset)}")}, HistoryStride = {SizeText.Print(history.RowStride)}, HistoryCount = {SizeText.Print(history.Count)},");
        }
    }

    protected override string ReadNumber(Place place) => $"*({Text(place)})";

    protected override string ReadFlag(Place place) => $"*({Text(place)})";

    protected override string StoreNumber(Place place, string number) => $"*({Text(place)}) = (int){(number.All(char.IsLetterOrDigit) ? number : $"({number})")};";

    private string New(int kernel, IReadOnlyList<Place> operands)
    {
        var plan = Plan.Kernels[kernel];
        var arguments = operands.Select(Text).Concat(plan.Sizes.Select(SizeText.Axis)).Concat(KernelPrinter.UsesRandom(plan) ? ["call.Seed", "call.Step"] : []);
        return $"new {KernelNames[kernel]}({string.Join(", ", arguments)})";
    }

    // ---- Places -----------------------------------------------------------------------------------------------------

    protected override string Moved(string start, Size offset) => $"{start} + {SizeText.Factor(offset)}";

    protected override string Text(Place place, int position, int stride)
    {
        var type = ScalarText.Type(place.Element) + "*";
        var index = Moving(position, stride);
        return place switch
        {
            ArenaPlace => $"({type})At({index})",
            InputPlace => $"({type})call.Inputs[{index}]",
            ResultPlace => $"({type})call.Results[{index}]",
            OutputGradientPlace => $"({type})call.ResultGradients[{index}]",
            InputGradientPlace => $"({type})call.InputGradients[{index}]",
            KeptPlace => $"({type})call.Kept[{index}]",
            NewKeptPlace => $"({type})call.NewKept[{index}]",
            ScalarPlace => $"call.Scalars + {index}",
            _ => throw new InvalidOperationException($"No C# is known for {place}."),
        };
    }

    protected override string Text(Place place, string storage, int net, long offset, long distance)
    {
        var start = $"({ScalarText.Type(place.Element)}*)call.{storage}[{Number(net)}]";
        return offset == 0 && distance == 0 ? start : $"{start} + {(distance == 0 ? Moving(offset, 0) : $"({Moving(offset, distance)})")}";
    }

    private static string Sizes(params Size[] sizes) => string.Join(", ", sizes.Select(SizeText.Print));
}
