namespace FeedbackNN.Runtime.Tests.Training;

/// <summary>Two threads in one training are told; what a run calls on its own thread may use the training.</summary>
public sealed class ExclusiveTrainingTests
{
    private static readonly float[][] Inputs = [.. Enumerable.Range(0, 12).Select(i => new[] { MathF.Sin(i), MathF.Cos(3 * i) })];

    private static IDataSource<FitLinear.Sample> Data(Action? visit = null) => DataSource.From(Inputs.Length, i =>
    {
        visit?.Invoke();
        return new FitLinear.Sample(Inputs[i], i % 3);
    });

    [Fact]
    public void A_call_while_another_threads_is_under_way_is_refused_by_name_and_the_run_goes_on_to_its_bits()
    {
        var expected = Trainer();
        expected.Run(Data(), 2, 4);
        var trainer = Trainer();
        var uses = DisposedTests.UsesOfTrainer.Concat([("Restart", one => one.Restart()), ("Dispose", one => one.Dispose())]).ToArray();
        var refused = 0;
        trainer.Run(Data(Interfere), 2, 4);
        Assert.Equal(uses.Length, refused);
        Assert.Equal(Weights(expected), Weights(trainer));
        // Over is over.
        Assert.Null(OtherThread.Run(() => trainer.Evaluate(Data())));

        void Interfere()
        {
            if (refused > 0) return;
            foreach (var (name, use) in uses)
            {
                var error = OtherThread.Run(() => use(trainer));
                Assert.True(error is InvalidOperationException && error.Message.Contains("The training Tests.FitLinear is being used by another thread", StringComparison.Ordinal), $"{name}: {error}");
                refused++;
            }
        }
    }

    [Fact]
    public void Networks_are_the_runs_for_as_long_as_it_takes()
    {
        var expected = Trainer();
        expected.Run(Data(), 2, 4);
        var trainer = Trainer();
        using var other = new FitLinear(trainer.Net, new Sgd(0.1));
        using var copy = new Linear(seed: 1);
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        (string Name, Action Use)[] uses =
        [
            ("another training", () => other.Run(Data(), 1, 4)),
            ("Initialize", () => trainer.Net.Initialize(1)),
            ("CopyFrom, written", () => trainer.Net.CopyFrom(copy)),
            ("CopyFrom, read", () => copy.CopyFrom(trainer.Net)),
            ("Save", () => trainer.Net.Save(path)),
            ("Load", () => trainer.Net.Load(path)),
            ("Dispose", trainer.Net.Dispose),
        ];
        var asked = 0;
        trainer.Run(Data(), 4, 4, new Told(() =>
        {
            if (asked == uses.Length) return;
            var (name, use) = uses[asked++];
            var error = OtherThread.Run(use);
            Assert.True(error is InvalidOperationException && error.Message.StartsWith("The model Tests.Linear is being used by another thread", StringComparison.Ordinal), $"{name}: {error}");
        }));
        Assert.Equal(uses.Length, asked);
        Assert.False(File.Exists(path));
        expected.Run(Data(), 2, 4);
        Assert.Equal(Weights(expected), Weights(trainer));
        // Over is over, and so is what was refused.
        Assert.Null(OtherThread.Run(() => copy.CopyFrom(trainer.Net)));
        Assert.Null(OtherThread.Run(() => other.Run(Data(), 1, 4)));
        Assert.Null(OtherThread.Run(trainer.Net.Dispose));
    }

    [Fact]
    public void What_would_change_where_a_run_is_is_refused_between_its_steps()
    {
        var expected = Trainer();
        expected.Run(Data(), 2, 4);
        using var trainer = Trainer();
        var folder = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        using var x = new Tensor<float, Batch, N2>(4, 2);
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        trainer.Save(path);
        (string Name, Action Use)[] refused =
        [
            ("Run", () => trainer.Run(Data(), 1, 4)),
            ("Run", () => trainer.Run(Data(), 1, 4, new RunOptions(folder))),
            ("Step", () => trainer.Step(new FitLinear.MiniBatch(x, new Tensor<float, Batch>(4)))),
            ("Resume", () => trainer.Resume(path)),
            ("Restart", trainer.Restart),
        ];
        try
        {
            trainer.Run(Data(), 2, 4, new Told(() =>
            {
                foreach (var (name, use) in refused)
                    Assert.StartsWith($"A run of Tests.FitLinear is under way, and '{name}' would change where it is.", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
            }));
            Assert.Equal(Weights(expected), Weights(trainer));
            // Between runs all of it is allowed.
            foreach (var (_, use) in refused.Reverse()) use();
        }
        finally
        {
            File.Delete(path);
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_call_that_failed_is_over()
    {
        var trainer = Trainer();
        Assert.Throws<TimeoutException>(() => trainer.Run(Data(() => throw new TimeoutException()), 1, 4));
        Assert.Null(OtherThread.Run(() => trainer.Run(Data(), 1, 4)));
        trainer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.Evaluate(Data()));
        Assert.IsType<ObjectDisposedException>(OtherThread.Run(() => trainer.Evaluate(Data())));
    }

    [Fact]
    public void What_is_told_of_progress_and_what_a_schedule_asks_on_the_same_thread_is_part_of_the_run()
    {
        var expected = Trainer();
        expected.Run(Data(), 2, 4);
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        FitLinear? trainer = null;
        var asked = 0;
        trainer = new FitLinear(new Linear(seed: 5), new Adam(Schedule.From(_ =>
        {
            asked++;
            return 0.05 + (0 * trainer!.ArenaBytes(new(new Tensor<float, Batch, N2>(4, 2), new Tensor<float, Batch>(4))));
        })), seed: 6);
        var losses = new List<double>();
        try
        {
            trainer.Run(Data(), 2, 4, new Told(() =>
            {
                losses.Add(trainer.Evaluate(Data()).Loss);
                trainer.Save(path);
            }));
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Equal((6, 6), (losses.Count, asked));
        Assert.Equal(Weights(expected), Weights(trainer));
    }

    private static FitLinear Trainer() => new(new Linear(seed: 5), new Adam(0.05), seed: 6);

    private static float[] Weights(FitLinear trainer) => [.. trainer.Net.AllParameters.SelectMany(parameter => parameter.Value.ToArray())];

    private sealed class Told(Action then) : IProgress<TrainingProgress<FitLinear.Report>>
    {
        public void Report(TrainingProgress<FitLinear.Report> value) => then();
    }
}
