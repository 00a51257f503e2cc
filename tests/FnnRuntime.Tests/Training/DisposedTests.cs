namespace FeedbackNN.Runtime.Tests.Training;

/// <summary>What has been disposed of says so, by name, and touches no memory.</summary>
public sealed class DisposedTests
{
    private static IDataSource<FitLinear.Sample> Data => DataSource.From(9, i => new FitLinear.Sample(new[] { MathF.Sin(i), MathF.Cos(3 * i) }, i % 3));

    private static FitLinear.MiniBatch Batch() => new(new Tensor<float, Batch, N2>(4, 2), new Tensor<float, Batch>(4));

    private static readonly string Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), Guid.NewGuid().ToString("N"));

    /// <summary>All that reads or writes a training's memory.</summary>
    internal static readonly (string Name, Action<FitLinear> Use)[] UsesOfTrainer =
    [
        ("Step", trainer => trainer.Step(Batch())),
        ("Run", trainer => trainer.Run(Data, 1, 4)),
        ("Run with a folder", trainer => trainer.Run(Data, 1, 4, new RunOptions(Path))),
        ("Evaluate a batch", trainer => trainer.Evaluate(Batch())),
        ("Evaluate", trainer => trainer.Evaluate(Data)),
        ("Profile a batch", trainer => trainer.Profile(Batch())),
        ("Profile", trainer => trainer.Profile(Data, 4)),
        ("ArenaBytes", trainer => trainer.ArenaBytes(Batch())),
        ("Freeze", trainer => trainer.Freeze("net.line.b")),
        ("Save", trainer => trainer.Save(Path)),
        ("Resume", trainer => trainer.Resume(Path)),
    ];

    private static readonly (string Name, Action<Linear> Use)[] UsesOfModel =
    [
        ("Initialize", net => net.Initialize(1)),
        ("CopyFrom", net => net.CopyFrom(new Linear())),
        ("being copied", net => new Linear().CopyFrom(net)),
        ("Save", net => net.Save(Path)),
        ("Load", net => net.Load(Path)),
        ("Transfer", net => net.Transfer(new Linear())),
        ("being transferred", net => new Linear().Transfer(net)),
        ("a parameter", net => _ = net.Weight.Value.Length),
        ("a gradient", net => _ = net.Weight.Gradient.Length),
        ("a buffer", net => _ = net.Runs.Value.Length),
        ("a training", net => _ = new FitLinear(net, new Sgd(0.1))),
    ];

    [Fact]
    public void A_training_that_is_disposed_of_refuses_by_name()
    {
        foreach (var (name, use) in UsesOfTrainer)
        {
            var trainer = new FitLinear(new Linear(seed: 1), new Sgd(0.1));
            trainer.Run(Data, 1, 4);
            trainer.Dispose();
            var error = Record.Exception(() => use(trainer));
            Assert.True(error is ObjectDisposedException { ObjectName: "Tests.FitLinear" } && error.Message.Contains("training", StringComparison.Ordinal), $"{name}: {error}");
            Assert.Equal((3, 3, 0UL), (trainer.StepCount, trainer.TrainedCount, trainer.Seed));
            trainer.Dispose();
        }
        Assert.False(System.IO.Path.Exists(Path));
    }

    [Fact]
    public void A_training_of_a_network_that_is_disposed_of_refuses_by_the_networks_name()
    {
        foreach (var (name, use) in UsesOfTrainer)
        {
            using var trainer = new FitLinear(new Linear(seed: 1), new Sgd(0.1));
            trainer.Net.Dispose();
            var error = Record.Exception(() => use(trainer));
            Assert.True(error is ObjectDisposedException { ObjectName: "Tests.Linear" }, $"{name}: {error}");
        }
        Assert.False(System.IO.Path.Exists(Path));
    }

    [Fact]
    public void A_model_that_is_disposed_of_refuses_by_name()
    {
        foreach (var (name, use) in UsesOfModel)
        {
            var net = new Linear(seed: 1);
            net.Dispose();
            net.Dispose();
            var error = Record.Exception(() => use(net));
            Assert.True(error is ObjectDisposedException { ObjectName: "Tests.Linear" }, $"{name}: {error}");
        }
    }

    [Fact]
    public void A_training_that_is_disposed_of_in_the_middle_of_a_run_makes_no_step_more()
    {
        var trainer = new FitLinear(new Linear(seed: 1), new Sgd(0.1));
        Assert.Throws<ObjectDisposedException>(() => trainer.Run(Data, 2, 4, new Told(trainer.Dispose)));
        Assert.Equal(1, trainer.StepCount);
    }

    private sealed class Told(Action told) : IProgress<TrainingProgress<FitLinear.Report>>
    {
        public void Report(TrainingProgress<FitLinear.Report> value) => told();
    }
}
