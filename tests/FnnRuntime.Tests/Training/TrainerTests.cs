namespace FeedbackNN.Runtime.Tests.Training;

public sealed class TrainerTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".safetensors");

    public void Dispose() => File.Delete(_path);

    private static IDataSource<FitLinear.Sample> Data(int count = 37) => DataSource.From(count, i =>
    {
        float a = MathF.Sin(i), b = MathF.Cos(3 * i);
        return new FitLinear.Sample(new[] { a, b }, 2 * a - 3 * b + 0.5f);
    });

    private static FitLinear.MiniBatch Whole(IDataSource<FitLinear.Sample> data)
    {
        var x = new Tensor<float, Batch, N2>(data.Count, 2);
        var y = new Tensor<float, Batch>(data.Count);
        for (var i = 0; i < data.Count; i++)
        {
            data[i].X.Span.CopyTo(x.Slice(i));
            y[i] = data[i].Y;
        }
        return new(x, y);
    }

    private static float[] Weights(Linear net) => [.. net.Weight.Value, .. net.Bias.Value];

    [Fact]
    public void Gradient_descent_finds_the_line()
    {
        var net = new Linear(seed: 3);
        var trainer = new FitLinear(net, new Sgd(0.5));
        var report = trainer.Run(Data(), epochs: 200, batchSize: 8);
        Assert.Equal(2, net.Weight[0], 1e-3);
        Assert.Equal(-3, net.Weight[1], 1e-3);
        Assert.Equal(0.5, net.Bias.Value[0], 1e-3);
        Assert.True(report.Loss < 1e-6);
        Assert.Equal(200 * 5, trainer.StepCount);
        Assert.Equal(200 * 5, net.Runs.Value[0]);
    }

    [Theory]
    [InlineData(0.9, 0.0, 0.0, false)]
    [InlineData(0.9, 0.5, 0.1, false)]
    [InlineData(0.9, 0.0, 0.1, true)]
    public void Sgd_takes_the_steps_of_its_formula(double momentum, double dampening, double decay, bool nesterov)
    {
        var net = new Linear(seed: 1);
        var trainer = new FitLinear(net, new Sgd(Schedule.Linear(0.1, total: 10)) { Momentum = momentum, Dampening = dampening, WeightDecay = decay, Nesterov = nesterov });
        var batch = Whole(Data(5));
        double w = net.Weight[0], v = 0;
        for (var step = 0; step < 4; step++)
        {
            var rate = 0.1 * (1 - step / 10.0);
            trainer.Step(batch);
            var g = net.Weight.Gradient[0] + decay * w;
            v = step == 0 ? g : momentum * v + (1 - dampening) * g;
            w -= rate * (nesterov ? g + momentum * v : v);
            Assert.Equal(w, net.Weight[0], 1e-5);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Adam_takes_the_steps_of_its_formula(bool decoupled)
    {
        var net = new Linear(seed: 1);
        const double decay = 0.1;
        Optimizer optimizer = decoupled ? new AdamW(0.05) { WeightDecay = decay } : new Adam(0.05) { WeightDecay = decay };
        var trainer = new FitLinear(net, optimizer);
        var batch = Whole(Data(5));
        double w = net.Weight[0], m = 0, s = 0;
        for (var step = 1; step <= 5; step++)
        {
            trainer.Step(batch);
            double g = net.Weight.Gradient[0];
            if (decoupled) w -= 0.05 * decay * w;
            else g += decay * w;
            m = 0.9 * m + 0.1 * g;
            s = 0.999 * s + 0.001 * g * g;
            w -= 0.05 * (m / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(s / (1 - Math.Pow(0.999, step))) + 1e-8);
            Assert.Equal(w, net.Weight[0], 1e-5);
        }
    }

    [Fact]
    public void Resuming_gives_the_bits_of_a_run_that_was_not_interrupted()
    {
        var straight = new Linear(seed: 5);
        var reports = new List<string>();
        var expected = new FitLinear(straight, new Adam(0.01), seed: 9).Run(Data(), 3, 8, new Progress(p => reports.Add($"{p.Epoch} {p.Batch} {p.Report} {p.EpochReport}")));

        for (var stopAt = 1; stopAt <= 14; stopAt++)
        {
            var first = new FitLinear(new Linear(seed: 5), new Adam(0.01), seed: 9);
            using var stop = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => first.Run(Data(), 3, 8, new Progress(p => { if (p.Step == stopAt) stop.Cancel(); }), stop.Token));
            first.Save(_path);

            var net = new Linear(seed: 77);
            var second = new FitLinear(net, new Adam(0.01), seed: 1);
            second.Resume(_path);
            Assert.True(second.IsInterrupted);
            var later = new List<string>();
            var report = second.Run(Data(), 3, 8, new Progress(p => later.Add($"{p.Epoch} {p.Batch} {p.Report} {p.EpochReport}")));
            Assert.Equal(expected, report);
            Assert.Equal(reports.Skip(stopAt), later);
            Assert.Equal(Weights(straight), Weights(net));
            Assert.Equal(15, net.Runs.Value[0]);
        }
    }

    [Fact]
    public void A_second_run_has_another_order_of_samples_and_a_cancelled_one_goes_on()
    {
        var trainer = new FitLinear(new Linear(), new Sgd(0));
        List<double> first = [], second = [];
        trainer.Run(Data(), 1, 8, new Progress(p => first.Add(p.Report.Loss)));
        trainer.Run(Data(), 1, 8, new Progress(p => second.Add(p.Report.Loss)));
        Assert.NotEqual(first, second);
        Assert.Equal(first.Take(4).Sum() * 8 + first[4] * 5, second.Take(4).Sum() * 8 + second[4] * 5, 1e-4);

        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => trainer.Run(Data(), 1, 8, new Progress(p => { if (p.Batch == 2) stop.Cancel(); }), stop.Token));
        Assert.Contains("37 samples in batches of 8", Assert.Throws<InvalidOperationException>(() => trainer.Run(Data(), 1, 4)).Message);
        var batches = 0;
        trainer.Run(Data(), 1, 8, new Progress(_ => batches++));
        Assert.Equal(3, batches);
        Assert.False(trainer.IsInterrupted);
    }

    [Fact]
    public void Progress_tells_epochs_and_the_short_last_batch()
    {
        var trainer = new FitLinear(new Linear(), new Sgd(0)) { Shuffle = false };
        var seen = new List<(int, int, int, int, bool, TimeSpan)>();
        var report = trainer.Run(Data(), 2, 16, new Progress(p => seen.Add((p.Epoch, p.Epochs, p.Batch, p.Batches, p.IsEndOfEpoch, p.Remaining))));
        Assert.Equal([(1, 2, 1), (1, 2, 2), (1, 2, 3), (2, 2, 1), (2, 2, 2), (2, 2, 3)], seen.Select(item => (item.Item1, item.Item2, item.Item3)));
        Assert.Equal([false, false, true, false, false, true], seen.Select(item => item.Item5));
        Assert.Equal(TimeSpan.Zero, seen[^1].Item6);
        // With weights that stay, an epoch's report is the evaluation, however the batches fall.
        var evaluation = trainer.Evaluate(Data(), 5);
        Assert.Equal(evaluation.Loss, report.Loss, 1e-6);
        Assert.Equal(evaluation.Worst, report.Worst, 1e-6);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_and_changes_nothing()
    {
        var net = new Linear(seed: 2);
        var trainer = new FitLinear(net, new Adam(0.1));
        var batch = Whole(Data(5));
        trainer.Step(batch);
        trainer.Save(_path);
        var before = File.ReadAllBytes(_path);
        batch.X.Span[3] = float.NaN;
        var error = Assert.Throws<TrainingDivergedException>(() => trainer.Step(batch));
        Assert.Equal((1, "line.fnn(3): y = x @ w + b"), (error.Step, error.SourceLine));
        Assert.Contains("Step 1: the loss 'loss' is NaN", error.Message);
        trainer.Save(_path);
        Assert.Equal(before, File.ReadAllBytes(_path));
        batch.X.Span[3] = 1;
        Assert.Equal(2, trainer.Step(batch).Step);
    }

    [Fact]
    public void Gradients_are_clipped_together_or_one_by_one()
    {
        var batch = Whole(Data(5));
        var free = new Linear(seed: 2);
        new FitLinear(free, new Sgd(0)).Step(batch);
        var norm = Math.Sqrt(free.AllParameters.Sum(parameter => parameter.Gradient.ToArray().Sum(g => (double)g * g)));

        var scaled = new Linear(seed: 2);
        new FitLinear(scaled, new Sgd(0), clip: GradientClip.GlobalNorm, limit: norm / 2).Step(batch);
        Assert.Equal(free.Weight.Gradient[0] / 2, scaled.Weight.Gradient[0], 1e-5);

        var unchanged = new Linear(seed: 2);
        new FitLinear(unchanged, new Sgd(0), clip: GradientClip.GlobalNorm, limit: norm * 2).Step(batch);
        Assert.Equal(free.Weight.Gradient[0], unchanged.Weight.Gradient[0]);

        var cut = new Linear(seed: 2);
        new FitLinear(cut, new Sgd(0), clip: GradientClip.Value, limit: 0.01).Step(batch);
        Assert.All(cut.AllParameters, parameter => Assert.All(parameter.Gradient.ToArray(), g => Assert.InRange(g, -0.01f, 0.01f)));
    }

    [Fact]
    public void Frozen_parameters_keep_their_bits_and_every_n_waits()
    {
        var net = new Linear(seed: 2);
        var bias = net.Bias.Value[0];
        var trainer = new FitLinear(net, new AdamW(0.1), freezeBias: true, every: 3);
        var history = new List<float>();
        for (var step = 0; step < 7; step++)
        {
            trainer.Step(Whole(Data(5)));
            history.Add(net.Weight[0]);
        }
        Assert.Equal(bias, net.Bias.Value[0]);
        Assert.Equal(7, net.Runs.Value[0]);
        Assert.Equal([true, true, false, true, true, false], history.Zip(history.Skip(1), (a, b) => a == b));
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var trainer = new FitLinear(new Linear(), new AdamW(Schedule.WarmupCosine(0.1, 10, 100)), clip: GradientClip.GlobalNorm, limit: 0.1);
        var batch = Whole(Data(5));
        for (var i = 0; i < 50; i++) trainer.Step(batch);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++) trainer.Step(batch);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_wrong_batch_is_refused_and_changes_nothing()
    {
        var net = new Linear();
        var trainer = new FitLinear(net, new Sgd(0.1));
        var error = Assert.Throws<ArgumentException>(() => trainer.Step(new(new Tensor<float, Batch, N2>(3, 2), new Tensor<float, Batch>(4))));
        Assert.StartsWith("Axis 0 of 'y' has 4 elements and must have 3 (batch = 3)", error.Message);
        Assert.Equal((0, 0), (trainer.StepCount, net.Runs.Value[0]));
        Assert.Throws<ArgumentException>(() => trainer.Run(Data(0), 1, 8));
        Assert.Throws<ArgumentException>(() => trainer.Evaluate(Data(0)));
    }

    public static TheoryData<string, string> Damages => new()
    {
        { "step=minus one", "'step' is 'minus one'" },
        { "run.epoch=99999999999", "'run.epoch' is '99999999999'" },
        { "run.scalars=1 2", "'run.scalars' is '1 2'" },
        { "seed=", "'seed' is ''" },
        { "feedbacknn.format=training 2", "version 2 of the training format" },
        { "feedbacknn.format=model 1", "holds a saved model, not a saved training" },
        { "feedbacknn.owner=Other.Fit", "the state of Other.Fit, not of Tests.FitLinear" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_file_with_a_wrong_number_is_refused_and_changes_nothing(string change, string message)
    {
        var source = new FitLinear(new Linear(seed: 1), new Adam(0.1));
        source.Run(Data(), 1, 8);
        source.Save(_path);
        var parts = change.Split('=', 2);
        using (var content = SafetensorsFile.Read(_path))
        {
            var metadata = new Dictionary<string, string>(content.Metadata) { [parts[0]] = parts[1] };
            var entries = content.Tensors.Select(tensor => SafetensorsEntry.From(tensor.Name, [.. tensor.Shape], content.ToArray<float>(tensor.Name))).ToArray();
            SafetensorsFile.Write(_path, entries, metadata);
        }
        var net = new Linear(seed: 2);
        var before = Weights(net);
        var trainer = new FitLinear(net, new Adam(0.1));
        Assert.Contains(message, Assert.Throws<CheckpointException>(() => trainer.Resume(_path)).Message);
        Assert.Equal(before, Weights(net));
        Assert.Equal(0, trainer.StepCount);
    }

    [Fact]
    public void The_file_names_what_optimizers_remember()
    {
        var trainer = new FitLinear(new Linear(), new Adam(0.1), freezeBias: true);
        trainer.Save(_path);
        using var content = SafetensorsFile.Read(_path);
        Assert.Equal(
            ["nets.net.line.bias", "nets.net.line.weight", "nets.net.runs", "optimizers.loss.first_moment.net.line.weight", "optimizers.loss.second_moment.net.line.weight"],
            content.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal));
        Assert.Throws<CheckpointException>(() => new FitLinear(new Linear(), new Adam(0.1)).Resume(_path));
    }

    private sealed class Progress(Action<TrainingProgress<FitLinear.Report>> report) : IProgress<TrainingProgress<FitLinear.Report>>
    {
        public void Report(TrainingProgress<FitLinear.Report> value) => report(value);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void An_evaluation_whose_loss_is_not_finite_is_no_report(float bad)
    {
        var net = new Linear(seed: 1);
        var trainer = new FitLinear(net, new Sgd(0.1));
        trainer.Run(Data(), 1, 8);
        var good = trainer.Evaluate(Data());
        var samples = Data();
        var spoiled = DataSource.From(samples.Count, i => i == 20 ? samples[i] with { Y = bad } : samples[i]);
        foreach (var evaluate in new Action[] { () => trainer.Evaluate(spoiled, 8), () => trainer.Evaluate(Whole(spoiled)) })
        {
            var error = Assert.Throws<TrainingDivergedException>(evaluate);
            Assert.StartsWith("Evaluation after 5 steps: the loss 'loss' is ", error.Message);
            Assert.Contains("line.fnn(3)", error.Message);
            Assert.Equal((5, "line.fnn(3): y = x @ w + b"), (error.Step, error.SourceLine));
        }
        Assert.Equal(good, trainer.Evaluate(Data()));
    }
}
