using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>
/// Whole networks beside TorchSharp's, from the same weights on the same batches: the logits in training and in use, the loss of every step, the first gradient,
/// and parameters and running statistics after ten steps. A parameter w may have moved away from the other's by 1e-5 of its norm.
/// </summary>
public sealed class NetTests
{
    private const int Steps = 10, Rows = 24, Length = 7, Classes = 10;

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var net in new[] { "SimpleNN", "DeepNorm", "WordNet", "BatchNormNet", "DropoutNet", "ConvNet" })
            foreach (var optimizer in new[] { "Sgd", "Momentum", "Nesterov", "Adam", "AdamW" }) cases.Add(net, optimizer);
        return cases;
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void Ten_steps_agree(string netName, string optimizerName)
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        var random = new Random(11);
        var input = InputOf(netName, random);
        var labels = new Input(Enumerable.Range(0, Rows).Select(_ => random.Next(Classes)).ToArray(), [Rows]);

        using var ours = new OurModel(netName, seed: 3);
        using var trainer = new OurTrainer(netName + optimizerName, ours.Model, [input, labels]);
        using var theirs = TheirNet(netName);
        CopyTo(theirs, ours.Model);
        var optimizer = TheirOptimizer(optimizerName, theirs.parameters());
        var (x, target) = (TheirInput(input), labels.ToTorch().to(int64));
        CheckLogits(ours, input, theirs, x, training: true);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            var loss = nn.functional.cross_entropy(theirs.call(x), target);
            loss.backward();
            var ourLoss = trainer.Step();
            Assert.True(Math.Abs(ourLoss - loss.item<float>()) <= 1e-5 * Math.Abs(ourLoss), $"step {step}: loss {ourLoss} against {loss.item<float>()}");
            if (step == 0)
            {
                foreach (var (parameter, other) in ours.Model.AllParameters.Zip(theirs.parameters()))
                    Agreement.Check(parameter.Gradient, other.grad!, 1e-5, $"gradient of {parameter.Path}");
            }
            optimizer.step();
        }

        foreach (var (parameter, other) in ours.Model.AllParameters.Zip(theirs.parameters())) Agreement.Check(parameter.Value, other, 1e-5, parameter.Path);
        CheckBuffers(ours.Model, theirs);
        // The weights have moved apart by up to 1e-5, and through several layers.
        CheckLogits(ours, input, theirs, x, training: false, tolerance: 5e-5);
        Assert.Equal(nn.functional.cross_entropy(theirs.call(x), target).item<float>(), trainer.Evaluate(), 4);
    }

    /// <summary>Every number of the logits, in training and in use, with the weights of the first moment.</summary>
    [SkippableTheory]
    [InlineData("SimpleNN")]
    [InlineData("DeepNorm")]
    [InlineData("WordNet")]
    [InlineData("BatchNormNet")]
    [InlineData("DropoutNet")]
    [InlineData("DropoutNetInUse")]
    [InlineData("ConvNet")]
    public void Logits_agree(string netName)
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        var input = InputOf(netName, new Random(12));
        using var ours = new OurModel(netName, seed: 4);
        using var theirs = TheirNet(netName);
        CopyTo(theirs, ours.Model);
        if (netName != "DropoutNetInUse") CheckLogits(ours, input, theirs, TheirInput(input), training: true);
        CheckBuffers(ours.Model, theirs);
        CheckLogits(ours, input, theirs, TheirInput(input), training: false);
    }

    private static void CheckLogits(OurModel ours, Input input, nn.Module<Tensor, Tensor> theirs, Tensor x, bool training, double tolerance = 1e-5)
    {
        using var frozen = no_grad();
        theirs.train(training);
        Agreement.CheckElements(training ? ours.ForwardTraining([input]) : ours.Forward([input]), theirs.call(x), tolerance, training ? "logits in training" : "logits in use");
    }

    private static void CheckBuffers(Model ours, nn.Module theirs)
    {
        var buffers = theirs.named_buffers().Where(buffer => buffer.name.Contains("running", StringComparison.Ordinal)).ToArray();
        Assert.Equal(ours.AllBuffers.Count, buffers.Length);
        foreach (var (buffer, other) in ours.AllBuffers.Zip(buffers)) Agreement.Check(buffer.Value, other.buffer, 1e-5, buffer.Path);
    }

    private static Input InputOf(string netName, Random random) => netName switch
    {
        "WordNet" => Draw.Integers(0, 200, Rows, Length).From(random),
        "SimpleNN" => Draw.Between(-1, 1, Rows, 784).From(random),
        _ => Draw.Between(-1, 1, Rows, 20).From(random),
    };

    private static Tensor TheirInput(Input input) => input.IsFloat ? input.ToTorch() : input.ToTorch().to(int64);

    private static nn.Module<Tensor, Tensor> TheirNet(string name) => name switch
    {
        "SimpleNN" => nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, Classes)),
        "DeepNorm" => nn.Sequential(nn.Linear(20, 48), nn.LayerNorm(48), nn.GELU(), nn.Linear(48, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, Classes)),
        "DropoutNet" or "DropoutNetInUse" => nn.Sequential(
            nn.Linear(20, 48), nn.LayerNorm(48), nn.ReLU(), nn.Dropout(name == "DropoutNet" ? 0 : 0.3),
            nn.Linear(48, 32), nn.LayerNorm(32), nn.ReLU(), nn.Dropout(name == "DropoutNet" ? 0 : 0.3), nn.Linear(32, Classes)),
        "WordNet" => new MeanOfWords(),
        "ConvNet" => nn.Sequential(
            nn.Unflatten(1, [1, 4, 5]), nn.Conv2d(1, 6, 3, padding: 1), nn.Tanh(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding: 1), nn.Tanh(), nn.Flatten(), nn.Linear(32, Classes)),
        "BatchNormNet" => nn.Sequential(nn.Linear(20, 32, hasBias: false), nn.BatchNorm1d(32), nn.Tanh(), nn.Linear(32, Classes)),
        _ => throw new ArgumentException(name),
    };

    // Everything that has a default is given: TorchSharp's AdamW has no weight decay by default, PyTorch's has.
    private static optim.Optimizer TheirOptimizer(string name, IEnumerable<TorchSharp.Modules.Parameter> parameters) => name switch
    {
        "Sgd" => optim.SGD(parameters, 0.1),
        "Momentum" => optim.SGD(parameters, 0.05, momentum: 0.9, dampening: 0.1),
        "Nesterov" => optim.SGD(parameters, 0.05, momentum: 0.9, weight_decay: 0.01, nesterov: true),
        "Adam" => optim.Adam(parameters, 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.02),
        "AdamW" => optim.AdamW(parameters, 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.1),
        _ => throw new ArgumentException(name),
    };

    private static void CopyTo(nn.Module theirs, Model ours)
    {
        using var frozen = no_grad();
        var others = theirs.parameters().ToArray();
        Assert.Equal(ours.AllParameters.Count, others.Length);
        foreach (var (parameter, other) in ours.AllParameters.Zip(others)) other.copy_(tensor(parameter.Value.ToArray(), other.shape));
    }

    private sealed class MeanOfWords : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Embedding _embed = nn.Embedding(200, 16);
        private readonly TorchSharp.Modules.Linear _head = nn.Linear(16, Classes);

        public MeanOfWords() : base("words") => RegisterComponents();

        public override Tensor forward(Tensor index) => _head.call(_embed.call(index).mean([1]));
    }
}
