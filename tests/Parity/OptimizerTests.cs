using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>Every setting of every optimizer, with schedules and clipping of gradients, beside TorchSharp's: the weights after each of ten steps.</summary>
public sealed class OptimizerTests
{
    private const int Steps = 10, Rows = 24;

    // Everything that has a default is given: TorchSharp's AdamW has no weight decay by default, PyTorch's and ours have.
    private static readonly Row[] Table =
    [
        new("SgdPlain", Sgd(0.1)),
        new("SgdMomentum", Sgd(0.05, momentum: 0.9)),
        new("SgdDampening", Sgd(0.05, momentum: 0.9, dampening: 0.3)),
        new("SgdNesterov", Sgd(0.05, momentum: 0.8, nesterov: true)),
        new("SgdDecay", Sgd(0.1, decay: 0.05)),
        new("SgdEverything", Sgd(0.05, momentum: 0.9, dampening: 0.2, decay: 0.05)),
        new("AdamDefaults", Adam(1e-3)),
        new("AdamRate", Adam(0.01)),
        new("AdamBetas", Adam(0.01, 0.5, 0.9)),
        new("AdamEpsilon", Adam(0.01, eps: 1e-3)),
        new("AdamDecay", Adam(0.01, decay: 0.1)),
        new("AdamWDefaults", AdamW(1e-3)),
        new("AdamWRate", AdamW(0.01)),
        new("AdamWBetas", AdamW(0.01, 0.5, 0.9)),
        new("AdamWEpsilon", AdamW(0.01, eps: 1e-3)),
        new("AdamWDecay", AdamW(0.01, decay: 0.3)),
        new("AdamWNoDecay", AdamW(0.01, decay: 0)),
        // Two groups of parameters, of which biases do not decay.
        new("AdamWMatrices", parameters => optim.AdamW(Groups(parameters, group => new TorchSharp.Modules.AdamW.ParamGroup(group, new TorchSharp.Modules.AdamW.Options { LearningRate = 0.01, weight_decay = Decay(group) })))),
        new("AdamMatricesClipped", parameters => optim.Adam(Groups(parameters, group => new TorchSharp.Modules.Adam.ParamGroup(group, new TorchSharp.Modules.Adam.Options { LearningRate = 0.01, weight_decay = Decay(group) }))))
        {
            Clip = parameters => nn.utils.clip_grad_norm_(parameters, 0.2),
        },
        new("SgdMatrices", parameters => optim.SGD(Groups(parameters, group => new TorchSharp.Modules.SGD.ParamGroup(group, new TorchSharp.Modules.SGD.Options { LearningRate = 0.05, momentum = 0.9, weight_decay = Decay(group) })), 0.05)),
        // Where TorchSharp's schedule is another one after its end, ours is at its end: ScheduleTests.
        new("SgdCosine", Sgd(0.1, momentum: 0.9)) { Rate = step => 0.05 * (1 + Math.Cos(Math.PI * Math.Min(1, step / 8.0))) },
        new("SgdLinear", Sgd(0.1)) { Schedule = optimizer => optim.lr_scheduler.LinearLR(optimizer, 1, 0.2, 8) },
        new("SgdStep", Sgd(0.1)) { Schedule = optimizer => optim.lr_scheduler.StepLR(optimizer, 3, 0.5) },
        new("AdamCosine", Adam(0.02)) { Schedule = optimizer => optim.lr_scheduler.CosineAnnealingLR(optimizer, 12, 0.001) },
        new("AdamWWarmupCosine", AdamW(0.02, decay: 0.2)) { Rate = step => step < 3 ? 0.02 * (step + 1) / 3 : 0.01 * (1 + Math.Cos(Math.PI * Math.Min(1, (step - 3) / 6.0))) },
        new("AdamWConstant", AdamW(0.02, decay: 0.2)),
        new("SgdClipNorm", Sgd(0.1)) { Clip = parameters => nn.utils.clip_grad_norm_(parameters, 0.2) },
        new("SgdClipNormUnreached", Sgd(0.1)) { Clip = parameters => nn.utils.clip_grad_norm_(parameters, 100) },
        new("SgdClipValue", Sgd(0.1, momentum: 0.9)) { Clip = parameters => nn.utils.clip_grad_value_(parameters, 0.02) },
        new("AdamWClipNorm", AdamW(0.01)) { Clip = parameters => nn.utils.clip_grad_norm_(parameters, 0.2) },
        new("AdamClipValue", Adam(0.01)) { Clip = parameters => nn.utils.clip_grad_value_(parameters, 0.01) },
    ];

    public static TheoryData<string> Names() => [.. OurTrainer.Names("Optimizers")];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Weights_agree_after_each_step(string name)
    {
        Libtorch.Require();
        var row = Assert.Single(Table, row => row.Trainer == name);
        using var scope = NewDisposeScope();
        var random = new Random(17);
        Input[] batch = [Draw.Floats(Rows, 12).From(random), Draw.Floats(Rows, 3).From(random)];
        using var ours = new OurModel("Optimizers.Small", seed: 5);
        using var trainer = new OurTrainer("Optimizers." + name, ours.Model, batch);
        using var theirs = nn.Sequential(nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 3));
        using (no_grad())
        {
            foreach (var (parameter, other) in ours.Model.AllParameters.Zip(theirs.parameters())) other.copy_(tensor(parameter.Value.ToArray(), other.shape));
        }
        var (x, target) = (batch[0].ToTorch(), batch[1].ToTorch());
        var optimizer = row.Optimizer(theirs.parameters());
        var schedule = row.Schedule?.Invoke(optimizer);
        for (var step = 0; step < Steps; step++)
        {
            if (row.Rate is { } rate)
            {
                foreach (var group in optimizer.ParamGroups) group.LearningRate = rate(step);
            }
            optimizer.zero_grad();
            nn.functional.mse_loss(theirs.call(x), target).backward();
            row.Clip?.Invoke(theirs.parameters());
            optimizer.step();
            schedule?.step();
            trainer.Step();
            foreach (var (parameter, other) in ours.Model.AllParameters.Zip(theirs.parameters())) Agreement.Check(parameter.Value, other, 1e-5, $"{parameter.Path} after step {step + 1}");
        }
    }

    private static IEnumerable<T> Groups<T>(IEnumerable<TorchSharp.Modules.Parameter> parameters, Func<TorchSharp.Modules.Parameter[], T> group) =>
        parameters.GroupBy(parameter => parameter.Dimensions >= 2).Select(one => group([.. one]));

    private static double Decay(TorchSharp.Modules.Parameter[] group) => group[0].Dimensions >= 2 ? 0.3 : 0;

    private static Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> Sgd(double rate, double momentum = 0, double dampening = 0, double decay = 0, bool nesterov = false) =>
        parameters => optim.SGD(parameters, rate, momentum, dampening, decay, nesterov);

    private static Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> Adam(double rate, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double decay = 0) =>
        parameters => optim.Adam(parameters, rate, beta1, beta2, eps, decay);

    private static Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> AdamW(double rate, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double decay = 0.01) =>
        parameters => optim.AdamW(parameters, rate, beta1, beta2, eps, decay);

    /// <param name="Trainer">Of optimizers.fnn.</param>
    /// <param name="Optimizer">TorchSharp's with the same settings.</param>
    private sealed record Row(string Trainer, Func<IEnumerable<TorchSharp.Modules.Parameter>, optim.Optimizer> Optimizer)
    {
        /// <summary>TorchSharp's schedule, where it has the same.</summary>
        public Func<optim.Optimizer, optim.lr_scheduler.LRScheduler>? Schedule { get; init; }

        /// <summary>The rate of a step, from 0, where it does not.</summary>
        public Func<int, double>? Rate { get; init; }

        public Action<IEnumerable<TorchSharp.Modules.Parameter>>? Clip { get; init; }
    }
}
