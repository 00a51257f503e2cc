using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Binding;

/// <summary>Updates of low rank: what they are read as, their gradients beside differences in float64, and that frozen weights have none.</summary>
public sealed class LoraTests
{
    private const string Net = """
        model Net(x: f32[batch, time, 6], token: i32[batch]) -> f32[batch, 5] {
            table = embedding(7, 6)
            body = linear(8)
            back = linear(8, bias: false)
            head = linear(5)
            pictures = conv2d(3, 2)
            feedback (h: f32[batch, 8] = 0) over x_t in body(x) along time {
                h <- tanh(x_t + back(h))
            }
            word = table(token)
            picture = word as [batch, 1, 2, 3] |> pictures
            // The other side of a product, and a weight that is read as a whole.
            return head(h) + (h @ body.weight)[:, :5] + mean(picture) + sum(back.weight * back.weight)
        }
        train Plain for net: Net (x: f32[batch, time, 6], token: i32[batch], y: f32[batch, 5]) {
            minimize mse(net(x, token), y) with sgd(0.1)
        }
        train Adapted for net: Net (x: f32[batch, time, 6], token: i32[batch], y: f32[batch, 5]) {
            minimize mse(net(x, token), y) with sgd(0.1)
            lora(rank: 2, alpha: 3) on net.table, net.body, net.back, net.pictures, except: train net.head
        }
        """;

    private static readonly Dictionary<string, long> Sizes = new() { ["batch"] = 3, ["time"] = 4 };

    [Fact]
    public void The_loss_is_that_of_the_weights_with_their_updates_added()
    {
        var (plain, adapted) = (Train("Plain"), Train("Adapted"));
        var storage = new Storage(adapted);
        var sums = new Storage(plain) { Values = { [0] = storage.Values[0].Select(values => (double[])values.Clone()).ToArray() } };
        var set = adapted.Adapters[0];
        for (var k = 0; k < set.Adapted.Count; k++)
        {
            var (b, a) = (storage.Values[1][2 * k], storage.Values[1][2 * k + 1]);
            var weight = sums.Values[0][set.Adapted[k]];
            var columns = a.Length / 2;
            for (var i = 0; i < weight.Length; i++) weight[i] += 1.5 * Enumerable.Range(0, 2).Sum(r => b[i / columns * 2 + r] * a[r * columns + i % columns]);
        }
        Assert.Equal(sums.Run(plain.Objectives[0].Forward)[0][0], storage.Run(adapted.Objectives[0].Forward)[0][0], 1e-10);
        Assert.Equal(sums.Run(plain.Evaluation)[0][0], storage.Run(adapted.Evaluation)[0][0], 1e-10);
    }

    [Fact]
    public void Gradients_of_updates_and_of_what_is_trained_beside_them_are_those_of_differences()
    {
        var train = Train("Adapted");
        var storage = new Storage(train);
        var storages = train.Storages([Model(train)]);
        var graph = GraphVerifier.Verified(ProgramGraphs.Objective(train.Objectives[0], train.Precision, trained => storages[trained.Net].Parameters[trained.Parameter].Type));
        var gradients = storage.Run(graph);
        double Loss()
        {
            var scalars = storage.Run(train.Objectives[0].Forward);
            return scalars[0][0] / scalars[1][0];
        }
        var count = 0;
        for (var k = 0; k < graph.Outputs.Count; k++)
        {
            if (graph.Outputs[k].Target is not GradientTarget target) continue;
            var values = storage.Values[target.Net][target.Parameter];
            for (var i = 0; i < values.Length; i++)
            {
                var there = values[i];
                values[i] = there + 1e-5;
                var after = Loss();
                values[i] = there - 1e-5;
                var before = Loss();
                values[i] = there;
                var expected = (after - before) / 2e-5;
                Assert.True(Math.Abs(gradients[k][i] - expected) <= 2e-6 * (1 + Math.Abs(expected)), $"{target}[{i}] is {gradients[k][i]}, differences say {expected}");
            }
            count++;
        }
        // Four updates of two matrices each, and the head's weight and bias.
        Assert.Equal(10, count);
    }

    [Fact]
    public void Frozen_weights_have_no_gradient_and_products_read_them_where_they_lie()
    {
        var compiled = Compile("""
            model Net(x: f32[batch, 40]) -> f32[batch, 10] {
                body = linear(30); head = linear(10)
                return x |> body |> relu |> head
            }
            train Fit for net: Net (x: f32[batch, 40], label: i32[batch]) {
                minimize cross_entropy(net(x), label) with adam(1e-3)
                lora(rank: 4) on net.body, except: train net.head.bias
            }
            """);
        Assert.Equal("(0, 3), (1, 0), (1, 1)", string.Join(", ", compiled.Train.Objectives[0].Trained.Select(trained => $"({trained.Net}, {trained.Parameter})")));
        var plan = compiled.Objectives[0];
        var written = plan.Steps.SelectMany(step => Lifetimes.Written(plan, step)).OfType<GradientPlace>().Select(place => (place.Net, place.Index)).Distinct().Order();
        Assert.Equal([(0, 3), (1, 0), (1, 1)], written);
        // W is an operand of a product, and nothing as large as W is made: neither the sum nor its gradient.
        Assert.Contains(plan.Steps.OfType<ProductStep>(), product => product.Right.Place is ParameterPlace { Net: 0, Index: 0 });
        Assert.DoesNotContain(plan.Buffers, buffer => buffer.Length.TryGetConstant(out var length) && length >= 1200);
    }

    [Fact]
    public void Updates_have_the_names_that_others_give_them()
    {
        var set = Train("Adapted").Adapters[0];
        Assert.Equal(["body.lora_B.weight f32[8, 2]", "body.lora_A.weight f32[2, 6]", "back.lora_B.weight f32[8, 2]", "back.lora_A.weight f32[2, 8]"],
            set.Parameters.Take(4).Select(parameter => $"{parameter.CheckpointName} {parameter.Type}"));
        Assert.Equal(["pictures.weight.b f32[3, 2]", "pictures.weight.a f32[2, 1, 2, 2]"], set.Parameters.Skip(6).Select(parameter => $"{parameter.Path} {parameter.Type}"));
        Assert.Equal(1.5, set.Scale);
    }

    private static CompiledTrain Compile(string text)
    {
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("test.fnn", text))]);
        var (result, _, diagnostics) = FnnCompiler.CompileTrain(scope, "", "Fit");
        Assert.Equal("", DiagnosticRenderer.RenderAll(diagnostics));
        return result!;
    }

    private static BoundTrain Train(string name)
    {
        var bound = Binder.BindTrain(Scope, "", name);
        Assert.Equal("", DiagnosticRenderer.RenderAll(bound.Diagnostics));
        return bound.Result!;
    }

    private static ModuleScope Scope { get; } = Binder.Collect([FnnParser.Parse(new SourceText("test.fnn", Net))]);

    private static BoundModel Model(BoundTrain train) => Binder.BindModel(Scope, "", train.Nets[0].ModelName).Result!;

    /// <summary>Numbers for all that a train computes with.</summary>
    private sealed class Storage
    {
        private readonly double[][] _inputs;

        public Storage(BoundTrain train)
        {
            var random = new Random(3);
            double[] Draw(long count) => Enumerable.Range(0, (int)count).Select(_ => random.NextDouble() - 0.5).ToArray();
            _inputs = train.Inputs.Select(input => Draw(input.Type.ElementCount.Evaluate(axis => Sizes[axis]))
                .Select(value => input.Element.IsFloat() ? value : Math.Floor(7 * (value + 0.5))).ToArray()).ToArray();
            Values = train.Storages([Model(train)]).Select(net => net.Parameters.Select(parameter => Draw(parameter.Type.ElementCount.Value)).ToArray()).ToArray();
        }

        public double[][][] Values { get; }

        public double[][] Run(Graph graph) => Interpreter.Run(graph, new InterpreterInputs { Sizes = Sizes, Inputs = _inputs, Parameter = (net, index) => Values[net][index] });
    }
}
