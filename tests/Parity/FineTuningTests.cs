using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>Updates of low rank and learning rates of parts beside the same written with TorchSharp: losses, and the weights after each of ten steps.</summary>
public sealed class FineTuningTests
{
    private const int Steps = 10, Rows = 24;

    [SkippableFact]
    public void Updates_of_low_rank_agree()
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        using var ours = new OurModel("FineTuning.Small", seed: 5);
        var batch = Batch();
        using var trainer = new OurTrainer("FineTuning.LowRank", ours.Model, batch);
        var adapters = trainer.Adapters!;
        var (x, target) = (batch[0].ToTorch(), batch[1].ToTorch());
        var all = ours.Model.AllParameters.ToDictionary(parameter => parameter.Path, parameter => Theirs(parameter, isTrained: parameter.Path.StartsWith("fc2", StringComparison.Ordinal)));
        var (b, a) = (Theirs(adapters.AllParameters[0], isTrained: true), Theirs(adapters.AllParameters[1], isTrained: true));
        var optimizer = optim.AdamW([b, a, all["fc2.weight"], all["fc2.bias"]], 0.02, 0.9, 0.999, 1e-8, 0.1);
        for (var step = 0; step < Steps; step++)
        {
            optimizer.zero_grad();
            var hidden = (nn.functional.linear(x, all["fc1.weight"], all["fc1.bias"]) + (1.5 * nn.functional.linear(nn.functional.linear(x, a), b))).tanh();
            var loss = nn.functional.mse_loss(nn.functional.linear(hidden, all["fc2.weight"], all["fc2.bias"]), target);
            loss.backward();
            optimizer.step();
            Assert.Equal(loss.item<float>(), trainer.Step(), 1e-5);
            Agreement.Check(adapters.AllParameters[0].Value, b, 1e-5, $"B after step {step + 1}");
            Agreement.Check(adapters.AllParameters[1].Value, a, 1e-5, $"A after step {step + 1}");
            foreach (var parameter in ours.Model.AllParameters) Agreement.Check(parameter.Value, all[parameter.Path], 1e-5, $"{parameter.Path} after step {step + 1}");
        }
    }

    [SkippableFact]
    public void Rates_of_parts_agree()
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        using var ours = new OurModel("FineTuning.Small", seed: 5);
        var batch = Batch();
        using var trainer = new OurTrainer("FineTuning.Rates", ours.Model, batch);
        var (x, target) = (batch[0].ToTorch(), batch[1].ToTorch());
        var all = ours.Model.AllParameters.ToDictionary(parameter => parameter.Path, parameter => Theirs(parameter, isTrained: true));
        // AdamW knows nothing of other parameters, so two are one with two groups.
        optim.Optimizer[] optimizers =
        [
            optim.AdamW([all["fc1.weight"], all["fc1.bias"]], 0.005, 0.9, 0.999, 1e-8, 0.1),
            optim.AdamW([all["fc2.weight"], all["fc2.bias"]], 0.02, 0.9, 0.999, 1e-8, 0.1),
        ];
        for (var step = 0; step < Steps; step++)
        {
            foreach (var optimizer in optimizers) optimizer.zero_grad();
            var hidden = nn.functional.linear(x, all["fc1.weight"], all["fc1.bias"]).tanh();
            nn.functional.mse_loss(nn.functional.linear(hidden, all["fc2.weight"], all["fc2.bias"]), target).backward();
            foreach (var optimizer in optimizers) optimizer.step();
            trainer.Step();
            foreach (var parameter in ours.Model.AllParameters) Agreement.Check(parameter.Value, all[parameter.Path], 1e-5, $"{parameter.Path} after step {step + 1}");
        }
    }

    private static Input[] Batch()
    {
        var random = new Random(17);
        return [Draw.Floats(Rows, 12).From(random), Draw.Floats(Rows, 3).From(random)];
    }

    private static TorchSharp.Modules.Parameter Theirs(ParameterTensor parameter, bool isTrained) =>
        new(tensor(parameter.Value.ToArray(), parameter.Shape.ToArray().Select(size => (long)size).ToArray()), isTrained);
}
