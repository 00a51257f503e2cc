using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace FeedbackNN.Parity;

/// <summary>
/// The library's recurrent layers beside TorchSharp's RNN, GRU and LSTM, which find our weights by their names in checkpoints; its other layers whose output comes
/// back in beside the same loops written in TorchSharp.
/// </summary>
public sealed class RecurrentTests
{
    private const int Rows = 6, Time = 12, Width = 10, Hidden = 20;

    // Float32 over all steps, in another order of sums.
    private const double Tolerance = 2e-5;

    private static readonly Draw Series = Draw.Floats(Rows, 7, 5), Patterns = Signs(3, 16), Probes = Signs(Rows, 16);

    private static readonly Case[] Table =
    [
        new("Recurrent.ElmanCell", [Draw.Floats(Rows, 5), Draw.Floats(Rows, 4)], x => tanh(Gates(x, x.A, x.B))),
        new("Recurrent.Jordan", [Series], Jordan) { Tolerance = Tolerance },
        new("Recurrent.EchoState", [Series], EchoState) { Tolerance = Tolerance, Arrange = Weaken("layer.reservoir", 0.2f) },
        new("Recurrent.HopfieldWeights", [Patterns], x => HopfieldWeights(x.A)),
        new("Recurrent.HopfieldStep", [Patterns, Probes], x => HopfieldStep(HopfieldWeights(x.A), x.B)),
        new("Recurrent.Hopfield", [Patterns, Probes], Hopfield),
        new("Recurrent.FeedbackNet", [Draw.Floats(Rows, 5)], FeedbackNet) { Tolerance = Tolerance },
        // The equilibrium is reached up to 1e-6, ours and that of its gradient.
        new("Recurrent.Deq", [Draw.Floats(Rows, 5)], Deq) { Tolerance = 1e-4, Arrange = Weaken("layer.mix.weight", 0.3f) },
        new("Recurrent.UniversalTransformer", [Draw.Floats(Rows, 5, 8)], UniversalTransformer) { Tolerance = 1e-4, Arrange = Weaken("layer.out.weight", 0.2f) },
    ];

    private static readonly string[] OfModules = [.. from name in new[] { "Elman", "Gru", "Lstm" } from kind in new[] { "", "Deep", "Both", "DeepBoth" } select $"Recurrent.{name}{kind}"];

    private static readonly string[] OfCells = ["Recurrent.GruCell", "Recurrent.LstmCell", "Recurrent.RecurrentStates", "Recurrent.LstmStates"];

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Model)];

    public static TheoryData<string> Modules() => [.. OfModules];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Results_and_gradients_agree(string name)
    {
        Libtorch.Require();
        Table.Single(row => row.Model == name).Check();
    }

    [SkippableTheory]
    [MemberData(nameof(Modules))]
    public void Layers_agree_with_the_modules_of_TorchSharp(string name)
    {
        Libtorch.Require();
        var layers = name.Contains("Deep", StringComparison.Ordinal) ? 2 : 1;
        var both = name.EndsWith("Both", StringComparison.Ordinal);
        Check(name, Module(name, Width, Hidden, layers, both), "layer.", [Draw.Floats(Rows, Time, Width)]);
    }

    [SkippableFact]
    public void Cells_agree_with_those_of_TorchSharp()
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        var gru = nn.GRUCell(5, 4);
        var lstm = nn.LSTMCell(5, 4);
        Check("Recurrent.GruCell", (gru, x => gru.forward(x[0], x[1])), "", [Draw.Floats(Rows, 5), Draw.Floats(Rows, 4)]);
        Check("Recurrent.LstmCell", (lstm, x => Both(lstm.forward(x[0], (x[1], x[2])))), "", [Draw.Floats(Rows, 5), Draw.Floats(Rows, 4), Draw.Floats(Rows, 4)]);
        static Tensor Both((Tensor H, Tensor C) states) => cat([states.H, states.C], -1);
    }

    [SkippableFact]
    public void States_agree_with_those_of_modules()
    {
        Libtorch.Require();
        Check("Recurrent.RecurrentStates", Module("Gru", 5, 4, 1, false), "", [Series]);
        Check("Recurrent.LstmStates", Module("Lstm", 5, 4, 1, false), "", [Series]);
    }

    [Fact]
    public void Every_model_is_compared() => Assert.Equal(OurModel.Names("Recurrent").Order(StringComparer.Ordinal), Table.Select(row => row.Model).Concat(OfModules).Concat(OfCells).Order(StringComparer.Ordinal));

    // ---- Modules ------------------------------------------------------------------------------------------------

    private static (nn.Module, Func<Tensor[], Tensor>) Module(string name, int width, int hidden, int layers, bool both)
    {
        if (name.Contains("Elman", StringComparison.Ordinal))
        {
            var rnn = nn.RNN(width, hidden, layers, batchFirst: true, bidirectional: both);
            return (rnn, x => rnn.forward(x[0], null).Item1);
        }
        if (name.Contains("Gru", StringComparison.Ordinal))
        {
            var gru = nn.GRU(width, hidden, layers, batchFirst: true, bidirectional: both);
            return (gru, x => gru.forward(x[0]).Item1);
        }
        var lstm = nn.LSTM(width, hidden, layers, batchFirst: true, bidirectional: both);
        return (lstm, x => lstm.forward(x[0]).Item1);
    }

    /// <summary>The module gets our weights by name; compared are results and all gradients.</summary>
    private static void Check(string name, (nn.Module Module, Func<Tensor[], Tensor> Compute) theirs, string prefix, Draw[] draws)
    {
        using var scope = NewDisposeScope();
        using var module = theirs.Module;
        var random = new Random(8);
        var inputs = draws.Select(draw => draw.From(random)).ToArray();
        using var ours = new OurModel(name, seed: 2);
        var others = module.named_parameters().ToDictionary(parameter => prefix + parameter.name, parameter => parameter.parameter);
        // The same parameters in the same order.
        Assert.Equal(others.Keys, ours.Model.AllParameters.Select(parameter => parameter.CheckpointName));
        using (no_grad())
        {
            foreach (var parameter in ours.Model.AllParameters) others[parameter.CheckpointName].copy_(tensor(parameter.Value.ToArray(), others[parameter.CheckpointName].shape));
        }
        var copies = inputs.Select(input => input.ToTorch().requires_grad_()).ToArray();
        var expected = theirs.Compute(copies);
        Agreement.CheckElements(ours.Forward(inputs), expected, Tolerance, $"{name}, result");
        Agreement.CheckElements(ours.ForwardTraining(inputs), expected, Tolerance, $"{name}, result in training");
        var seed = Enumerable.Range(0, (int)expected.numel()).Select(_ => (random.NextSingle() * 2) - 1).ToArray();
        var gradients = ours.Backward(seed);
        expected.backward([tensor(seed, expected.shape)]);
        for (var k = 0; k < copies.Length; k++) Agreement.CheckElements(gradients[k], copies[k].grad!, Tolerance, $"{name}, gradient of input {k}");
        foreach (var parameter in ours.Model.AllParameters) Agreement.CheckElements(parameter.Gradient.ToArray(), others[parameter.CheckpointName].grad!, Tolerance, $"{name}, gradient of {parameter.CheckpointName}");
    }

    // ---- The same in TorchSharp ---------------------------------------------------------------------------------

    private static Tensor Gates(Theirs x, Tensor input, Tensor state) => linear(input, x.Parameters["weight_ih"], x.Parameters["bias_ih"]) + linear(state, x.Parameters["weight_hh"], x.Parameters["bias_hh"]);

    private static Tensor Linear(Theirs x, string name, Tensor value) => linear(value, x.Parameters[$"layer.{name}.weight"], x.Parameters.GetValueOrDefault($"layer.{name}.bias"));

    private static Tensor Norm(Theirs x, string name, Tensor value) => layer_norm(value, [value.shape[^1]], x.Parameters[$"layer.{name}.weight"], x.Parameters[$"layer.{name}.bias"]);

    private static Tensor Jordan(Theirs x)
    {
        var y = zeros(Rows, 3);
        var answers = new List<Tensor>();
        for (var t = 0; t < x.A.shape[1]; t++) answers.Add(y = Linear(x, "output", tanh(Linear(x, "input", x.A.select(1, t)) + Linear(x, "back", y))));
        return stack(answers, 1);
    }

    private static Tensor EchoState(Theirs x)
    {
        var h = zeros(Rows, 8);
        var states = new List<Tensor>();
        for (var t = 0; t < x.A.shape[1]; t++) states.Add(h = (0.4f * h) + (0.6f * tanh(linear(x.A.select(1, t), x.Buffers["layer.input"]) + linear(h, x.Buffers["layer.reservoir"]))));
        return stack(states, 1);
    }

    private static Tensor HopfieldWeights(Tensor patterns) => patterns.t().mm(patterns) / patterns.shape[1] * (1 - eye(patterns.shape[1]));

    private static Tensor HopfieldStep(Tensor weights, Tensor state)
    {
        var field = state.mm(weights.t());
        return where(field == 0, state, field.sign());
    }

    private static Tensor Hopfield(Theirs x)
    {
        var weights = HopfieldWeights(x.A);
        var state = x.B * 1;
        var active = ones([Rows, 1], @bool);
        for (var round = 0; round < 100; round++)
        {
            var next = where(active, HopfieldStep(weights, state), state);
            active = active.logical_and((next != state).any(-1, keepdim: true));
            state = next;
        }
        return state;
    }

    private static Tensor FeedbackNet(Theirs x)
    {
        var (y, h) = (zeros(Rows, 3), zeros(Rows, 8));
        var answers = new List<Tensor>();
        for (var round = 0; round < 4; round++)
        {
            h = tanh(Linear(x, "encode", x.A) + Linear(x, "mix", h) + Linear(x, "back", softmax(y, -1)));
            answers.Add(y = Linear(x, "answer", h));
        }
        return stack(answers, 1);
    }

    private static Tensor Deq(Theirs x)
    {
        var u = Linear(x, "inject", x.A);
        var z = zeros(Rows, 8);
        for (var round = 0; round < 100; round++) z = Norm(x, "norm", tanh(Linear(x, "mix", z) + u));
        return z;
    }

    private static Tensor UniversalTransformer(Theirs x)
    {
        const int most = 4, heads = 2;
        var (seq, d) = (x.A.shape[1], x.A.shape[2]);
        var e = arange(d, float32);
        var odd = e.fmod(2);
        Tensor Waves(Tensor place) => sin((place * pow(10000, (odd - e) / d)) + (odd * (float)(Math.PI / 2)));
        Tensor Heads(Tensor value) => value.reshape(Rows, seq, heads, d / heads).transpose(1, 2);
        var (y, active) = (x.A * 1, ones([Rows, seq], @bool));
        var (mean, sum, cost) = (zeros_like(y), zeros(Rows, seq), zeros(Rows, seq));
        for (var round = 0; round < most; round++)
        {
            var h = y + Waves(arange(seq, float32).reshape(seq, 1)) + Waves(tensor((float)round));
            var z = Norm(x, "ln_1", h);
            var scores = Heads(Linear(x, "query", z)).matmul(Heads(Linear(x, "key", z)).transpose(2, 3)) / MathF.Sqrt(d / heads);
            var mixed = softmax(scores, -1).matmul(Heads(Linear(x, "value", z))).transpose(1, 2).reshape(Rows, seq, d);
            var attended = h + Linear(x, "project", mixed);
            var next = attended + Linear(x, "out", relu(Linear(x, "fc", Norm(x, "ln_2", attended))));
            y = where(active.unsqueeze(-1), next, y);
            var p = torch.sigmoid(Linear(x, "halting", y).squeeze(-1));
            var isLast = round == most - 1 ? ones_like(active) : sum + p >= 0.99f;
            var weight = where(active, where(isLast, 1 - sum, p), zeros_like(p));
            mean = mean + (weight.unsqueeze(-1) * y);
            cost = cost + where(active, 1 + where(isLast, 1 - sum, zeros_like(p)), zeros_like(p));
            sum = sum + where(active, p, zeros_like(p));
            active = active.logical_and(isLast.logical_not());
        }
        return cat([mean, cost.unsqueeze(-1)], -1);
    }

    private static Draw Signs(params int[] shape) => new(shape, (random, count) => Enumerable.Range(0, count).Select(_ => (random.Next(2) * 2f) - 1).ToArray());

    private static Action<Model> Weaken(string path, float factor) => model =>
    {
        foreach (ref var value in model.AllParameters.Concat<StorageTensor>(model.AllBuffers).Single(storage => storage.Path == path).Value) value *= factor;
    };
}
