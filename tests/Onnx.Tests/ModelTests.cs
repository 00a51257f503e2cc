using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Onnx.Tests;

/// <summary>Models of every family, exported: ONNX Runtime gives the same numbers to 1e-4, whatever the sizes of run-time axes.</summary>
public sealed class ModelTests
{
    private const string Source = """
        model SimpleNN(x: f32[batch, 784]) -> f32[batch, 10] {
            fc1 = linear(128)
            fc2 = linear(10)
            return x |> fc1 |> relu |> fc2
        }

        model Gru(x: f32[batch, time, 5]) -> f32[batch, 3] {
            rnn = gru(8, layers: 2, bidirectional: true); out = linear(3)
            return out(rnn(x)[:, -1, :])
        }

        model Gpt(tokens: i32[batch, time]) -> f32[batch, time, 30] where time <= 16 {
            wte = embedding(30, 24); norm = layer_norm(); head = linear(30, bias: false)
            param wpe: f32[16, 24] = normal(0, 0.5)
            x = wte(tokens) + wpe[:time]
            repeat 2 as block { x = transformer_block(heads: 4, hidden: 48, causal: true)(x) }
            return head(norm(x))
        }

        model Bert(tokens: i32[batch, time], segments: i32[batch, time]) -> (words: f32[batch, time, 30], class: f32[batch, 2]) where time <= 16 {
            word = embedding(30, 24); segment = embedding(2, 24); norm = layer_norm(); pooler = linear(24); classifier = linear(2); head = linear(30)
            param position: f32[16, 24] = normal(0, 0.5)
            x = norm(word(tokens) + segment(segments) + position[:time])
            repeat 2 as block { x = transformer_block(heads: 4, hidden: 48)(x) }
            return (head(x), classifier(tanh(pooler(x[:, 0, :]))))
        }

        model Cnn(x: f32[batch, 1, 12, 12]) -> f32[batch, 10] {
            conv1 = conv2d(4, 3, padding: 1); conv2 = conv2d(8, 3); norm = batch_norm(); fc = linear(10)
            h = max_pool(relu(norm(conv1(x))), 2) |> conv2 |> relu
            return fc(h as [batch, 128])
        }

        model Settle(x: f32[batch, 3]) -> (y: f32[batch, 3], rounds: i32[batch]) {
            feedback (a: f32[batch, 3] = x) until max(abs(a), -1) < 0.2, at_most 9 as n { a <- a * 0.6 }
            return (a, n)
        }

        model Rest(x: f32[batch, 4]) -> f32[batch, 4] {
            inject = linear(4); mix = linear(4, bias: false)
            u = inject(x)
            feedback (z: f32[batch, 4] = 0) to fixed_point(tol: 1e-6, at_most: 60, solver: anderson(3), gradient: (1e-5, 50)) else fail { z <- tanh(0.3 * mix(z) + u) }
            return z
        }

        model Grouped(x: f32[batch, time, 16]) -> f32[batch, time, 16] {
            a = attention(heads: 4, groups: 2, causal: true)
            return a(x)
        }
        """;

    public static TheoryData<string> Names() => new("SimpleNN", "Gru", "Gpt", "Bert", "Cnn", "Settle", "Rest", "Grouped");

    [Theory]
    [MemberData(nameof(Names))]
    public void OnnxRuntimeGivesTheSame(string name)
    {
        using var exported = ExportedModel.Of(Source, name, (random, node) => node.Type.Element.IsFloat() ? random.NextDouble() - 0.5 : random.Next(0, name == "Bert" ? 2 : 30));
        foreach (var (batch, time) in new[] { (1, 1), (3, 7), (2, 16) }) exported.Check(new Dictionary<string, long> { ["batch"] = batch, ["time"] = time }, seed: batch);
    }
}
