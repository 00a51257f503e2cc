using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Binding;

/// <summary>What binding makes of right programs: paths, names in checkpoints, guards, copies, objectives.</summary>
public sealed class BinderTests
{
    [Fact]
    public void A_model_owns_what_its_layers_own()
    {
        var model = Model("""
            dim pixels = 784, classes = 10
            model SimpleNN(x: f32[batch, pixels]) -> f32[batch, classes] {
                fc1 = linear(128)
                fc2 = linear(classes)
                return x |> fc1 |> relu |> fc2
            }
            """);
        Assert.Equal(["fc1.weight: f32[128, 784]", "fc1.bias: f32[128]", "fc2.weight: f32[10, 128]", "fc2.bias: f32[10]"], model.Parameters.Select(p => $"{p.Path}: {p.Type}"));
        Assert.Equal(["batch"], model.RuntimeAxes);
        Assert.Equal(["batch", "pixels"], model.Inputs[0].Axes.Select(axis => axis.Name));
        Assert.Equal("classes", model.Results[0].Axes[1].Name);
        Assert.Equal("uniform", model.Parameters[0].Initializer.Kind);
        Assert.Equal(1 / Math.Sqrt(784), model.Parameters[0].Initializer.Arguments[1], 12);
    }

    [Fact]
    public void A_model_in_which_nothing_asks_for_the_mode_is_as_if_bound_for_each()
    {
        var once = Model(Text(""));
        var twice = Model(Text("_mode = training"));
        Assert.Equal(Described(twice.Inference), Described(once.Inference));
        Assert.Equal(Described(twice.Training), Described(once.Training));
        Assert.Equal(2, once.Training.Outputs.Count);
        Assert.Single(once.Inference.Outputs);

        static string Text(string line) => $$"""
            model Net(x: f32[batch, time, 4]) -> f32[batch, 3] {
                buffer level: f32[4] = 0
                read = gru(5); norm = layer_norm(); last = linear(3)
                level <- 0.9 * level + 0.1 * mean(mean(x, 1), 0)
                {{line}}
                return last(read(norm(x - level))[:, -1, :])
            }
            """;

        static IEnumerable<string> Described(Graph graph) => graph.Nodes.Select(node => node.ToString()).Concat(graph.Outputs.Select(output => output.ToString()));
    }

    [Fact]
    public void Copies_have_weights_of_their_own_and_a_single_unnamed_layer_is_the_copy()
    {
        var model = Model("""
            layer two()(x: real[..., n]) -> real[..., n] {
                a named "first" = linear(n, bias: false); b = linear(n, bias: false)
                return b(tanh(a(x)))
            }
            model Tower(x: f32[batch, 6]) -> f32[batch, 6] {
                repeat 2 as i : h { blk named "layers.{i + 1}" = two(); x = x + blk(x) }
                repeat 2 as i { fc = linear(6, bias: false); x = fc(x) }
                repeat 2 as i : outer { repeat 1 : inner { x = x |> linear(6, bias: false) } }
                return x
            }
            """);
        Assert.Equal(
            ["h.0.blk.a.weight", "h.0.blk.b.weight", "h.1.blk.a.weight", "h.1.blk.b.weight", "fc.0.weight", "fc.1.weight", "outer.0.inner.0.weight", "outer.1.inner.0.weight"],
            model.Parameters.Select(parameter => parameter.Path));
        Assert.Equal(["layers.1.first.weight", "layers.1.b.weight", "layers.2.first.weight", "layers.2.b.weight"], model.Parameters.Take(4).Select(parameter => parameter.CheckpointName));
    }

    [Fact]
    public void An_instance_shares_its_weights_and_they_can_be_read_before_its_first_call()
    {
        var model = Model("""
            model Tied(tokens: i32[batch, seq]) -> f32[batch, seq, 65] where seq <= 128 {
                wte = embedding(65, 16); wpe = embedding(128, 16)
                x = wte(tokens) + wpe.weight[:seq]
                return x @ wte.weight.T
            }
            """);
        Assert.Equal(["wte.weight", "wpe.weight"], model.Parameters.Select(parameter => parameter.Path));
        Assert.Equal("65", model.Inputs[0].IsIndexBelow?.ToString());
        Assert.Equal(["seq <= 128"], model.Guards.Select(guard => guard.Text));
        Assert.DoesNotContain(model.Inference.Nodes, node => node.Operation is CheckRange);
    }

    [Fact]
    public void A_recursion_on_a_falling_number_ends()
    {
        var model = Model("""
            layer level(depth: int)(x: real[..., d]) -> real[..., d] {
                fc = linear(d, bias: false)
                if depth == 0 { return fc(x) }
                inner = level(depth - 1)
                return fc(x) + inner(x)
            }
            model Nested(x: f32[batch, 8]) -> f32[batch, 8] { return x |> level(2) }
            """);
        Assert.Equal(["level.fc.weight", "level.inner.fc.weight", "level.inner.inner.fc.weight"], model.Parameters.Select(parameter => parameter.Path));
    }

    [Fact]
    public void Members_of_a_family_and_models_as_layers()
    {
        var model = Model("""
            model Wide = Family(depth: 2, width: 4)
            model Family(depth: int, width: dim)(x: f32[batch, width]) -> f32[batch, width] {
                repeat depth as i : h { x = x |> linear(width, bias: false) }
                return x
            }
            """);
        Assert.Equal(["h.0.weight: f32[4, 4]", "h.1.weight: f32[4, 4]"], model.Parameters.Select(p => $"{p.Path}: {p.Type}"));
        Assert.Equal("Wide", model.Name);

        var outer = Model("""
            model Outer(x: f32[batch, 4]) -> f32[batch, 4] {
                enc = Inner()
                return enc(x) + Inner(x)
            }
            model Inner(x: f32[batch, 4]) -> f32[batch, 4] { fc = linear(4, bias: false); return fc(x) }
            """);
        Assert.Equal(["enc.fc.weight", "inner.fc.weight"], outer.Parameters.Select(parameter => parameter.Path));
    }

    [Fact]
    public void Conditions_are_guards_and_facts()
    {
        var model = Model("""
            model Heads(x: f32[batch, d], y: f32[batch, n]) -> f32[batch, 2, d/2] where d % 2 == 0, n == 6, batch >= 2 {
                z = x[1:] - x[:1]
                w = y @ zeros([6, 6])
                return x as [batch, 2, d/2]
            }
            """);
        Assert.Equal(["d % 2 == 0", "batch >= 2"], model.Guards.Select(guard => guard.Text));
        Assert.Equal(["batch", "d"], model.RuntimeAxes);
        Assert.Equal("f32[batch, 6]", model.Inputs[1].Type.ToString());
    }

    [Fact]
    public void What_an_empty_axis_would_break_is_checked_at_each_call()
    {
        var model = Model("""
            model Ends(x: f32[batch, time], y: f32[batch, n]) -> (last: f32[batch], rest: f32[batch, n - 1], turned: f32[batch, time]) {
                z[b, t] = x[b, time - 1 - t] + x[b, 0]
                return (x[:, -1], y[:, 1:], z)
            }
            """);
        Assert.Equal(["1 <= time", "1 <= n"], model.Guards.Select(guard => guard.Text));
    }

    [Theory]
    [InlineData("feedback (s: f32[batch] = 7) times n - 5 { s <- s + 1 }", "5 <= n")]
    [InlineData("feedback (s: f32[batch] = 7) times div(n - 5, 2) { s <- s + 1 }", "0 <= div(n - 5, 2)")]
    [InlineData("s = sum(zeros([batch, n - 5]) + 1, -1)", "5 <= n")]
    [InlineData("s = sum(pad(x, axes: (1), before: n - 5), -1)", "5 <= n")]
    [InlineData("s[b] = sum[i: n - 5] x[b, 0] * i", "5 <= n")]
    [InlineData("s = x[:, n - 5]", "5 <= n")]
    [InlineData("s = sum(broadcast(x[:, :1], [batch, n % 4]), -1)", "1 <= n")]
    [InlineData("s = sum(x * (7 % n) * div(9, n), -1)", "1 <= n")]
    [InlineData("(a, b) = split(x, (n - 2, 2), 1); s = sum(a, -1) + sum(b, -1)", "2 <= n")]
    public void A_size_is_not_below_zero_in_any_call(string statement, params string[] guards)
    {
        var model = Model($$"""
            model Lengths(x: f32[batch, n]) -> f32[batch] {
                {{statement}}
                return s
            }
            """);
        Assert.Equal(guards, model.Guards.Select(guard => guard.Text).Order());
    }

    [Theory]
    [InlineData("f32[batch, 2*d]")]
    [InlineData("f32[batch, d/4]")]
    [InlineData("f32[batch, missing]")]
    public void A_model_with_errors_keeps_the_number_of_its_results(string result)
    {
        var syntax = FnnParser.Parse(new SourceText("model.fnn", "dim d = 6\nmodel Wrong(x: f32[batch, 4]) -> " + result + " { return liner(3)(x) }"));
        var bound = Binder.BindModel(Binder.Collect([syntax], "Tests"), "Tests", "Wrong");
        Assert.Null(bound.Result);
        Assert.Single(bound.Signature!.Results);
    }

    [Fact]
    public void Buffers_are_updated_in_training_and_read_anew_in_the_same_run()
    {
        var model = Model("""
            model Count(x: f32[batch, 2]) -> f32[2] {
                buffer calls: f32[2] = 3
                calls <- calls + 1
                calls <- calls * 2
                return calls
            }
            """);
        var update = Assert.Single(model.Training.Outputs, output => output.Target is BufferTarget);
        Assert.Equal(model.Training.Outputs.Single(output => output.Target is ResultTarget).Node, update.Node);
        Assert.DoesNotContain(model.Inference.Outputs, output => output.Target is BufferTarget);
        Assert.Equal(3, model.Buffers[0].Initializer.Arguments[0]);
    }

    [Fact]
    public void Each_use_of_dropout_draws_for_itself_and_only_in_training()
    {
        const string Text = """
            model Noisy(x: f32[batch, 4]) -> f32[batch, 4] {
                a = dropout(0.5); b = dropout(0.5)
                return b(a(a(x)))
            }
            """;
        var model = Model(Text);
        var sites = model.Training.Nodes.Select(node => node.Operation).OfType<RandomUniform>().Select(random => random.Site).ToArray();
        Assert.Equal(3, sites.Distinct().Count());
        Assert.DoesNotContain(model.Inference.Nodes, node => node.Operation is RandomUniform);
        Assert.Equal(sites, Model("// moved\n\n" + Text).Training.Nodes.Select(node => node.Operation).OfType<RandomUniform>().Select(random => random.Site));
    }

    [Fact]
    public void Parts_and_weights_of_a_network_are_the_same_with_and_without_a_call_before_them()
    {
        Assert.Equal(Described("_y = net(x)"), Described(""));
        Assert.Contains(Described(""), operation => operation.Contains("Parameter", StringComparison.Ordinal));

        static IEnumerable<string> Described(string first) => Train($$"""
            model Enc(x: f32[batch, 4]) -> f32[batch, 8] { a = linear(8); return tanh(a(x)) }
            model Net(x: f32[batch, 4]) -> f32[batch, 2] {
                enc = Enc(); head = linear(2)
                h = enc(x)
                if training { h = 2 * h }
                repeat 2 as i : blocks { h = relu(linear(8)(h)) }
                return head(h)
            }
            train T for net: Net (x: f32[batch, 4], y: f32[batch, 8]) {
                {{first}}
                minimize mse(net.enc(x), y) + sum(abs(net.enc.a.weight)) + sum(net.head.bias) with sgd(0.1)
            }
            """).Objectives[0].Forward.Nodes.Select(node => $"{node.Operation} {node.Type}").Order();
    }

    [Fact]
    public void A_train_has_objectives_metrics_and_an_evaluation()
    {
        var train = Train("""
            model Enc(x: f32[batch, 6]) -> f32[batch, 3] { fc = linear(3); return fc(x) }
            train T for g: Enc, c: Enc (x: f32[batch, 6], m: bool[batch], t: f32[batch, 3]) {
                e = mse(g(x), t)
                minimize mean(mean(e, -1), where: m) over g with sgd(lr: cosine(0.1, total: 10), momentum: 0.9, nesterov: true)
                minimize c(x) * g(x) over c.fc with adam(betas: (0.5, 0.9)) every 5
                metric rmse = sqrt(mean(e))
                metric biggest = max(abs(e)) + 1
                freeze c.*.bias
                clip value(0.5)
            }
            """);
        Assert.Equal(["0.0,0.1", "1.0"], train.Objectives.Select(objective => string.Join(",", objective.Trained.Select(trained => $"{trained.Net}.{trained.Parameter}"))));
        Assert.Equal([1, 5], train.Objectives.Select(objective => objective.Every));
        Assert.Equal(["loss", "loss2"], train.Objectives.Select(objective => objective.Name));
        Assert.Equal(("value", 0.5), (train.ClipKind, train.ClipLimit));
        Assert.Equal([0.9, 1], train.Objectives[0].Optimizer.Settings.Where(setting => setting.Name is "momentum" or "nesterov").Select(setting => setting.Number!.Value));
        Assert.Equal("cosine", train.Objectives[0].Optimizer.Settings[0].Schedule?.Kind);
        Assert.Equal([0.5, 0.9], train.Objectives[1].Optimizer.Settings.Where(setting => setting.Name.StartsWith("beta")).Select(setting => setting.Number!.Value));

        // Sums and counts of both losses, then the metrics': sum, count and a maximum.
        Assert.Equal(7, train.Evaluation.Outputs.Count);
        Assert.Equal(5, train.Objectives[0].Forward.Outputs.Count);
        Assert.Equal(2, train.Objectives[1].Forward.Outputs.Count);
        Assert.Equal(["rmse", "biggest"], train.EvaluationMetrics.Select(metric => metric.Name));
        Assert.Equal(["rmse", "biggest"], train.StepMetrics.Select(metric => metric.Name));
        Assert.All(train.Objectives, objective => Assert.Equal(0, objective.Forward[objective.LossNode].Type.Rank));
        foreach (var objective in train.Objectives) GraphVerifier.Verified(objective.Forward);
        GraphVerifier.Verified(train.Evaluation);
    }

    [Fact]
    public void Closures_are_equal_exactly_when_meaning_is()
    {
        const string Text = """
            layer dense()(x: real[..., n]) -> real[..., n] { fc = linear(n); return fc(x) }
            model A(x: f32[batch, 4]) -> f32[batch, 4] { y = dense(); return y(x) }
            model B(x: f32[batch, 4]) -> f32[batch, 4] { return x }
            """;
        string Closure(string text, string name) => Binder.Closure(Scope(text), "", name);
        Assert.Equal(Closure(Text, "A"), Closure("// a comment\n" + Text.Replace("linear(n)", "linear( n )"), "A"));
        Assert.NotEqual(Closure(Text, "A"), Closure(Text.Replace("linear(n)", "linear(n, bias: false)"), "A"));
        Assert.Equal(Closure(Text, "B"), Closure(Text.Replace("linear(n)", "linear(n, bias: false)"), "B"));
    }

    [Fact]
    public void Equal_texts_bind_to_equal_models()
    {
        const string Text = """
            model M(x: f32[batch, 4]) -> f32[batch, 4] { fc = linear(4); return x |> fc |> gelu |> dropout(0.1) }
            """;
        Assert.Equal(Model(Text), Model("// two lines\n// more\n" + Text));
    }

    [Fact]
    public void An_error_in_the_library_is_told_at_the_users_call()
    {
        const string Text = """
            model M(x: f32[batch, 4], label: i32[batch, 2]) -> f32[batch] {
                return cross_entropy(x, label)
            }
            """;
        var error = Assert.Single(FnnCompiler.Check([FnnParser.Parse(new SourceText("m.fnn", Text))]));
        Assert.Equal("FNN3004", error.Code);
        Assert.Equal("label", error.Location.Source.GetText(error.Location.Span));
    }

    [Fact]
    public void An_error_caused_by_a_call_is_told_there_and_one_of_the_layer_in_the_layer()
    {
        const string Text = """
            layer halves()(x: real[batch, d]) -> real[batch, 3] { return x[:, :3] }
            layer wrong()(x: real[batch, d]) -> real[batch, d] { return x + sum(x, 5) }
            model M(x: f32[batch, 2]) -> f32[batch, 3] {
                a = wrong()
                b = halves()
                y = a(x)
                return b(x)
            }
            """;
        var errors = FnnCompiler.Check([FnnParser.Parse(new SourceText("m.fnn", Text))]);
        Assert.Equal(["5", "b(x)"], errors.Select(error => error.Location.Source.GetText(error.Location.Span)));
        Assert.Contains(errors[1].Labels, label => label.Text.Contains("halves"));
    }

    [Fact]
    public void Library_sources_are_right_by_themselves()
    {
        var scope = Scope("");
        Assert.Equal("", DiagnosticRenderer.RenderAll(scope.LibrarySymbols.OfType<CallableSymbol>().SelectMany(symbol => scope.ErrorsAlone(symbol))));
    }

    private static ModuleScope Scope(string text) => Binder.Collect([FnnParser.Parse(new SourceText("test.fnn", text))]);

    private static BoundModel Model(string text)
    {
        var scope = Scope(text);
        var bound = Binder.BindModel(scope, "", scope.Models.First().Name);
        Assert.Equal("", DiagnosticRenderer.RenderAll(bound.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error)));
        GraphVerifier.Verified(bound.Result!.Inference);
        GraphVerifier.Verified(bound.Result!.Training);
        return bound.Result!;
    }

    private static BoundTrain Train(string text)
    {
        var scope = Scope(text);
        var bound = Binder.BindTrain(scope, "", scope.Trains.First().Name);
        Assert.Equal("", DiagnosticRenderer.RenderAll(bound.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error)));
        return bound.Result!;
    }
}
