namespace FeedbackNN.Runtime.Tests.Training;

/// <summary>While a run is under way, other threads are refused by name, and so is on its own thread what would change where it is; the run goes on as if nobody had asked.</summary>
public sealed class TrainingUseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    private static IDataSource<FitLinear.Sample> Data => DataSource.From(12, i => new FitLinear.Sample(new[] { MathF.Sin(i), MathF.Cos(3 * i) }, i % 3));

    private string FilePath => Path.Combine(_folder, "state.safetensors");

    [Fact]
    public void Another_thread_is_refused_during_a_run()
    {
        using var net = new Linear(seed: 1);
        using var trainer = new FitLinear(net, new Adam(0.01), seed: 2);
        trainer.Save(FilePath);
        using var other = new FitLinear(net, new Sgd(0.1));
        using var batch = NewBatch(out var miniBatch);
        (string Name, Action Use, string Owner)[] uses =
        [
            ("Run", () => trainer.Run(Data, 1, 4), "training Tests.FitLinear"),
            ("Run with a folder", () => trainer.Run(Data, 1, 4, new RunOptions(Path.Combine(_folder, "run"))), "training Tests.FitLinear"),
            ("Step", () => trainer.Step(miniBatch), "training Tests.FitLinear"),
            ("Evaluate", () => trainer.Evaluate(Data), "training Tests.FitLinear"),
            ("Evaluate a batch", () => trainer.Evaluate(miniBatch), "training Tests.FitLinear"),
            ("Profile", () => trainer.Profile(Data, 4), "training Tests.FitLinear"),
            ("Save", () => trainer.Save(FilePath), "training Tests.FitLinear"),
            ("Resume", () => trainer.Resume(FilePath), "training Tests.FitLinear"),
            ("Restart", () => trainer.Restart(), "training Tests.FitLinear"),
            ("Dispose", () => trainer.Dispose(), "training Tests.FitLinear"),
            ("another training of the network", () => other.Run(Data, 1, 4), "model Tests.Linear"),
            ("disposing of the network", () => net.Dispose(), "model Tests.Linear"),
        ];
        var asked = 0;
        trainer.Run(Data, 4, 4, new Progress(_ =>
        {
            if (asked == uses.Length) return;
            var (name, use, owner) = uses[asked++];
            var error = Assert.IsType<InvalidOperationException>(OnAnotherThread(use));
            if (!error.Message.StartsWith($"The {owner} is being used by another thread", StringComparison.Ordinal)) Assert.Fail($"{name}: {error.Message}");
        }));
        Assert.Equal(uses.Length, asked);
        AssertAsUndisturbed(net);
        // Over is over, for the training and for its network, and so is what was refused.
        Assert.Null(OnAnotherThread(() => trainer.Evaluate(Data)));
        Assert.Null(OnAnotherThread(() => other.Run(Data, 1, 4)));
        Assert.Null(OnAnotherThread(net.Dispose));
    }

    [Fact]
    public void A_run_bears_evaluations_and_saves_between_its_steps_and_refuses_what_would_change_where_it_is()
    {
        using var net = new Linear(seed: 1);
        using var trainer = new FitLinear(net, new Adam(0.01), seed: 2);
        trainer.Save(FilePath);
        using var batch = NewBatch(out var miniBatch);
        (string Name, Action Use)[] refused =
        [
            ("Run", () => trainer.Run(Data, 1, 4)),
            ("Run", () => trainer.Run(Data, 1, 4, new RunOptions(Path.Combine(_folder, "run")))),
            ("Step", () => trainer.Step(miniBatch)),
            ("Resume", () => trainer.Resume(FilePath)),
            ("Restart", () => trainer.Restart()),
        ];
        trainer.Run(Data, 4, 4, new Progress(_ =>
        {
            trainer.Evaluate(Data);
            trainer.Save(FilePath);
            foreach (var (name, use) in refused)
                Assert.StartsWith($"A run of Tests.FitLinear is under way, and '{name}' would change where it is.", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
        }));
        AssertAsUndisturbed(net);
        // Between runs all of it is allowed.
        foreach (var (_, use) in refused.Reverse()) use();
    }

    [Fact]
    public void A_run_that_is_refused_because_of_its_network_leaves_the_training_free()
    {
        using var net = new Linear(seed: 1);
        using var trainer = new FitLinear(net, new Sgd(0.1));
        using var other = new FitLinear(net, new Sgd(0.1));
        Exception? error = null;
        trainer.Run(Data, 1, 4, new Progress(_ => error = OnAnotherThread(() => other.Evaluate(Data))));
        Assert.IsType<InvalidOperationException>(error);
        other.Run(Data, 1, 4);
        Assert.Null(OnAnotherThread(() => other.Evaluate(Data)));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void AssertAsUndisturbed(Linear net)
    {
        using var straight = new Linear(seed: 1);
        using var trainer = new FitLinear(straight, new Adam(0.01), seed: 2);
        trainer.Run(Data, 4, 4);
        Assert.Equal(straight.Weight.Value.ToArray(), net.Weight.Value.ToArray());
        Assert.Equal(straight.Runs.Value.ToArray(), net.Runs.Value.ToArray());
    }

    private static Tensor<float, Batch, N2> NewBatch(out FitLinear.MiniBatch batch)
    {
        var x = new Tensor<float, Batch, N2>(4, 2);
        batch = new FitLinear.MiniBatch(x, new Tensor<float, Batch>(4));
        return x;
    }

    private static Exception? OnAnotherThread(Action use)
    {
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(use));
        thread.Start();
        thread.Join();
        return thrown;
    }

    private sealed class Progress(Action<TrainingProgress<FitLinear.Report>> report) : IProgress<TrainingProgress<FitLinear.Report>>
    {
        public void Report(TrainingProgress<FitLinear.Report> value) => report(value);
    }
}
