using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Graphs;

/// <summary>Golden text of a graph with every operation.</summary>
public sealed class GraphPrinterTests
{
    [Fact]
    public void Every_operation_and_target_has_a_line()
    {
        var batch = Size.Axis("batch");
        var builder = new GraphBuilder { Simplifies = false };
        static EquatableArray<Size> Sizes(params Size[] sizes) => EquatableArray<Size>.Own(sizes);
        static TensorType F32(params Size[] sizes) => new(ElementType.F32, Sizes(sizes));

        var x = builder.Input(0, "x", F32(batch, 4));
        var weight = builder.Parameter(0, 1, F32(3, 4));
        var product = builder.Contract(x, weight, 0, 1, 1, 1);
        var scaled = builder.Apply(OperatorTable.Mul, product, builder.Broadcast(builder.Constant(0.5, ElementType.F32), product.Type.Shape));
        var window = builder.View(x, Sizes(batch, 2, 2), EquatableArray<AffineIndex>.Own(AffineMap.Index(3, 0), new AffineIndex(1, Sizes(0, 2, -1))));
        var back = builder.ViewTranspose(window, Sizes(batch, 4), ((View)window.Node.Operation).Map);
        var index = builder.CheckRange(builder.ArgReduce(true, scaled, 1), 4, "class");
        var gathered = builder.Gather(builder.Transpose(back, 1, 0), index, 0);
        var scattered = builder.ScatterAdd(gathered, index, 0, 4);
        var padded = builder.Pad(builder.Reshape(scattered, Sizes(2, 2 * batch)), Sizes(1, 0), Sizes(0, 1), Sizes(0, 0), 0.25);
        var parts = builder.Concat([padded, builder.Stop(padded)], 0);
        var noise = builder.RandomUniform(7, 0, Sizes(batch)) * builder.SizeValue(batch, ElementType.F32);
        var position = builder.Convert(builder.Iota(Sizes(batch), 0), ElementType.F32) + noise * builder.OutputGradient(0, F32(batch));
        var total = builder.Reduce(ReduceKind.Sum, builder.BufferValue(0, 0, F32(2, 2)), 0, 1);
        var graph = builder.Build(
        [
            new GraphOutput(new ResultTarget(0, "parts"), parts.Id), new GraphOutput(new GradientTarget(0, 1), weight.Id), new GraphOutput(new InputGradientTarget(0), x.Id),
            new GraphOutput(new BufferTarget(0, 0), position.Id), new GraphOutput(new ScalarTarget(0, "total"), total.Id),
        ]);
        Assert.Empty(GraphVerifier.Verify(graph));
        Assert.Equal(
            """
            %0 = input 0 'x' : f32[batch, 4]
            %1 = parameter 0.1 : f32[3, 4]
            %2 = product(%0, %1) batch 0, rows 1, columns 1, summed 1 : f32[batch, 3]
            %3 = 0.5 : f32[]
            %4 = %3[] : f32[batch, 3]
            %5 = mul(%2, %4) : f32[batch, 3]
            %6 = %0[i0, 2*i1 - i2 + 1] : f32[batch, 2, 2]
            %7 = add %6 to [i0, 2*i1 - i2 + 1] : f32[batch, 4]
            %8 = argmax(%5) over 1 : i32[batch]
            %9 = check %8 below 4 'class' : i32[batch]
            %10 = %7[i1, i0] : f32[4, batch]
            %11 = gather(%10) at %9 along 0 : f32[batch, batch]
            %12 = scatter(%11) to %9 along 0 : f32[4, batch]
            %13 = reshape(%12) : f32[2, 2*batch]
            %14 = pad(%13) before [1, 0], after [0, 1], between [0, 0], with 0.25 : f32[3, 2*batch + 1]
            %15 = stop(%14) : f32[3, 2*batch + 1]
            %16 = concat(%14, %15) along 0 : f32[6, 2*batch + 1]
            %17 = uniform, site 7 : f32[batch]
            %18 = size batch : f32[]
            %19 = %18[] : f32[batch]
            %20 = mul(%17, %19) : f32[batch]
            %21 = position along 0 : i32[batch]
            %22 = f32(%21) : f32[batch]
            %23 = gradient of result 0 : f32[batch]
            %24 = mul(%20, %23) : f32[batch]
            %25 = add(%22, %24) : f32[batch]
            %26 = buffer 0.0 : f32[2, 2]
            %27 = sum(%26) over 0, 1 : f32[]
            result 0 'parts' = %16
            gradient of parameter 0.1 = %1
            gradient of input 0 = %0
            buffer 0.0 = %25
            scalar 0 'total' = %27

            """, GraphPrinter.Print(graph), ignoreLineEndingDifferences: true);
    }
}
