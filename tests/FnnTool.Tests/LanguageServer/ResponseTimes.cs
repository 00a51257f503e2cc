using System.Diagnostics;
using System.Globalization;
using System.Text;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;
using Xunit.Abstractions;

namespace FeedbackNN.Tool.Tests;

/// <summary>
/// Prints how long it takes from a key to its diagnostics, over the protocol: <c>FNN_SLOW=1 dotnet test tests/FnnTool.Tests --filter ResponseTimes --logger "console;verbosity=detailed"</c>. It passes
/// however long that is; what it tests is that each text gets its own answer.
/// </summary>
public sealed class ResponseTimes(ITestOutputHelper output) : WithFolder
{
    private static readonly int WarmUp = SlowRun.Count(2, slow: 20);
    private static readonly int Keys = SlowRun.Count(4, slow: 20);

    [Theory]
    [InlineData(200)]
    [InlineData(1000)]
    public void From_a_key_to_its_diagnostics(int lines)
    {
        using var editor = TestEditor.In(Folder);
        var path = PathOf("long.fnn");
        var text = Program(lines);
        editor.Open(path, text);
        Assert.Empty(editor.DiagnosticsOf(path, version: 1));
        var times = new Dictionary<string, List<double>> { ["diagnostics"] = [], ["hover"] = [], ["completion"] = [] };
        for (var key = 0; key < WarmUp + Keys; key++)
        {
            // A letter is typed into the last model, and taken away.
            var typed = key % 2 == 0 ? text.Insert(text.LastIndexOf("first |>", StringComparison.Ordinal), "x") : text;
            Measure("diagnostics", () =>
            {
                editor.Replace(path, typed, key + 2);
                Assert.Equal(key % 2 == 0, editor.DiagnosticsOf(path, version: key + 2).Length > 0);
            });
            var at = TestEditor.At(path, typed, "first |>");
            Measure("hover", () => editor.Ask("textDocument/hover", at));
            Measure("completion", () => editor.Ask("textDocument/completion", at));

            void Measure(string what, Action action)
            {
                var start = Stopwatch.GetTimestamp();
                action();
                if (key >= WarmUp) times[what].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
        foreach (var (what, measured) in times)
        {
            measured.Sort();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{text.Count(c => c == '\n')} lines, {what}: median {measured[Keys / 2]:0.0} ms, fastest {measured[0]:0.0} ms, slowest {measured[^1]:0.0} ms"));
        }
    }

    /// <summary>Everything anew, as <c>fnn check</c> and a build do it, parsing included.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(1000)]
    public void A_whole_check(int lines)
    {
        var text = Program(lines);
        var times = new List<double>();
        for (var k = 0; k < WarmUp + Keys; k++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Empty(FnnCompiler.Check([FnnParser.Parse(new SourceText("long.fnn", text))]));
            if (k >= WarmUp) times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{text.Count(c => c == '\n')} lines, a whole check: median {times[Keys / 2]:0.0} ms, fastest {times[0]:0.0} ms, slowest {times[^1]:0.0} ms"));
    }

    // Layers, models and trainings as people write them, 20 lines a group.
    private static string Program(int lines)
    {
        var text = new StringBuilder("namespace Long\ndim width = 16, classes = 10\n");
        for (var k = 0; k < (lines - 2) / 20; k++)
        {
            text.Append($$"""

                /// A product and a bend, number {{k}}.
                layer dense{{k}}(out: dim, act: fn = relu)(x: real[..., in]) -> real[..., out] {
                    param weight: real[out, in] = kaiming_uniform()
                    y[..., o] = sum[i] x[..., i] * weight[o, i]
                    return act(y)
                }

                model Net{{k}}(x: f32[batch, time, 8]) -> f32[batch, classes] {
                    first = dense{{k}}(width); recur = gru(width); norm = layer_norm(); last = linear(classes)
                    h = x |> first |> norm
                    return last(recur(h)[:, -1, :])
                }

                train Fit{{k}} for net: Net{{k}} (x: f32[batch, time, 8], label: i32[batch]) {
                    logits = net(x)
                    minimize cross_entropy(logits, label) with adamw(lr: cosine(1e-3, total: 1_000))
                    metric accuracy = mean(argmax(logits) == label)
                }

                """).Append('\n');
        }
        return text.ToString();
    }
}
