using System.Text;

namespace FeedbackNN.Runtime.Tests.Training.Runs;

public sealed class RunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        AtomicFile.Between = null;
        _folder.Dispose();
    }

    private string Uninterrupted()
    {
        RunCase.Run(RunCase.Trainer(), _folder["whole"]);
        return RunCase.Content(_folder["whole"]);
    }

    [Fact]
    public void A_folder_has_settings_curves_checkpoints_and_a_page()
    {
        var trainer = RunCase.Trainer();
        var result = RunCase.Run(trainer, _folder["run"]);
        Assert.Equal(
            ["best.safetensors", "config.json", "events.out.tfevents.run", "last.safetensors", "metrics.jsonl", "report.html"],
            Directory.GetFileSystemEntries(_folder["run"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));

        var rows = MetricsRow.Read(_folder["run"]);
        Assert.Equal(result.Metrics.Select(row => (row.Kind, row.Step)), rows.Select(row => (row.Kind, row.Step)));
        // Every second step, at the end of each epoch of five steps, and evaluations every third and at the end.
        Assert.Equal([2, 4, 5, 6, 8, 10, 12, 14, 15, 16, 18, 20], rows.Where(row => row.Kind == "train").Select(row => row.Step));
        Assert.Equal([3, 6, 9, 12, 15, 18, 20], rows.Where(row => row.Kind == "validation").Select(row => row.Step));
        Assert.Equal([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4], rows.Where(row => row.Kind == "train").Select(row => row.Epoch));
        Assert.Equal(["loss", "worst", "learning_rate"], rows[0].Values.Keys);
        // What the next update has: the peak, after two of three that warm up.
        Assert.Equal(0.05, rows[0].Values["learning_rate"], 1e-12);
        Assert.DoesNotContain("learning_rate", rows[1].Values.Keys);

        var events = EventFile.Read(_folder["run/events.out.tfevents.run"]);
        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.Equal(rows.Select(row => row.Step), events.Skip(1).Select(item => item.Step));
        Assert.Equal(rows.SelectMany(row => row.Values.Select(value => ($"{value.Key}/{row.Kind}", (float)value.Value))), events.SelectMany(item => item.Values));
        Assert.InRange(events[1].Time, 1.7e9, 1e10);

        var page = File.ReadAllText(_folder["run/report.html"]);
        Assert.Equal(3, page.Split("<figure>").Length - 1);
        Assert.Contains("<polyline class=\"validation\"", page);
        Assert.DoesNotContain("http", page);
        Assert.DoesNotContain("<script", page);
        Assert.Contains("\"samples\": 37", File.ReadAllText(_folder["run/config.json"]));
    }

    [Fact]
    public void A_line_of_training_is_the_mean_of_its_steps()
    {
        var losses = new List<double>();
        var trainer = RunCase.Trainer();
        RunCase.Run(trainer, _folder["run"], progress: new Progress(progress => losses.Add(progress.Report.Loss)));
        var rows = MetricsRow.Read(_folder["run"]).Where(row => row.Kind == "train").ToArray();
        Assert.Equal((losses[0] + losses[1]) / 2, rows[0].Values["loss"], 1e-6);
        // Step 5, the epoch's last, stands alone, and 7 and 8 behind 6.
        Assert.Equal(losses[4], rows[2].Values["loss"], 1e-6);
        Assert.Equal((losses[6] + losses[7]) / 2, rows[4].Values["loss"], 1e-6);
    }

    [Fact]
    public void The_folder_changes_nothing_about_the_training()
    {
        var plain = RunCase.Trainer();
        var report = plain.Run(RunCase.Data(), RunCase.Epochs, RunCase.BatchSize);
        var kept = RunCase.Trainer();
        Assert.Equal(report, RunCase.Run(kept, _folder["run"]).Report);
        Assert.Equal(plain.Net.Weight.Value.ToArray(), kept.Net.Weight.Value.ToArray());
    }

    [Fact]
    public void A_run_that_fails_anywhere_ends_as_one_that_did_not()
    {
        var expected = Uninterrupted();
        // At each sample that the whole run visits, evaluations left out, somewhere in the middle of a batch.
        for (var failing = 0; failing < 4 * 37; failing += 5)
        {
            var folder = _folder[$"failed-{failing}"];
            var visited = 0;
            Assert.Throws<TimeoutException>(() => RunCase.Run(RunCase.Trainer(), folder, _ =>
            {
                if (visited++ == failing) throw new TimeoutException();
            }));
            // A process that begins anew has other first values, which the checkpoint replaces.
            RunCase.Run(RunCase.Trainer(weights: 77), folder);
            Assert.Equal(expected, RunCase.Content(folder));
        }
    }

    [Fact]
    public void A_run_that_is_cancelled_again_and_again_goes_on_at_the_step()
    {
        var expected = Uninterrupted();
        for (var step = 1; ; step++)
        {
            using var stop = new CancellationTokenSource();
            var trainer = RunCase.Trainer(weights: step == 1 ? null : 77);
            var made = 0;
            try
            {
                RunCase.Run(trainer, _folder["run"], cancellation: stop.Token, progress: new Progress(_ => { if (++made == 1) stop.Cancel(); }));
                break;
            }
            catch (OperationCanceledException)
            {
                Assert.Equal((1, step), (made, trainer.StepCount));
            }
        }
        Assert.Equal(expected, RunCase.Content(_folder["run"]));
    }

    [Fact]
    public void A_finished_run_gives_its_result_again_and_more_epochs_go_on()
    {
        var first = RunCase.Run(RunCase.Trainer(), _folder["run"]);
        var trainer = RunCase.Trainer(weights: 77);
        var again = RunCase.Run(trainer, _folder["run"], _ => Assert.Fail("A finished run needs no samples."));
        Assert.Equal((first.Report, first.Steps, first.BestStep, first.BestValue), (again.Report, again.Steps, again.BestStep, again.BestValue));
        Assert.Equal(20, trainer.StepCount);
        Assert.Equal(25, trainer.Run(RunCase.Data(), 5, RunCase.BatchSize, RunCase.Options(_folder["run"]), RunCase.Validation).Steps);
    }

    [Fact]
    public void A_folder_refuses_another_run_and_says_what_differs()
    {
        var folder = _folder["run"];
        var options = RunCase.Options(folder);
        RunCase.Run(RunCase.Trainer(), folder);
        var expected = RunCase.Content(folder);

        Refuses("batches of 8, and this is 4", trainer => trainer.Run(RunCase.Data(), 6, 4, options, RunCase.Validation));
        Refuses("samples: 37, and this is 30", trainer => trainer.Run(RunCase.Data().Take(30), 6, 8, options, RunCase.Validation));
        Refuses("the best evaluation by the smallest 'loss', and this is the largest 'worst'", trainer => trainer.Run(RunCase.Data(), 6, 8, options with { Metric = "worst", Maximize = true }, RunCase.Validation));
        Refuses("come to epoch 4, and this one is to have 3", trainer => trainer.Run(RunCase.Data(), 3, 8, options, RunCase.Validation));
        Refuses("made 20 steps, which is more than MaxSteps", trainer => trainer.Run(RunCase.Data(), 4, 8, options with { MaxSteps = 19 }, RunCase.Validation));
        Refuses("the seed 6, and this is 7", trainer => trainer.Run(RunCase.Data(), 4, 8, options, RunCase.Validation), new FitLinear(new Linear(seed: 5), new Adam(0.05), seed: 7));
        Refuses("'net' of seed 5, and this is 8", trainer => RunCase.Run(trainer, folder), new FitLinear(new Linear(seed: 8), new Adam(0.05), seed: 6));
        // Without a step left, other settings would change nothing.
        Refuses("is finished, and was made with the optimizer of 'loss' Adam, learning rate warmup_cosine(0.05, warmup: 3, total: 20, end: 0), beta1 0.9", trainer => RunCase.Run(trainer, folder), RunCase.Trainer(optimizer: new Adam(0.05)));
        Refuses("now it is Adam, learning rate warmup_cosine(0.05, warmup: 3, total: 40", trainer => RunCase.Run(trainer, folder), RunCase.Trainer(optimizer: new Adam(Schedule.WarmupCosine(0.05, 3, 40))));
        Refuses("beta1 0.8", trainer => RunCase.Run(trainer, folder), RunCase.Trainer(optimizer: new Adam(Schedule.WarmupCosine(0.05, 3, 20)) { Beta1 = 0.8 }));
        // At the first update and half-way this is the same, and a formula of one's own is looked at there alone.
        Refuses("now it is Adam, learning rate step(", trainer => RunCase.Run(trainer, folder), RunCase.Trainer(optimizer: new Adam(Schedule.Step(0.05 / 3, 15))));
        Refuses("half-way", trainer => RunCase.Run(trainer, folder), RunCase.Trainer(optimizer: new Adam(Schedule.From(update => 0.05 / (update + 3)))));

        // With steps left they are for those.
        var slower = RunCase.Trainer(optimizer: new Adam(1e-6));
        Assert.Equal(25, slower.Run(RunCase.Data(), 5, 8, options, RunCase.Validation).Steps);
        Assert.Equal(20, RunCase.Run(RunCase.Trainer(), _folder["other"]).Steps);

        void Refuses(string what, Action<FitLinear> run, FitLinear? trainer = null)
        {
            trainer ??= RunCase.Trainer(weights: 77);
            var weights = trainer.Net.Weight.Value.ToArray();
            var error = Assert.Throws<CheckpointException>(() => run(trainer));
            Assert.Contains(what, error.Message);
            Assert.Contains("take another folder, or delete this one", error.Message);
            Assert.Equal(0, trainer.StepCount);
            Assert.Equal(weights, trainer.Net.Weight.Value.ToArray());
            Assert.Equal(expected, RunCase.Content(folder));
        }
    }

    [Fact]
    public void A_run_that_stopped_before_its_first_step_goes_on_as_what_it_was()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => RunCase.Run(RunCase.Trainer(), _folder["run"], cancellation: stop.Token));
        Assert.Contains("batches of 8", Assert.Throws<CheckpointException>(() => RunCase.Trainer().Run(RunCase.Data(), 4, 9, RunCase.Options(_folder["run"]), RunCase.Validation)).Message);
        RunCase.Run(RunCase.Trainer(weights: 77), _folder["run"]);
        Assert.Equal(Uninterrupted(), RunCase.Content(_folder["run"]));
    }

    [Fact]
    public void A_checkpoint_that_fails_part_way_is_an_error_and_the_last_good_one_holds()
    {
        var expected = Uninterrupted();
        var all = 0;
        Count(() => RunCase.Run(RunCase.Trainer(), _folder["counted"]));
        Assert.True(all > 15);
        for (var failing = 1; failing <= all; failing++)
        {
            var folder = _folder[$"full-{failing}"];
            var written = 0;
            AtomicFile.Between = file => ++written == failing ? new FullDisk(file, failing % 3 * 40) : file;
            Assert.Contains("No space left", Assert.Throws<CheckpointException>(() => RunCase.Run(RunCase.Trainer(), folder)).Message);
            AtomicFile.Between = null;
            Assert.Empty(Directory.GetFiles(folder, "*.tmp"));
            if (File.Exists(Path.Combine(folder, "last.safetensors"))) RunCase.Trainer().Resume(Path.Combine(folder, "last.safetensors"));
            RunCase.Run(RunCase.Trainer(), folder);
            Assert.Equal(expected, RunCase.Content(folder));
        }

        void Count(Action run)
        {
            AtomicFile.Between = file =>
            {
                all++;
                return file;
            };
            run();
            AtomicFile.Between = null;
        }
    }

    [Fact]
    public void A_torn_last_line_is_left_out_and_another_torn_one_told()
    {
        RunCase.Run(RunCase.Trainer(), _folder["run"]);
        var path = _folder["run/metrics.jsonl"];
        var lines = File.ReadAllLines(path);
        File.WriteAllText(path, string.Join('\n', lines)[..^5]);
        Assert.Equal(lines.Length - 1, MetricsRow.Read(path).Count);
        // The run goes on with what is left of its curves.
        RunCase.Run(RunCase.Trainer(), _folder["run"]);
        Assert.Equal(lines.Length - 1, MetricsRow.Read(path).Count);

        File.WriteAllText(path, string.Join('\n', lines.Select((line, i) => i == 2 ? line[..^5] : line)));
        var error = Assert.Throws<DataException>(() => MetricsRow.Read(path));
        Assert.Equal(3, error.Line);
    }

    [Fact]
    public void What_is_no_number_is_null_in_the_file_and_NaN_when_it_is_read()
    {
        using var stream = new MemoryStream();
        new MetricsRow("train", 1, 1, 0.5, new Dictionary<string, double> { ["loss"] = double.NaN, ["perplexity"] = double.PositiveInfinity, ["x"] = -1e-300 }).WriteTo(stream);
        Assert.Equal("{\"kind\":\"train\",\"step\":1,\"epoch\":1,\"seconds\":0.5,\"loss\":null,\"perplexity\":null,\"x\":-1E-300}\n", Encoding.UTF8.GetString(stream.ToArray()));
        stream.Position = 0;
        Assert.Equal([double.NaN, double.NaN, -1e-300], MetricsRow.Read(stream, "m").Rows.Single().Values.Values);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_stops_when_evaluations_no_longer_get_better(bool restore)
    {
        // A rate that shoots over: the loss falls at first and rises in the end.
        var net = new Linear(seed: 5);
        var optimizer = new Sgd(Schedule.From(step => step < 6 ? 0.1 : 2.5));
        var trainer = new FitLinear(net, optimizer, seed: 6);
        var losses = new List<(long Step, double Loss)>();
        var options = new RunOptions(_folder["run"]) { EvaluateEvery = 2, Patience = 3, RestoreBest = restore, Metric = "LOSS", MinimumImprovement = 1e-3 };
        var result = trainer.Run(RunCase.Data(), 100, 8, options, RunCase.Data());
        foreach (var row in result.Metrics.Where(row => row.Kind == "validation")) losses.Add((row.Step, row.Values["loss"]));
        var best = losses.MinBy(item => item.Loss);
        Assert.True(result.StoppedEarly);
        Assert.Equal((best.Step, best.Loss), (result.BestStep!.Value, result.BestValue));
        Assert.Equal(best.Step + 6, trainer.StepCount);
        Assert.Equal(restore ? best.Loss : losses[^1].Loss, trainer.Evaluate(RunCase.Data()).Loss, 1e-9);
        using var loaded = new Linear();
        loaded.Load(_folder["run/best.safetensors"]);
        Assert.Equal(best.Loss, new FitLinear(loaded, new Sgd(0)).Evaluate(RunCase.Data()).Loss, 1e-9);
        // Stopped is stopped, also for the next call.
        Assert.Equal(trainer.StepCount, new FitLinear(new Linear(seed: 5), optimizer, seed: 6).Run(RunCase.Data(), 100, 8, options, RunCase.Data()).Steps);
    }

    [Fact]
    public void An_evaluation_that_is_not_finite_is_never_the_best()
    {
        var spoiled = RunCase.Validation.Concat(DataSource.From(new[] { new FitLinear.Sample(new[] { float.NaN, 0 }, 0) }));
        var options = RunCase.Options(_folder["run"]) with { Metric = "worst", Maximize = true };
        var trainer = RunCase.Trainer();
        Assert.Throws<TrainingDivergedException>(() => trainer.Run(RunCase.Data(), 4, 8, options, spoiled));
        Assert.Equal(3, trainer.StepCount);
        Assert.False(File.Exists(_folder["run/best.safetensors"]));
        Assert.DoesNotContain(MetricsRow.Read(_folder["run"]), row => row.Kind == "validation");
    }

    [Fact]
    public void More_can_be_better()
    {
        var options = RunCase.Options(_folder["run"]) with { Metric = "worst", Maximize = true };
        var result = RunCase.Trainer().Run(RunCase.Data(), 4, 8, options, RunCase.Validation);
        Assert.Equal(result.Metrics.Where(row => row.Kind == "validation").Max(row => row.Values["worst"]), result.BestValue);
    }

    [Fact]
    public void Steps_can_be_the_limit_in_the_middle_of_an_epoch()
    {
        var trainer = RunCase.Trainer();
        var options = RunCase.Options(_folder["run"]) with { MaxSteps = 7 };
        Assert.Equal(7, trainer.Run(RunCase.Data(), 4, 8, options, RunCase.Validation).Steps);
        Assert.Equal(7, trainer.StepCount);
        Assert.False(trainer.IsInterrupted);
        // With a later limit it goes on in the same epoch, and ends as if there had been no other.
        var last = trainer.Run(RunCase.Data(), 4, 8, options with { MaxSteps = 20 }, RunCase.Validation);
        var whole = RunCase.Trainer();
        whole.Run(RunCase.Data(), 4, 8);
        Assert.Equal(whole.Net.Weight.Value.ToArray(), trainer.Net.Weight.Value.ToArray());
        Assert.Equal(20, last.Steps);
    }

    [Fact]
    public void Samples_are_kept_and_lines_told()
    {
        var log = new StringWriter();
        var trainer = RunCase.Trainer();
        var options = RunCase.Options(_folder["run"]) with { EvaluateEvery = 10, Sample = () => $"<{trainer.StepCount}>", Log = log };
        trainer.Run(RunCase.Data(), 4, 8, options, RunCase.Validation);
        Assert.Equal(["00000010.txt", "00000020.txt"], Directory.GetFiles(_folder["run/samples"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal("<20>", File.ReadAllText(_folder["run/samples/00000020.txt"]));
        Assert.Contains("&lt;20&gt;", File.ReadAllText(_folder["run/report.html"]));
        Assert.Equal(2, log.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith("step 10, epoch 2, ", log.ToString());
    }

    [Fact]
    public void Two_networks_have_a_best_file_each()
    {
        using var folder = new RunFolder(_folder["run"]);
        Assert.Equal("best.safetensors", Path.GetFileName(folder.Best("net", isOnly: true)));
        Assert.Equal("best.critic.safetensors", Path.GetFileName(folder.Best("critic", isOnly: false)));
    }

    [Fact]
    public void What_the_options_ask_for_must_be_there()
    {
        var trainer = RunCase.Trainer();
        var options = RunCase.Options(_folder["run"]);
        Assert.Contains("no loss or metric 'accuracy': it has loss, worst", Assert.Throws<ArgumentException>(() => trainer.Run(RunCase.Data(), 1, 8, options with { Metric = "accuracy" }, RunCase.Validation)).Message);
        Assert.Contains("validation samples", Assert.Throws<ArgumentException>(() => trainer.Run(RunCase.Data(), 1, 8, options with { Patience = 2 })).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Run(RunCase.Data(), 1, 8, options with { LogEvery = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Run(RunCase.Data(), 1, 8, options with { MinimumImprovement = double.NaN }, RunCase.Validation));
        Assert.Throws<ArgumentException>(() => trainer.Run(RunCase.Data(), 1, 8, options, DataSource.From(Array.Empty<FitLinear.Sample>())));
        Assert.False(Directory.Exists(_folder["run"]));
        using (new RunFolder(_folder["used"]))
        {
            Assert.Contains("another run", Assert.Throws<CheckpointException>(() => RunCase.Run(trainer, _folder["used"])).Message);
        }
        RunCase.Run(trainer, _folder["used"]);
        // A file in the folder's place.
        _folder.Write("file", "");
        Assert.Throws<CheckpointException>(() => RunCase.Run(trainer, _folder["file"]));
    }

    [Fact]
    public void Checksums_have_their_known_values()
    {
        Assert.Equal(0xE3069283, EventFile.Checksum("123456789"u8));
        // The first record of every file by TensorFlow: the length 24.
        Assert.Equal(EventFile.Checksum("123456789"u8), uint.RotateLeft(TensorBoardEvents.MaskedChecksum("123456789"u8) - 0xA282EAD8, 15));
    }

    /// <summary>Means of a constant differ by rounding.</summary>
    [Theory]
    [InlineData(0.1, 1201)]
    [InlineData(1e-3, 5401)]
    public void A_constant_is_drawn_as_one(double value, int count)
    {
        var curve = new CurveChart.Curve("rate", "train", [.. Enumerable.Range(1, count).Select(i => ((double)i, value))]);
        Assert.InRange(CurveChart.Draw("rate", [curve]).Length, 100, 100_000);
        Assert.InRange(CurveChart.Ticks(value, Math.BitIncrement(value)).Take(100).Count(), 0, 20);
    }

    [Fact]
    public void A_file_in_the_folders_place_is_told()
    {
        var path = Path.GetTempFileName();
        try
        {
            using var trainer = new FitLinear(new Linear(seed: 1), new Sgd(0.1));
            var data = DataSource.From(4, i => new FitLinear.Sample(new float[2], i));
            var error = Assert.Throws<CheckpointException>(() => trainer.Run(data, 1, 2, new RunOptions(path)));
            Assert.Equal($"{path}: it is a file, not a folder. Name a folder, which is made where there is none", error.Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_folders_other_files_stay()
    {
        Directory.CreateDirectory(_folder["run/samples"]);
        var own = _folder.Write("run/notes.tmp", "mine"u8.ToArray());
        var left = _folder.Write($"run/samples/00000010.txt.{Guid.NewGuid():N}.tmp", "torn"u8.ToArray());
        using var folder = new RunFolder(_folder["run"]);
        Assert.True(File.Exists(own));
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void A_damaged_line_leaves_the_training_as_it_was()
    {
        RunCase.Run(RunCase.Trainer(), _folder["run"]);
        var path = _folder["run/metrics.jsonl"];
        var lines = File.ReadAllLines(path);
        lines[1] = new string('x', lines[1].Length);
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
        var trainer = RunCase.Trainer();
        Assert.Throws<DataException>(() => RunCase.Run(trainer, _folder["run"]));
        Assert.Equal(0, trainer.StepCount);
    }

    [Theory]
    [InlineData(0, 1, "0 0.2 0.4 0.6 0.8 1")]
    [InlineData(0.013, 0.029, "0.015 0.02 0.025")]
    [InlineData(-40, 1000, "0 200 400 600 800 1000")]
    public void Axes_have_round_numbers(double from, double to, string expected) =>
        Assert.Equal(expected, string.Join(' ', CurveChart.Ticks(from, to).Select(tick => tick.ToString("G6", System.Globalization.CultureInfo.InvariantCulture))));

    private sealed class Progress(Action<TrainingProgress<FitLinear.Report>> report) : IProgress<TrainingProgress<FitLinear.Report>>
    {
        public void Report(TrainingProgress<FitLinear.Report> value) => report(value);
    }
}
