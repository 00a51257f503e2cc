using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Outlines;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Tests.Outlines;

/// <summary>Outlines: what is a part, what a part reads, and how loops and copies are shown.</summary>
public sealed class OutlineTests
{
    [Fact]
    public void Stages_of_a_pipe_are_parts()
    {
        Shows("""
            model Net(x: f32[batch, 784]) -> f32[batch, 10] {
                fc1 = linear(128); fc2 = linear(10)
                return x |> fc1 |> relu |> fc2
            }
            """, """
            Input x f32[batch, 784] <-
            Layer fc1 linear(128) <- x: f32[batch, 784]
            Operation relu <- fc1: f32[batch, 128]
            Layer fc2 linear(10) <- relu: f32[batch, 128]
            Result result f32[batch, 10] <- fc2: f32[batch, 10]
            """);
    }

    [Fact]
    public void Statements_are_parts_with_the_layers_they_use_before_them_and_constants_are_none()
    {
        Shows("""
            model Net(x: f32[batch, 8], y: f32[batch, 8]) -> (sum: f32[batch, 8], twice: f32[batch, 8]) {
                a = linear(8)
                half = 0.5
                z = x * half + a(y + 1)
                m[b, i] = z[b, i] * y[b, i]
                (first, second) = split(m, 2, -1)
                return (concat((second, first), -1), z)
            }
            """, """
            Input x f32[batch, 8] <-
            Input y f32[batch, 8] <-
            Operation y + 1 <- y: f32[batch, 8]
            Layer a linear(8) <- y + 1: f32[batch, 8]
            Operation z = x * half + a(y + 1) <- x: f32[batch, 8], a: f32[batch, 8]
            Operation m[b, i] = z[b, i] * y[b, i] <- z = x * half + a(y + 1): f32[batch, 8], y: f32[batch, 8]
            Operation (first, second) = split(m, 2, -1) <- m[b, i] = z[b, i] * y[b, i]: f32[batch, 8]
            Operation concat((second, first), -1) <- (first, second) = split(m, 2, -1): f32[batch, 4]
            Result sum f32[batch, 8] <- concat((second, first), -1): f32[batch, 8]
            Result twice f32[batch, 8] <- z = x * half + a(y + 1): f32[batch, 8]
            """);
    }

    [Fact]
    public void A_state_comes_back_and_a_layer_of_the_users_is_looked_into()
    {
        Shows("""
            layer look(n: dim)(x: real[batch, d], y: real[batch, k]) -> real[batch, k] {
                param scale: real[k] = 1
                see = linear(n); say = linear(k)
                return (x |> see |> tanh |> say) * scale + y
            }
            model Net(x: f32[batch, 64]) -> f32[batch, 8, 10] {
                glance = look(3)
                feedback (y: f32[batch, 10] = 0) times 8 {
                    y <- y + glance(x, y)
                    emit ys = y
                }
                return ys
            }
            """, """
            Input x f32[batch, 64] <-
            Feedback feedback times 8
              State y f32[batch, 10] <- again y <- y + glance(x, y) as y: f32[batch, 10]
              Layer glance: look(3)
                Storage scale f32[10] <-
                Layer see linear(3) <- x: f32[batch, 64]
                Operation tanh <- see: f32[batch, 3]
                Layer say linear(10) <- tanh: f32[batch, 3]
                Operation (x |> see |> tanh |> say) * scale + y <- say: f32[batch, 10], scale: f32[10], y: f32[batch, 10]
              Operation y <- y + glance(x, y) <- y: f32[batch, 10], (x |> see |> tanh |> say) * scale + y: f32[batch, 10]
            Result result f32[batch, 8, 10] <- y <- y + glance(x, y): f32[batch, 8, 10]
            """);
    }

    [Fact]
    public void A_layer_of_the_library_is_looked_into_where_it_has_a_loop()
    {
        Shows("""
            model Net(x: f32[batch, time, 4]) -> f32[batch, 2] {
                read = gru(8); say = linear(2)
                states = read(x)
                return say(states[:, -1])
            }
            """, """
            Input x f32[batch, time, 4] <-
            Layer read: gru(8, 1)
              Feedback feedback over x_t in x along time
                Slice x_t <- x: f32[batch, time, 4]
                State h f32[batch, 8] <- again h <- cell(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh) as h: f32[batch, 8]
                Operation h <- cell(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh) <- x_t: f32[batch, 4], h: f32[batch, 8]
            Operation states[:, -1] <- h <- cell(x_t, h, weight_ih, weight_hh, bias_ih, bias_hh): f32[batch, time, 8]
            Layer say linear(2) <- states[:, -1]: f32[batch, 8]
            Result result f32[batch, 2] <- say: f32[batch, 2]
            """);
    }

    [Fact]
    public void An_equilibrium_is_a_loop_whose_state_is_what_its_map_gives()
    {
        Shows("""
            model Net(x: f32[batch, 64]) -> (logits: f32[batch, 10], rounds: i32[batch]) {
                inject = linear(16); mix = linear(16, bias: false); head = linear(10)
                u = inject(x)
                feedback (z: f32[batch, 16] = u) to fixed_point(tol: 1e-4, at_most: 40) as rounds {
                    z <- tanh(mix(z) + u)
                }
                return (head(z), rounds)
            }
            """, """
            Input x f32[batch, 64] <-
            Layer inject linear(16) <- x: f32[batch, 64]
            Feedback feedback to fixed_point(tol: 1e-4, at_most: 40)
              State z f32[batch, 16] <- inject: f32[batch, 16], again z <- tanh(mix(z) + u) as z: f32[batch, 16]
              Layer mix linear(16) <- z: f32[batch, 16]
              Operation z <- tanh(mix(z) + u) <- mix: f32[batch, 16], inject: f32[batch, 16]
            Layer head linear(10) <- z <- tanh(mix(z) + u): f32[batch, 16]
            Result logits f32[batch, 10] <- head: f32[batch, 10]
            Result rounds i32[batch] <- z <- tanh(mix(z) + u): i32[batch]
            """);
    }

    [Fact]
    public void Copies_are_one_whose_results_come_round()
    {
        Shows("""
            model Net(x: f32[batch, 8]) -> f32[batch, 8] {
                first = linear(8)
                x = first(x)
                repeat 12 as i : blocks { x = x + relu(linear(8)(x)) }
                repeat 1 { x = tanh(x) }
                return x
            }
            """, """
            Input x f32[batch, 8] <-
            Layer first linear(8) <- x: f32[batch, 8]
            Repeat × 12
              Layer blocks linear(8) <- first: f32[batch, 8], again x = x + relu(linear(8)(x)): f32[batch, 8]
              Operation x = x + relu(linear(8)(x)) <- first: f32[batch, 8], blocks: f32[batch, 8], again x = x + relu(linear(8)(x)): f32[batch, 8]
            Operation x = tanh(x) <- x = x + relu(linear(8)(x)): f32[batch, 8]
            Result result f32[batch, 8] <- x = tanh(x): f32[batch, 8]
            """);
    }

    [Fact]
    public void What_ends_a_loop_is_a_part_of_it()
    {
        Shows("""
            model Net(x: f32[batch, 8]) -> f32[batch, 8] {
                w = linear(8)
                feedback (z: f32[batch, 8] = 0) until max(abs(z - x), -1) < 1e-3, at_most 20 { z <- tanh(w(z) + x) }
                return z
            }
            """, """
            Input x f32[batch, 8] <-
            Feedback feedback until max(abs(z - x), -1) < 1e-3, at_most 20
              State z f32[batch, 8] <- again z <- tanh(w(z) + x) as z: f32[batch, 8]
              Layer w linear(8) <- z: f32[batch, 8]
              Operation z <- tanh(w(z) + x) <- w: f32[batch, 8], x: f32[batch, 8]
              Operation until max(abs(z - x), -1) < 1e-3, at_most 20 <- z <- tanh(w(z) + x): f32[batch, 8], x: f32[batch, 8]
            Result result f32[batch, 8] <- z <- tanh(w(z) + x): f32[batch, 8]
            """);
    }

    public static TheoryData<string> GoodPrograms => Corpus.Names("good");

    [Theory, MemberData(nameof(GoodPrograms))]
    public void Every_model_has_an_outline_in_which_all_lines_go_forward_but_those_that_come_back(string name)
    {
        var scope = Binder.Collect([FnnParser.Parse(Corpus.Read("good", name))], "Corpus");
        foreach (var model in scope.Models)
        {
            var outline = Binder.OutlineModel(scope, model.Namespace, model.Name)!;
            var order = new Dictionary<int, string>();
            OutlineText.Collect(outline.Model, order);
            var nodes = Nodes(outline.Model).Select(node => node.Id).ToHashSet();
            Assert.All(outline.Edges, edge => Assert.True(nodes.Contains(edge.From) && nodes.Contains(edge.To), $"{model.Name}: {edge} is not between nodes"));
            var places = order.Keys.Select((id, place) => (id, place)).ToDictionary(item => item.id, item => item.place);
            Assert.All(outline.Edges, edge => Assert.True(edge.IsFeedback || places[edge.From] < places[edge.To], $"{model.Name}: {order[edge.From]} -> {order[edge.To]}"));
            Assert.Equal(outline.Edges.Count, outline.Edges.Distinct().Count());
            // The same again: nothing depends on what was bound before.
            Assert.Equal(outline, Binder.OutlineModel(scope, model.Namespace, model.Name));
        }
    }

    private static IEnumerable<OutlineNode> Nodes(OutlineItem item) => item is OutlineRegion region ? region.Items.SelectMany(Nodes) : [(OutlineNode)item];

    private static void Shows(string text, string expected)
    {
        var file = FnnParser.Parse(new SourceText("outline.fnn", text));
        Assert.Equal("", DiagnosticRenderer.RenderAll(FnnCompiler.Check([file]).Where(diagnostic => diagnostic.Severity == Severity.Error)));
        var scope = Binder.Collect([file]);
        var model = scope.Models.Single();
        Assert.Equal(expected.ReplaceLineEndings("\n"), OutlineText.Write(Binder.OutlineModel(scope, model.Namespace, model.Name)!));
    }
}
