using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Interpretation;
using FeedbackNN.Dsl.Passes;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Feedback;

/// <summary>A state that grows, with what is kept from round to round, is what it is when each round reads all of it again.</summary>
public sealed class GrowthFormTests
{
    private const int Batch = 2;
    private const int Start = 3;
    private const int Rounds = 4;

    /// <summary>The body of a model over x: f32[batch, seq, 4], and what becomes of its last row.</summary>
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["element by element"] = "fc = linear(4)\n return tanh(fc(x)) + x",
        ["a table of positions"] = "places = embedding(16, 4)\n return x * places.weight[:seq] + places.weight[2:seq + 2]",
        ["its own position"] = "y[b, t, e] = x[b, t, e] * t + e\n return y",
        ["attention"] = "attn = attention(2, causal: true)\n return x + attn(x)",
        ["attention in shared groups"] = "attn = attention(4, groups: 2, causal: true)\n return x + attn(x)",
        ["turned by positions"] = "attn = attention(2, causal: true, base: 100)\n return x + attn(x)",
        ["blocks"] = "repeat 2 as i : h { x = transformer_block(2, 8, causal: true)(x) }\n return x",
        ["attention by hand with causal heads"] = "q = linear(4); k = linear(4)\n a = attend(q(x) as [batch, seq, 2, 2], k(x) as [batch, seq, 2, 2], x as [batch, seq, 2, 2], causal: true, scale: 0.7)\n return a as [batch, seq, 4]",
        ["a loop"] = "rnn = gru(4)\n return rnn(x) + x",
        ["a loop over a loop's states, counted"] = "feedback (h: f32[batch, 4] = 1, n: f32[batch, 4] = 0) over x_t in x along seq as t { h <- tanh(h + x_t); n <- n + t * h; emit hs = h + n }\n rnn = lstm(4)\n return rnn(hs)",
        ["thought at each element"] = "fc = linear(4)\n feedback (z: f32[batch, seq, 4] = x) times 3 { z <- tanh(fc(z) + x) }\n return z",
    };

    private static readonly Dictionary<string, string> Rests = new()
    {
        ["the last"] = "net(x)[:, -1]",
        ["a mean of all"] = "mean(net(x), length)",
        ["the largest of all, and two early ones"] = "max(net(x), length) + x[:, 0] * net(x)[:, 1]",
        ["attention of the last to all"] = "(attend(x[:, -1:] as [batch, 1, 2, 2], net(x) as [batch, length, 2, 2], x as [batch, length, 2, 2]) as [batch, 4])",
    };

    public static TheoryData<string, string> Pairs
    {
        get
        {
            var pairs = new TheoryData<string, string>();
            foreach (var body in Bodies.Keys) pairs.Add(body, "the last");
            foreach (var rest in Rests.Keys.Skip(1)) pairs.Add("blocks", rest);
            pairs.Add("a loop", "a mean of all");
            return pairs;
        }
    }

    [Theory, MemberData(nameof(Pairs))]
    public void What_is_kept_changes_nothing(string body, string rest) => Check(Bodies[body], Rests[rest]);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Nor_in_networks_of_random_parts(int seed)
    {
        var random = new Random(seed);
        var parts = new[]
        {
            "x = tanh(x) * 0.5", "x = x + linear(4)(x)", "x = layer_norm()(x)", "x = x + attention(2, causal: true)(x)", "x = gru(4)(x)", "x = x + embedding(16, 4)(check_index(positions, 16))",
            "(a, b) = split(x, 2, -1)\n x = concat((a * b, sigmoid(a)), -1)", "x = softmax(x)", "x = x + mean(x, -1, keep: true)", "x = select(x > 0, x, 0.1 * x)",
        };
        var lines = Enumerable.Range(0, 6).Select(_ => parts[random.Next(parts.Length)]);
        Check("positions[t: seq] = t\n y = x\n" + string.Join("\n", lines) + "\n return x + 0 * y", Rests.Values.ElementAt(random.Next(Rests.Count)));
    }

    internal static void Check(string body, string rest)
    {
        var (form, why, run) = Grow(body, rest);
        Assert.True(form is not null, why);
        run!();
    }

    /// <summary>The programs of a generate whose network has a body, or why there are none, with the line; and what compares their results, round by round, with those of the whole.</summary>
    internal static (GrowthForm? Form, string? Why, Func<bool>? Run) Grow(string body, string rest)
    {
        var text = $$"""
            model M(x: f32[batch, seq, 4]) -> f32[batch, seq, 4] where seq <= 14 {
                {{body}}
            }
            generate G from net: M (begin: f32[batch, start, 4], other: f32[batch, 4]) -> (all: f32[batch, length, 4], last: f32[batch, 4]) where start + 4 <= 12 {
                fc = tanh(other) * 2
                feedback (grow x: f32[batch, length <= 12, 4] = begin, h: f32[batch, 4] = other) times 4 as t {
                    h <- 0.5 * h + fc + t
                    x <- append(x, {{rest}} + 0.1 * h)
                }
                return (x, h)
            }
            """;
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("g.fnn", text))]);
        var net = Binder.BindModel(scope, "", "M");
        Assert.True(net.Result is not null, DiagnosticRenderer.RenderAll(net.Diagnostics.Where(diagnostic => diagnostic.Severity == Severity.Error)));
        var generate = Binder.BindGenerate(scope, "", "G").Result!;
        var form = GrowthForm.TryMake(generate, generate.Growth!, out var why);
        if (form is not null) return (form, null, () => IsAsTheWhole(form, generate, net.Result!));
        var place = SourcePlaces.LineOf(scope, why.Origin)!.Value;
        return (null, $"{place.Source.Text.Substring(place.Span.Start, place.Span.Length)}: {why.Reason}", null);
    }

    // Fails where a result is another one. Whether all of the whole's are numbers.
    private static bool IsAsTheWhole(GrowthForm form, BoundGenerate generate, BoundModel model)
    {
        var growth = generate.Growth!;
        foreach (var graph in new[] { form.First, form.Step, form.Last }) Assert.Empty(GraphVerifier.Verify(graph));

        double[] Draw(int seed, long count)
        {
            var random = new Random(seed);
            return Enumerable.Range(0, (int)count).Select(_ => random.NextDouble() * 2 - 1).ToArray();
        }
        var parameters = model.Parameters.Select((parameter, k) => Draw(100 + k, parameter.Type.ElementCount.Value)).ToArray();
        InterpreterInputs Given(int length, int round) => new()
        {
            Sizes = new Dictionary<string, long> { ["batch"] = Batch, ["start"] = Start, ["length"] = length, ["#length"] = round },
            Inputs = [Draw(1, Batch * Start * 4), Draw(2, Batch * 4)],
            Parameter = (_, index) => parameters[index],
        };
        var kept = form.Kept.Select(tensor => new double[tensor.Type.ElementCount.Evaluate(name => name == "batch" ? Batch : Start)]).ToArray();
        var states = Interpreter.Run(growth.Initial, Given(Start, 0));
        for (var round = 0; round < Rounds; round++)
        {
            var given = Given(Start + round, round);
            var whole = Interpreter.Run(growth.Round, given with { Arguments = states });
            if (!whole.All(values => values.All(double.IsFinite))) return false;
            var graph = round == 0 ? form.First : form.Step;
            var outputs = Interpreter.Run(graph, given with { Kept = kept });
            kept = (double[][])kept.Clone();
            for (var k = 0; k < outputs.Length; k++)
            {
                switch (graph.Outputs[k].Target)
                {
                    case KeptTarget next: kept[next.Index] = outputs[k]; break;
                    case WrittenTarget written: kept[written.Index] = outputs[k]; break;
                    case ResultTarget result: Library.InterpretedModel.AssertClose(whole[result.Index], outputs[k], 1e-8); break;
                }
            }
            states = [Appended(states[0], whole[0], Start + round), .. whole.Skip(1)];
            Library.InterpretedModel.AssertClose(states[1], kept[1], 1e-8);
        }
        var results = Interpreter.Run(form.Last, Given(Start + Rounds, Rounds) with { Kept = kept });
        Library.InterpretedModel.AssertClose(states[0], results[0], 1e-8);
        Library.InterpretedModel.AssertClose(states[1], results[1], 1e-8);
        return true;
    }

    private static double[] Appended(double[] state, double[] element, int length) => Enumerable.Range(0, Batch)
        .SelectMany(b => state.Skip(b * length * 4).Take(length * 4).Concat(element.Skip(b * 4).Take(4))).ToArray();

    /// <summary>Keys and values are kept once a layer, a loop's states too, and an encoder's result is not computed again.</summary>
    [Fact]
    public void What_is_kept_is_what_later_elements_read()
    {
        const string text = """
            model M(source: f32[batch, words, 4], x: f32[batch, seq, 4]) -> f32[batch, seq, 4] {
                memory = transformer_block(2, 8)(source)
                x = transformer_block(2, 8, causal: true)(x)
                x = x + cross_attention(2)(x, memory)
                return gru(4)(x)
            }
            generate G from net: M (source: f32[batch, words, 4], begin: f32[batch, start, 4]) -> f32[batch, length, 4] {
                feedback (grow x: f32[batch, length <= 12, 4] = begin) times 4 { x <- append(x, net(source, x)[:, -1]) }
                return x
            }
            """;
        var scope = Binder.Collect([FnnParser.Parse(new SourceText("g.fnn", text))]);
        var generate = Binder.BindGenerate(scope, "", "G").Result!;
        var form = GrowthForm.TryMake(generate, generate.Growth!, out _)!;
        var kept = form.Kept.Select(tensor => $"{tensor.Type}{(tensor.IsTwice ? ", twice" : "")}").Order().ToArray();
        Assert.Equal(new[] { "f32[batch, 12, 4]", "f32[batch, 12, 2, 2]", "f32[batch, 12, 2, 2]", "f32[batch, 4], twice" }.Order(), kept.Where(line => !line.Contains("words")).Order());
        // What cross attention makes of the memory, and nothing that depends on the words besides.
        Assert.All(kept.Where(line => line.Contains("words")), line => Assert.Contains("batch, words", line));
        Assert.DoesNotContain(form.Step.Nodes, node => node.Operation is Contract && node.Type.Shape.Contains(Size.Axis("words")));
    }
}
