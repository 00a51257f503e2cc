using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Tests.Library;
using FeedbackNN.Dsl.Types;
using static FeedbackNN.Dsl.Tests.Passes.GradientCheck;

namespace FeedbackNN.Dsl.Tests.Passes;

/// <summary><c>checkpoint</c> on <c>repeat</c>: the same results and gradients, from less memory and one more forward half.</summary>
public sealed class SegmentTests
{
    private const string Block =
        """
        layer block(heads: int)(x: real[batch, time, d]) -> real[batch, time, d] {
            ln_1 = layer_norm(); attn = attention(heads, causal: true)
            ln_2 = layer_norm(); fc = linear(4*d); proj = linear(d)
            x = x + attn(ln_1(x))
            return x + (x |> ln_2 |> fc |> gelu |> proj)
        }

        """;

    private const string Copies = "layer copies()(x: real[n, d]) -> real[n, d] { repeat 2 as i : h CHECKPOINT { u = linear(d); x = tanh(u(x)) }\n return x }\n";

    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["copies of a block"] = "repeat 3 as i : h CHECKPOINT { x = x + tanh(linear(4)(x)) }; return x",
        ["two values, and values from before"] =
            """
            before = linear(4); gain = linear(4)
            shared = tanh(before(x)); total = 0 * x
            repeat 5 as i : h CHECKPOINT {
                lin = linear(4)
                x = x + tanh(lin(x) * shared + gain(x))
                total = total + x * x
            }
            return total * x
            """,
        ["draws"] = "repeat 2 as i : h CHECKPOINT { fc = linear(4); x = x |> fc |> tanh |> dropout(0.3) }; return x",
        ["a loop inside"] = "repeat 2 as i : h CHECKPOINT { w = linear(4); feedback (z: f32[n, 4] = x) times 3 { z <- tanh(w(z) + x) }; x = z }; return x",
        ["copies inside of copies"] = "repeat 2 as i : h CHECKPOINT { repeat 2 as k : g CHECKPOINT { v = linear(4); x = x + sin(v(x)) } }; return x",
        ["shared weights"] = "w = linear(4); repeat 3 CHECKPOINT { x = tanh(w(x)) }; return x @ w.weight.T",
        ["a layer inside of a loop, where it means nothing"] = "w = copies(); feedback (z: f32[n, 4] = x) times 2 { z <- w(z) }; return z",
    };

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var name in Bodies.Keys) { cases.Add(name, "checkpoint"); cases.Add(name, "checkpoint every 2"); }
            return cases;
        }
    }

    private static InterpretedModel Model(string name, string checkpoint) =>
        new((Copies + $"model Net(x: f32[n, 4]) -> f32[n, 4] {{\n{Bodies[name]}\n}}").Replace("CHECKPOINT", checkpoint), ("n", 3));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Results_and_gradients_are_the_same_and_right(string name, string checkpoint)
    {
        var (plain, kept) = (Model(name, ""), Model(name, checkpoint));
        var x = plain.Draw(0);
        Assert.Equal(plain.Predict(x)[0], kept.Predict(x)[0]);
        Assert.Equal(plain.Train(x).Results[0], kept.Train(x).Results[0]);
        foreach (var (expected, actual) in plain.Gradients(x).Zip(kept.Gradients(x))) InterpretedModel.AssertClose(expected, actual, 1e-12);
        kept.CheckGradients(x);
    }

    [Fact]
    public void What_has_no_derivative_has_no_segments()
    {
        Assert.DoesNotContain(Model("copies of a block", "checkpoint").Model.Inference.Nodes, node => node.Operation is Segment or SegmentValue);
        Assert.Equal(GraphPrinter.Print(Model("draws", "").Model.Inference), GraphPrinter.Print(Model("draws", "checkpoint").Model.Inference));
    }

    [Fact]
    public void A_transformer_keeps_what_goes_from_block_to_block()
    {
        var (plain, each, two) = (Transformer(""), Transformer("checkpoint"), Transformer("checkpoint every 2"));
        // The stream of 8 blocks, and the inside of one at a time, instead of the inside of 8.
        var stream = 4.0 * 4 * 64 * 32;
        var inside = (plain.TrainingArena - each.TrainingArena) / 7.0;
        Assert.True(each.TrainingArena < 0.35 * plain.TrainingArena, $"{each.TrainingArena} of {plain.TrainingArena}");
        Assert.True(inside > 5 * stream, $"{inside / stream} streams are the inside of a block");
        Assert.InRange(two.TrainingArena, each.TrainingArena, 0.6 * plain.TrainingArena);
        // One more forward half, but for the last product of each block, whose result nobody reads again.
        Assert.InRange(each.ForwardFlops, 0.99 * plain.ForwardFlops, plain.ForwardFlops);
        Assert.InRange(each.BackwardFlops - plain.BackwardFlops, 0.5 * plain.ForwardFlops, 1.0 * plain.ForwardFlops);
        Assert.Equal(plain.InferenceArena, each.InferenceArena);
        Assert.Equal(plain.InferenceFlops, each.InferenceFlops);
    }

    private static ModelCosts Transformer(string checkpoint) => ModelCosts.Of(FnnCompiler.Compile(TestCompiler.BindModel(
        $"dim d = 32\n{Block}model Net(x: f32[batch, time, d]) -> f32[batch, time, d] {{ repeat 8 as i : h {checkpoint} {{ x = block(4)(x) }}\n return x }}")), axis => axis == "time" ? 64 : 4);

    [Fact]
    public void The_second_derivative_goes_through_it()
    {
        GraphFunction function = (b, x) =>
        {
            var y = b.Apply(OperatorTable.Sin, x[0] * x[1]);
            var start = b.Nodes.Count;
            var inside = b.Apply(OperatorTable.Tanh, y * x[1] + x[0]);
            var values = b.Segment([inside * inside, inside + y], start);
            return values[0] * values[1];
        };
        TensorType[] types = [F64(2, 3), F64(2, 3)];
        var random = new Random(4);
        var at = types.Select(type => Draw(random, type)).ToArray();
        GradientCheck.Run(function, types, at);
        GradientCheck.Run(FirstGradient((b, x) => function(b, x) is var y ? y * y : default), types, at, tolerance: 1e-5);
    }
}
