using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Planning;

/// <summary>Which kernels write in the memory of what they read: programs of two kernels, of which the first makes a tensor and the second reads it.</summary>
public sealed class InPlaceTests
{
    private static readonly Size Rows = Size.Constant(4), Columns = Size.Constant(8), Length = Size.Constant(32);

    // Row by row.
    private static readonly Access Whole = new(0, Size.Zero, EquatableArray<Size>.Own(Columns), Size.One);

    [Fact]
    public void A_result_takes_the_place_of_what_it_is_made_of()
    {
        var (buffers, kernels, steps) = Run(Elementwise(Whole));
        Assert.Single(buffers);
        Assert.Equal([new Replacement(0, 1)], kernels[1].Replacements);
        Assert.Equal([At(0), At(0)], ((KernelStep)steps[1]).Operands);
    }

    [Fact]
    public void A_chain_has_one_place()
    {
        var kernel = Elementwise(Whole);
        var plan = Plan([Maker(), kernel], [new KernelStep(0, EquatableArray<Place>.Own(At(0)), default), Step(0, 1), Step(1, 2)], 3);
        var (buffers, _, steps) = InPlace.Run(plan);
        Assert.Single(buffers);
        Assert.All(steps.Skip(1), step => Assert.Equal([At(0), At(0)], ((KernelStep)step).Operands));
    }

    [Fact]
    public void What_is_read_later_keeps_its_place()
    {
        var plan = Plan([Maker(), Elementwise(Whole)], [new KernelStep(0, EquatableArray<Place>.Own(At(0)), default), Step(0, 1), Step(0, 2)], 3);
        var (buffers, _, steps) = InPlace.Run(plan);
        // The last reader may.
        Assert.Equal(2, buffers.Count);
        Assert.Equal([At(0), At(1)], ((KernelStep)steps[1]).Operands);
        Assert.Equal([At(0), At(0)], ((KernelStep)steps[2]).Operands);
    }

    [Fact]
    public void Another_element_than_the_one_that_is_written_keeps_both_apart()
    {
        // The rows from the last to the first, one row for all, and one column for all.
        AssertApart(Elementwise(Whole with { Offset = Size.Constant(24), RowStrides = EquatableArray<Size>.Own(Size.Constant(-8)) }));
        AssertApart(Elementwise(Whole with { RowStrides = EquatableArray<Size>.Own(Size.Zero) }));
        AssertApart(Elementwise(Whole with { ColumnStride = Size.Zero }));
    }

    [Fact]
    public void A_row_is_written_when_it_is_gone_through_last()
    {
        KernelValue[] values = [new LoadValue(Whole, ElementType.F32, Level.Column), new ReduceValue(ReduceKind.Sum, 0, ElementType.F32), new ApplyValue(FeedbackNN.Dsl.Operators.OperatorTable.Add, EquatableArray<int>.Own(0, 1), ElementType.F32, Level.Column)];
        Kernel Storing(int value) => Elementwise(Whole) with { Values = values.ToEquatableArray(), Stores = EquatableArray<KernelStore>.Own(new KernelStore(value, Whole with { Operand = 1 }, null, 0, false)) };
        Assert.Single(Run(Storing(2)).Buffers);
        AssertApart(Storing(0));
    }

    [Fact]
    public void Sums_and_what_is_added_to_keep_both_apart()
    {
        AssertApart(Elementwise(Whole) with { Stores = EquatableArray<KernelStore>.Own(new KernelStore(0, Whole with { Operand = 1 }, null, 0, true)) });
        AssertApart(Elementwise(Whole) with { Stores = EquatableArray<KernelStore>.Own(new KernelStore(0, Whole with { Operand = 1 }, ReduceKind.Sum, 1, false)) });
    }

    [Fact]
    public void In_a_loop_both_are_apart()
    {
        var plan = Plan([Maker(), Elementwise(Whole)], [new LoopBeginStep("k", Size.Constant(3), false, null, false, default), new KernelStep(0, EquatableArray<Place>.Own(At(0)), default), Step(0, 1), new LoopEndStep("k", null, default)], 2);
        Assert.Equal(2, InPlace.Run(plan).Buffers.Count);
    }

    [Fact]
    public void Places_of_loops_get_their_new_numbers()
    {
        var plan = Plan([Maker(), Elementwise(Whole)], [new KernelStep(0, EquatableArray<Place>.Own(At(0)), default), Step(0, 1), new LoopBeginStep("k", Size.Constant(3), false, At(2), true, default), new LoopExitStep("k", At(3), default), new LoopEndStep("k", At(4), default)], 5);
        var steps = InPlace.Run(plan).Steps;
        Assert.Equal([1, 2, 3], steps.SelectMany(Lifetimes.Places).OfType<ArenaPlace>().Select(place => place.Buffer).Where(buffer => buffer > 0));
    }

    private static void AssertApart(Kernel kernel)
    {
        var (buffers, kernels, _) = Run(kernel);
        Assert.Equal(2, buffers.Count);
        Assert.All(kernels, one => Assert.Empty(one.Replacements));
    }

    private static (IReadOnlyList<BufferPlan> Buffers, IReadOnlyList<Kernel> Kernels, IReadOnlyList<Step> Steps) Run(Kernel kernel) =>
        InPlace.Run(Plan([Maker(), kernel], [new KernelStep(0, EquatableArray<Place>.Own(At(0)), default), Step(0, 1)], 2));

    private static ProgramPlan Plan(Kernel[] kernels, Step[] steps, int buffers) => new(
        "Program", [], Enumerable.Range(0, buffers).Select(k => new BufferPlan($"v{k}", ElementType.F32, Length, -1, -1)).ToEquatableArray(), kernels.ToEquatableArray(), steps.ToEquatableArray(), [], [], [], steps.Length, 0, false);

    private static KernelStep Step(int read, int written) => new(1, EquatableArray<Place>.Own(At(read), At(written)), default);

    private static ArenaPlace At(int buffer) => new(buffer, ElementType.F32, Length);

    private static Kernel Maker() => new(
        "Fill", EquatableArray<Size>.Own(Rows), Columns, EquatableArray<KernelOperand>.Own(new KernelOperand("y", ElementType.F32)), EquatableArray<KernelValue>.Own(new NumberValue(1, ElementType.F32)),
        EquatableArray<KernelStore>.Own(new KernelStore(0, Whole, null, 0, false)), [], KernelForm.Rows, true, 1);

    // Operand 1, row by row, is operand 0 as it is read.
    private static Kernel Elementwise(Access read) => new(
        "Copy", EquatableArray<Size>.Own(Rows), Columns, EquatableArray<KernelOperand>.Own(new KernelOperand("x", ElementType.F32), new KernelOperand("y", ElementType.F32)),
        EquatableArray<KernelValue>.Own(new LoadValue(read, ElementType.F32, Level.Column)), EquatableArray<KernelStore>.Own(new KernelStore(0, Whole with { Operand = 1 }, null, 0, false)), [], KernelForm.Rows, true, 1);
}
