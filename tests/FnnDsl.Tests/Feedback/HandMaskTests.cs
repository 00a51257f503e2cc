using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Tests.Feedback;

/// <summary>Attention that is written out in index notation is causal where its mask hides all that is later, and refused where it does not.</summary>
public sealed class HandMaskTests
{
    private const string Heads = """
        q = linear(4)(x) as [batch, seq, 2, 2]; k = linear(4)(x) as [batch, seq, 2, 2]; v = linear(4)(x) as [batch, seq, 2, 2]
        scores[b, h, i, j] = sum[e] q[b, i, h, e] * k[b, j, h, e] / sqrt(2.0)
        """;

    private const string Out = "return y as [batch, seq, 4]";

    private const string OfWeights = "y[b, i, h, e] = sum[j] p[b, h, i, j] * v[b, j, h, e]\n" + Out;

    /// <summary>Masks and what is around them: in softmax attention, and where masked scores are weights themselves.</summary>
    private static readonly Dictionary<string, string> Causal = new()
    {
        ["a mask"] = Softmax("select(i >= j, scores[b, h, i, j], -inf)"),
        ["less, and turned around"] = Softmax("select(j > i, -inf, scores[b, h, i, j])"),
        ["not"] = Softmax("select(not (j > i), scores[b, h, i, j], -inf)"),
        ["by a difference"] = Softmax("select(j - i <= 0, scores[b, h, i, j], -inf)"),
        ["by multiples"] = Softmax("select(3*i + 1 > 3*j - 1, scores[b, h, i, j], -inf)"),
        ["a window"] = Softmax("select(i >= j and i - j < 2, scores[b, h, i, j], -inf)"),
        ["without itself but at the beginning"] = Softmax("select(i > j or i == 0 and j == 0, scores[b, h, i, j], -inf)"),
        ["slopes of heads"] = "slope[h: 2] = 0.5 / (h + 1)\n" + Softmax("select(i >= j, scores[b, h, i, j], -inf) - slope[h] * (i - j)"),
        ["slopes inside"] = "slope[h: 2] = 0.5 / (h + 1)\n" + Softmax("select(i >= j, scores[b, h, i, j] - slope[h] * (i - j), -inf)"),
        ["a mask that is added"] = "hidden[i: seq, j: seq] = select(j <= i, 0.0, -inf)\n" + Softmax("scores[b, h, i, j] + hidden[i, j]"),
        ["a logarithm of a mask"] = Softmax("scores[b, h, i, j] + log(f32(i >= j))"),
        ["a table of a mask"] = "table[r: 16, c: 16] = select(r >= c, 0.0, -inf)\nhidden = table[:seq, :seq]\n" + Softmax("scores[b, h, i, j] + hidden[i, j]"),
        ["a table by distance"] = "bias = embedding(16, 2)\n" + Softmax("select(i >= j, scores[b, h, i, j] + bias.weight[maximum(i - j, 0), h], -inf)"),
        ["heads that differ"] = Softmax("select(i >= j and (h == 0 or i - j < 2), scores[b, h, i, j], -inf)"),
        ["some keys never"] = Softmax("select(i >= j and (x[b, j, 0] < 0.5 or i == j), scores[b, h, i, j], -inf)"),
        ["keys that are scaled"] = Softmax("select(i >= j, scores[b, h, i, j] * x[b, j, 1], -inf) / 2"),
        ["a softmax written out"] = Heads + """

            m[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)
            top[b, h, i] = max[j] m[b, h, i, j]
            w[b, h, i, j] = exp(m[b, h, i, j] - top[b, h, i])
            total[b, h, i] = sum[j] w[b, h, i, j]
            p[b, h, i, j] = w[b, h, i, j] / total[b, h, i]

            """ + OfWeights,
        ["exponents without the largest"] = Heads + """

            w[b, h, i, j] = exp(select(i >= j, scores[b, h, i, j], -1e4))
            y[b, i, h, e] = (sum[j] w[b, h, i, j] * v[b, j, h, e]) / (sum[j] w[b, h, i, j])

            """ + Out,
        ["keys first"] = Heads + """

            turned[b, h, j, i] = select(i >= j, scores[b, h, i, j], -inf)
            p = softmax(turned, 2)
            y[b, i, h, e] = sum[j] p[b, h, j, i] * v[b, j, h, e]

            """ + Out,
        ["linear attention"] = Heads + "\ny[b, i, h, e] = sum[j] select(i >= j, scores[b, h, i, j], 0) * v[b, j, h, e]\n" + Out,
        ["linear attention times a mask"] = Heads + "\ny[b, i, h, e] = sum[j] f32(i >= j) * scores[b, h, i, j] * v[b, j, h, e]\n" + Out,
        ["decay"] = Heads + "\ny[b, i, h, e] = sum[j] select(i >= j, exp(-0.7 * (i - j)) * scores[b, h, i, j], 0) * v[b, j, h, e]\n" + Out,
        ["a mean so far"] = "y[b, i: seq, e] = (sum[j] select(i >= j, x[b, j, e], 0)) / (i + 1)\nreturn y",
        ["the largest so far"] = "y[b, i: seq, e] = max[j] select(i >= j, x[b, j, e], -inf)\nreturn y",
        ["the smallest so far"] = "y[b, i: seq, e] = min[j] select(i >= j, x[b, j, e], inf)\nreturn y",
        ["where the largest is"] = Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\nbest = argmax(m, -1)\ny[b, i, e] = x[b, i, e] + f32(best[b, 1, i])\nreturn y",
        ["vectors between elements"] = "bias = embedding(16, 4)\nrelative[i: seq, j: seq, e: 4] = bias.weight[maximum(i - j, 0), e]\n"
            + "s[b, i, j] = sum[e] x[b, i, e] * (relative[i, j, e] + x[b, j, e])\nm[b, i, j] = select(i >= j, s[b, i, j], -inf)\np = softmax(m)\ny[b, i, e] = sum[j] p[b, i, j] * relative[i, j, e] * x[b, j, e]\nreturn y",
        ["the library's, with its weights in memory"] = "h = linear(4)(x) as [batch, seq, 2, 2]\nreturn attend_with_dropout(h, h, x as [batch, seq, 2, 2], causal: true) as [batch, seq, 4]",
        ["two layers"] = "repeat 2 as l : h {\n" + Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\np = softmax(m)\ny[b, i, h, e] = sum[j] p[b, h, i, j] * v[b, j, h, e]\nx = x + (y as [batch, seq, 4])\n}\nreturn x",
        ["scores that go on to the next layer"] = Heads + """

            m[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)
            p = softmax(m)
            y[b, i, h, e] = sum[j] p[b, h, i, j] * v[b, j, h, e]
            z = y as [batch, seq, 4]
            again[b, h, i, j] = m[b, h, i, j] + sum[e] z[b, i, e] * z[b, j, e]
            r = softmax(again)
            u[b, i, h, e] = sum[j] r[b, h, i, j] * y[b, j, h, e]
            return u as [batch, seq, 4]
            """,
    };

    private static string Softmax(string masked) => Heads + $"\nmasked[b, h, i, j] = {masked}\np = softmax(masked, -1)\n" + OfWeights;

    public static TheoryData<string> CausalNames => new(Causal.Keys);

    [Theory, MemberData(nameof(CausalNames))]
    public void What_a_mask_hides_is_not_needed(string name) => GrowthFormTests.Check(Causal[name], "net(x)[:, -1] + mean(net(x), length)");

    /// <summary>A step has one row of scores, and keeps what attend would: keys and values.</summary>
    [Fact]
    public void Keys_and_values_are_kept()
    {
        var form = GrowthFormTests.Grow(Causal["slopes inside"], "net(x)[:, -1]").Form!;
        Assert.Equal(["f32[batch, 12, 4]", "f32[batch, 2, 12, 2]", "f32[batch, 2, 2, 12]", "f32[batch, 4]"], form.Kept.Select(tensor => tensor.Type.ToString()).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(form.Step.Nodes, node => node.Type.Shape.Count(size => size == Size.Axis("length")) > 1);
        Assert.Contains(form.Step.Nodes, node => node.Type.ToString() is "f32[batch, 2, 1, length]");
    }

    /// <summary>What looks ahead, the beginning of the line that does, and what is said of it.</summary>
    private static readonly Dictionary<string, (string Body, string Line, string Reason)> Ahead = new()
    {
        ["no mask"] = (Softmax("scores[b, h, i, j]"), "p = softmax", "takes the largest of later elements"),
        ["the other direction"] = (Softmax("select(j >= i, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest of later elements"),
        ["one element too many"] = (Softmax("select(i + 1 >= j, scores[b, h, i, j], -inf)"), "p = softmax", "hide them: select(i >= j, …, -inf)"),
        ["one too many, as a difference"] = (Softmax("select(j - i <= 1, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["a window on both sides"] = (Softmax("select(i - j < 2, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["blocks"] = (Softmax("select(div(i, 2) >= div(j, 2), scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["twice the key"] = (Softmax("select(2*i >= j, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["or"] = (Softmax("select(i >= j or i == 1, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["one head only"] = (Softmax("select(i >= j or h == 1, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["by what elements are"] = (Softmax("select(x[b, i, 0] >= x[b, j, 0], scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["by the heads"] = (Softmax("select(i >= h, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["by another index"] = (Softmax("select(h >= j, scores[b, h, i, j], -inf)"), "p = softmax", "takes the largest"),
        ["a finite number"] = (Softmax("select(i >= j, scores[b, h, i, j], -1e9)"), "p = softmax", "which are -1000000000 and not -inf: mask them with -inf"),
        ["zeros before a softmax"] = (Softmax("select(i >= j, scores[b, h, i, j], 0)"), "p = softmax", "which are 0 and not -inf"),
        ["a finite number that is added"] = (Softmax("scores[b, h, i, j] + select(i >= j, 0.0, -1e9)"), "p = softmax", "takes the largest"),
        ["a large weight"] = (Softmax("scores[b, h, i, j] - 1e30 * f32(j > i)"), "p = softmax", "takes the largest"),
        ["a mask with a sign that is learned"] = (Softmax("select(i >= j, scores[b, h, i, j], -inf) * x[b, i, 0]"), "p = softmax", "takes the largest"),
        ["against infinity"] = ("bias[b, j: seq] = select(x[b, j, 0] > 0, 0.0, inf)\n" + Softmax("select(i >= j, scores[b, h, i, j], -inf) + bias[b, j]"), "p = softmax", "takes the largest"),
        ["the softmax goes over queries"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\np = softmax(m, 2)\n" + OfWeights, "p = softmax", "takes the largest"),
        ["the sum goes over queries"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], 0)\ny[b, j, h, e] = sum[i] m[b, h, i, j] * v[b, i, h, e]\n" + Out, "y[b, j, h, e]", "adds up later elements"),
        ["a mask behind the softmax"] = (Heads + "\np = softmax(scores)\ny[b, i, h, e] = sum[j] select(i >= j, p[b, h, i, j], 0) * v[b, j, h, e]\n" + Out, "p = softmax", "takes the largest"),
        ["weights that are not hidden"] = (Heads + "\nw[b, h, i, j] = exp(scores[b, h, i, j])\ny[b, i, h, e] = sum[j] w[b, h, i, j] * v[b, j, h, e]\n" + Out, "y[b, i, h, e]", "select(i >= j, …, 0) or, before a softmax, select(i >= j, …, -inf)"),
        ["exponents that are small"] = (Heads + "\nw[b, h, i, j] = exp(select(i >= j, scores[b, h, i, j], -50))\ny[b, i, h, e] = sum[j] w[b, h, i, j] * v[b, j, h, e]\n" + Out, "y[b, i, h, e]", "adds up later elements"),
        ["a sum that is divided by without a mask"] = (Heads + "\nw[b, h, i, j] = select(i >= j, exp(scores[b, h, i, j]), 0)\ntotal[b, h, i] = sum[j] exp(scores[b, h, i, j])\ny[b, i, h, e] = (sum[j] w[b, h, i, j] * v[b, j, h, e]) / total[b, h, i]\n" + Out, "total[b, h, i]", "adds up later elements"),
        ["0 times what is infinite"] = (Heads + "\nw[b, h, i, j] = f32(i >= j) * select(x[b, j, 0] > 0, scores[b, h, i, j], -inf)\ny[b, i, h, e] = sum[j] w[b, h, i, j] * v[b, j, h, e]\n" + Out, "y[b, i, h, e]", "adds up later elements"),
        ["0 divided by 0"] = (Heads + "\nw[b, h, i, j] = f32(i >= j) * scores[b, h, i, j] / f32(i >= j)\ny[b, i, h, e] = sum[j] w[b, h, i, j] * v[b, j, h, e]\n" + Out, "y[b, i, h, e]", "adds up later elements"),
        ["0 times what is divided by 0"] = (Heads + "\nw[b, h, i, j] = f32(i >= j) * (scores[b, h, i, j] / f32(i >= j))\ny[b, i, h, e] = sum[j] w[b, h, i, j] * v[b, j, h, e]\n" + Out, "y[b, i, h, e]", "adds up later elements"),
        ["-inf less -inf"] = ("bias[b, j: seq] = select(x[b, j, 0] > 0, 0.0, -inf)\n" + Softmax("select(i >= j, scores[b, h, i, j], -inf) - bias[b, j]"), "p = softmax", "takes the largest"),
        ["values that are infinite"] = (Heads + "\nw[b, h, i, j] = select(i >= j, scores[b, h, i, j], 0)\nu[b, j, h, e] = select(v[b, j, h, e] > 0, v[b, j, h, e], inf)\ny[b, i, h, e] = sum[j] w[b, h, i, j] * u[b, j, h, e]\n" + Out, "y[b, i, h, e]", "0 is multiplied by what may be infinite"),
        ["the smallest of all"] = ("y[b, i: seq, e] = min[j] select(i >= j, x[b, j, e], -inf)\nreturn y", "y[b, i: seq, e]", "takes the smallest of later elements of 'length' too, which are -inf and not inf"),
        ["a mean of all pairs"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], 0)\nall = sum(sum(sum(m, -1), -1), -1)\ny[b, t, e] = x[b, t, e] + all[b]\nreturn y", "scores[b, h, i, j]", "relates all elements of 'length' with all others"),
        ["weights of weights"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\np = softmax(m)\nr[b, h, i, k2] = sum[j] p[b, h, i, j] * p[b, h, j, k2]\ny[b, i, h, e] = sum[j] r[b, h, i, j] * v[b, j, h, e]\n" + Out, "scores[b, h, i, j]", "relates all elements of 'length' with all others"),
        ["its own key's weight"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\np = softmax(m)\ny[b, i, h, e] = p[b, h, i, i] * v[b, i, h, e]\n" + Out, "scores[b, h, i, j]", "relates all elements of 'length' with all others"),
        ["the weight of the first key"] = (Heads + "\nm[b, h, i, j] = select(i >= j, scores[b, h, i, j], -inf)\np = softmax(m)\ny[b, i, h, e] = p[b, h, i, 0] * v[b, i, h, e]\n" + Out, "y[b, i, h, e]", "looks at other elements"),
        ["a table from the end"] = (Softmax("select(i >= j, scores[b, h, i, j] + places.weight[i - j + seq - 1, h], -inf)").Insert(0, "places = embedding(32, 2)\n"), "masked[b, h, i, j]", "reads a table along 'length' from the end"),
        ["a mean that divides by the length"] = ("y[b, i: seq, e] = (sum[j] select(i >= j, x[b, j, e], 0)) / seq\nreturn y", "y[b, i: seq, e]", "takes what is known only when all of 'length' is there"),
        ["in a loop"] = ("feedback (z: f32[batch, seq, 4] = x) times 2 {\ns[b, i, j] = sum[e] z[b, i, e] * z[b, j, e]\nm[b, i, j] = select(i >= j, s[b, i, j], -inf)\np = softmax(m)\ny[b, i, e] = sum[j] p[b, i, j] * z[b, j, e]\nz <- y\n}\nreturn z", "feedback (z", "stands in a loop"),
    };

    public static TheoryData<string> AheadNames => new(Ahead.Keys);

    [Theory, MemberData(nameof(AheadNames))]
    public void What_looks_ahead_is_refused_at_its_line(string name)
    {
        var (body, line, reason) = Ahead[name];
        var (form, why, _) = GrowthFormTests.Grow(body, "net(x)[:, -1]");
        Assert.True(form is null, "it was taken to be causal");
        Assert.StartsWith(line, why, StringComparison.Ordinal);
        Assert.True(why!.Contains(reason, StringComparison.Ordinal), why);
    }

    /// <summary>Masks, biases and sums put together at random: some hide what is later and some don't, and those that are taken to are as the whole.</summary>
    [Fact]
    public void What_is_taken_to_be_causal_is()
    {
        var (taken, refused) = (0, 0);
        for (var seed = 0; seed < 120; seed++)
        {
            var random = new RandomMask(new Random(seed));
            var body = random.Body();
            var (_, why, run) = GrowthFormTests.Grow(body, seed % 2 == 0 ? "net(x)[:, -1]" : "mean(net(x), length)");
            if (why is not null) refused++;
            // A row of which everything is hidden is no number, in the whole and step by step.
            else if (run!()) taken++;
        }
        Assert.True(taken >= 20 && refused >= 20, $"{taken} were taken, {refused} refused");
    }

    /// <summary>Attention with random scores over s[b, i, j], x[b, j, e] and positions.</summary>
    private sealed class RandomMask(Random random)
    {
        private string Of(params string[] choices) => choices[random.Next(choices.Length)];

        public string Body()
        {
            var begin = "s[b, i, j] = sum[e] x[b, i, e] * x[b, j, e] / 2\n";
            var scores = $"a[b: batch, i: seq, j: seq] = {Number(3)}\n";
            return begin + scores + random.Next(5) switch
            {
                0 => "p = softmax(a)\ny[b, i, e] = sum[j] p[b, i, j] * x[b, j, e]\nreturn y",
                1 => $"y[b, i, e] = sum[j] {Of("a[b, i, j]", "exp(a[b, i, j])", "tanh(a[b, i, j])")} * x[b, j, e]\nreturn tanh(y)",
                2 => $"c[b: batch, i: seq, j: seq] = {Number(1)}\ny[b, i, e] = sum[j] a[b, i, j] * c[b, i, j] * x[b, j, e]\nreturn tanh(y)",
                3 => "top[b, i] = max[j] a[b, i, j]\ny[b, i, e] = x[b, i, e] * tanh(top[b, i])\nreturn y",
                _ => "w[b, i, j] = exp(a[b, i, j])\ny[b, i, e] = (sum[j] w[b, i, j] * x[b, j, e]) / (1 + sum[j] w[b, i, j])\nreturn y",
            };
        }

        private string Number(int depth)
        {
            if (depth == 0) return Of("s[b, i, j]", "s[b, i, j]", "x[b, j, 0]", "x[b, i, 1]", "0.0", "-inf", "-1e9", "0.3 * (i - j)", "0.5");
            return random.Next(9) switch
            {
                0 => $"({Number(depth - 1)} + {Number(depth - 1)})",
                1 => $"({Number(depth - 1)} * {Of("0.5", "x[b, j, 0]", "f32(" + Condition(1) + ")", "-1.0")})",
                2 => $"maximum({Number(depth - 1)}, {Number(0)})",
                3 => $"({Number(depth - 1)} - {Number(0)})",
                4 => $"tanh({Number(depth - 1)})",
                _ => $"select({Condition(2)}, {Number(depth - 1)}, {Of("-inf", "-inf", "0.0", "0.0", Number(0))})",
            };
        }

        private string Condition(int depth) => random.Next(depth == 0 ? 4 : 8) switch
        {
            0 or 1 => Of("i >= j", "j <= i", "i > j or i == j", "j - i < 1", "not (j > i)", "2*i >= 2*j", "i + 1 > j", "i - j >= 0 and j < 3 or i == j"),
            2 => $"{Of("i", "2*i", "i + 1", "i - 1", "0")} {Of(">=", ">", "==", "!=", "<", "<=")} {Of("j", "2*j", "j + 1", "j - 2", "1")}",
            3 => Of("i - j < 2", "x[b, j, 0] > 0", "j == 0", "i > 1"),
            4 or 5 => $"({Condition(depth - 1)} and {Condition(depth - 1)})",
            6 => $"({Condition(depth - 1)} or {Condition(depth - 1)})",
            _ => $"not {Condition(0)}".Replace("not not", "not", StringComparison.Ordinal),
        };
    }
}
