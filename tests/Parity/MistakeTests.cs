using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>
/// Ten mistakes, made in TorchSharp and in the language: <c>docs/why.md</c> quotes what each says, and when. The C# on the page is the code that runs here. With
/// FNN_UPDATE=1 the page is written anew.
/// </summary>
public sealed partial class MistakeTests
{
    private const string Head = """
        # Why a language: ten mistakes

        The same ten mistakes, made in TorchSharp, whose library is PyTorch's, and here. What each says is quoted from a run: a test makes all of them, and compares this page with what comes out
        (`FNN_UPDATE=1 dotnet test tests/Parity -c Release --filter MistakeTests` writes it). TorchSharp speaks when a program has got as far as the line, with its data loaded, if it speaks at all; here the build speaks, and the editor while one types.

        """;

    /// <summary>One mistake on both sides.</summary>
    /// <param name="Silence">What comes of it in TorchSharp where it throws nothing.</param>
    private sealed record Mistake(string Title, Action Theirs, string TheirCode, string Ours, string Silence);

    private static readonly Mistake[] Mistakes =
    [
        Make("A layer that takes another width",
            () =>
            {
                var fc = nn.Linear(784, 128);
                var head = nn.Linear(100, 10);
                var logits = head.forward(fc.forward(zeros(32, 784)));
            },
            """
            layer linear_from(taken: dim, out: dim)(x: real[batch, taken]) -> real[batch, out] {
                fc = linear(out)
                return fc(x)
            }

            model Net(x: f32[batch, 784]) -> f32[batch, 10] {
                fc = linear(128)
                head = linear_from(100, 10)
                h = fc(x)
                return head(h)
            }
            """),
        Make("Predictions and targets that broadcast",
            () =>
            {
                var prediction = zeros(32, 1);
                var target = ones(32);
                var loss = nn.functional.mse_loss(prediction, target);
            },
            """
            model Net(x: f32[batch, 8]) -> f32[batch, 1] {
                head = linear(1)
                return head(x)
            }

            train Fit for net: Net (x: f32[batch, 8], target: f32[batch]) {
                minimize mse(net(x), target) with adam(1e-3)
            }
            """, "it prints a warning once, and the loss is the mean over all 1,024 pairs of a prediction and a target, and the training learns the mean of the targets"),
        Make("A softmax before a loss that does its own",
            () =>
            {
                var logits = zeros(32, 10);
                var label = zeros(32, ScalarType.Int64);
                var loss = nn.functional.cross_entropy(nn.functional.softmax(logits, 1), label);
            },
            """
            model Net(x: f32[batch, 8]) -> f32[batch, 10] {
                head = linear(10)
                return softmax(head(x))
            }

            train Fit for net: Net (x: f32[batch, 8], label: i32[batch]) {
                minimize cross_entropy(net(x), label) with adam(1e-3)
            }
            """, "the network learns slowly and never becomes sure"),
        Make("Labels that are no integers",
            () =>
            {
                var logits = zeros(32, 10);
                var label = zeros(32);
                var loss = nn.functional.cross_entropy(logits, label);
            },
            """
            model Net(x: f32[batch, 8]) -> f32[batch, 10] {
                head = linear(10)
                return head(x)
            }

            train Fit for net: Net (x: f32[batch, 8], label: f32[batch]) {
                minimize cross_entropy(net(x), label) with adam(1e-3)
            }
            """),
        Make("A layer that is made and forgotten",
            () =>
            {
                var (fc, middle, head) = (nn.Linear(8, 16), nn.Linear(16, 16), nn.Linear(16, 3));
                var logits = head.forward(nn.functional.relu(fc.forward(zeros(32, 8))));
            },
            """
            model Net(x: f32[batch, 8]) -> f32[batch, 3] {
                fc = linear(16)
                middle = linear(16)
                head = linear(3)
                return x |> fc |> relu |> head
            }
            """, "the network is smaller than it looks, and its file has weights that were never trained"),
        Make("A reshape that does not fit",
            () =>
            {
                var pictures = zeros(32, 28, 28);
                var rows = pictures.view(32, 780);
            },
            """
            model Net(pictures: f32[batch, 28, 28]) -> f32[batch, 780] {
                return pictures as [batch, 780]
            }
            """),
        Make("A state that never comes back",
            () =>
            {
                var cell = nn.RNNCell(3, 16);
                var (x, h) = (zeros(32, 20, 3), zeros(32, 16));
                for (var t = 0; t < 20; t++)
                {
                    var next = cell.forward(x.select(1, t), h);
                }
            },
            """
            layer plain(units: dim)(x: real[batch, time, in]) -> real[batch, units] {
                w = linear(units); u = linear(units, bias: false)
                feedback (h: real[batch, units] = 0) over x_t in x along time {
                    next = tanh(w(x_t) + u(h))
                }
                return h
            }
            """, "every step begins at zero, and what is returned knows nothing of the series"),
        Make("A part to freeze whose name is misspelt",
            () =>
            {
                var net = nn.Sequential(("encoder", nn.Linear(8, 16)), ("head", nn.Linear(16, 3)));
                foreach (var (name, parameter) in net.named_parameters())
                {
                    if (name.StartsWith("encodr")) parameter.requires_grad = false;
                }
            },
            """
            model Net(x: f32[batch, 8]) -> f32[batch, 3] {
                encoder = linear(16); head = linear(3)
                return x |> encoder |> relu |> head
            }

            train Fit for net: Net (x: f32[batch, 8], label: i32[batch]) {
                minimize cross_entropy(net(x), label) with adam(1e-3)
                freeze net.encodr
            }
            """, "nothing is frozen, and the encoder that cost a week is trained away"),
        Make("Two precisions that meet",
            () =>
            {
                var fc = nn.Linear(8, 16);
                var x = zeros(32, 8, ScalarType.Float64);
                var y = fc.forward(x);
            },
            """
            layer scaled(out: dim)(x: f64[batch, in]) -> f32[batch, out] {
                param weight: f32[out, in] = kaiming_uniform()
                return x @ weight.T
            }
            """),
        Make("Two axes that are equal by chance",
            () =>
            {
                var sentences = zeros(16, 16, 8);   // batch, time, width
                var bias = zeros(16, 1, 8);         // one a sentence
                var y = sentences + bias.transpose(0, 1);
            },
            """
            model Net(sentences: f32[batch, time, 8], bias: f32[batch, 8]) -> f32[batch, time, 8] {
                return sentences + bias
            }
            """, "as long as there are as many sentences as words; each word gets the bias of another sentence"),
    ];

    private static Mistake Make(string title, Action theirs, string ours, string silence = "", [CallerArgumentExpression(nameof(theirs))] string code = "") => new(title, theirs, code, ours, silence);

    [SkippableFact]
    public void The_page_says_what_both_say()
    {
        Libtorch.Require();
        var page = new StringBuilder(Head);
        foreach (var (mistake, number) in Mistakes.Select((mistake, k) => (mistake, k + 1)))
        {
            var (theirs, ours) = (Say(mistake), Diagnose(mistake.Ours));
            Assert.Equal(mistake.Silence.Length > 0, theirs is null);
            Assert.NotEmpty(ours);
            page.Append($"## {number}. {mistake.Title}\n\n```csharp\n{Body(mistake.TheirCode)}\n```\n\n");
            page.Append(theirs is null ? $"TorchSharp goes on: {mistake.Silence}.\n\n" : $"TorchSharp, when the last line runs:\n\n    {theirs}\n\n");
            page.Append($"```fnn wrong\n{mistake.Ours}\n```\n\nHere, in the build:\n\n{Indented(ours)}\n\n");
        }
        var path = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "..", "docs", "why.md");
        var expected = page.ToString().TrimEnd('\n').ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("FNN_UPDATE") == "1") File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    /// <summary>The first line of the exception that the code throws; null when it throws none.</summary>
    private static string? Say(Mistake mistake)
    {
        using var scope = NewDisposeScope();
        try
        {
            mistake.Theirs();
            return null;
        }
        catch (Exception exception) when (exception is System.Runtime.InteropServices.ExternalException or ArgumentException or InvalidOperationException)
        {
            return exception.Message.Split('\n')[0].Trim();
        }
    }

    private static string Diagnose(string text) =>
        DiagnosticRenderer.RenderAll(FnnCompiler.Check([FnnParser.Parse(new SourceText("net.fnn", text.ReplaceLineEndings("\n")))], "Nets")).TrimEnd();

    /// <summary>The statements of a lambda, without its braces and indentation.</summary>
    private static string Body(string lambda)
    {
        var lines = lambda.ReplaceLineEndings("\n").Split('\n').Skip(2).SkipLast(1).ToArray();
        var indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join("\n", lines.Select(line => line.Length > indent ? line[indent..] : line.Trim()));
    }

    private static string Indented(string text) => Lines().Replace(text.ReplaceLineEndings("\n"), "    $0");

    [GeneratedRegex("^.+$", RegexOptions.Multiline)]
    private static partial Regex Lines();
}
