using Digits;
using FeedbackNN;
using Spectre.Console;

const ulong seed = 1;

// The processor, unless an argument names another device: `-- --device best`, `cuda`, `opencl:0`. `-- --profile` shows where the time of a training step goes;
// `-- --run FOLDER` keeps curves, the best weights and a checkpoint there, and goes on with what is there already.
var device = Device.Cpu;
try
{
    if (args is ["--device", var name]) device = Device.Parse(name);
}
catch (DeviceException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
AnsiConsole.MarkupLineInterpolated($"on [bold]{device}[/]");

// A fifth of the 1,797 pictures is held out. Pixels go from 0 to 16.
var digits = CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f);
var (train, test) = digits.Select(digit => new FitSimpleNN.Sample(digit.Features, digit.Label)).Split(0.8, seed);

using var net = new SimpleNN(device, seed);
using var trainer = new FitSimpleNN(net, seed: seed);
var curve = new TrainingCurve();
if (args is ["--run", var folder]) TrainIn(folder);
else TrainingDisplay.Show("training", curve, progress => trainer.Run(train, epochs: 40, batchSize: 32, progress));
curve.Draw();
if (args is ["--profile"]) Console.Write(trainer.Profile(train, batchSize: 32));

var result = trainer.Evaluate(test);
AnsiConsole.MarkupLineInterpolated($"test accuracy [bold]{100 * result.Accuracy:F2}%[/] (loss {result.Loss:F4}, {test.Count} pictures that training never saw)");

var judged = Predictions.FromLogits([.. test.ToArray().SelectMany(sample => net.Predict(sample.X.Span))], [.. test.ToArray().Select(sample => sample.Label)]);
var interval = Bootstrap.Interval(judged, p => p.Accuracy);
AnsiConsole.MarkupLineInterpolated($"of pictures like these, between {100 * interval.Low:F1}% and {100 * interval.High:F1}%; calibration error {100 * judged.Calibration().ExpectedError:F1}%");
var predictions = Predict(net);
ConfusionTable.Draw(judged.Confusion());
DigitPictures.Draw(test, predictions);

// Saved, loaded into a network that began with other weights, it must say the same.
var path = Path.Combine(Path.GetTempPath(), $"digits-{Environment.ProcessId}.safetensors");
net.Save(path);
using var loaded = new SimpleNN(device, seed + 1);
loaded.Load(path);
File.Delete(path);
if (!Predict(loaded).SequenceEqual(predictions))
{
    AnsiConsole.MarkupLine("[red]The network that was loaded predicts something else than the one that was saved.[/]");
    return 1;
}
AnsiConsole.MarkupLine("saved, loaded, and predicts the same");
return 0;

void TrainIn(string folder)
{
    // A fifth of what is left for training decides which weights are the best and when to stop: the test pictures decide nothing.
    var (fit, validation) = train.Split(0.8, seed);
    var options = new RunOptions(folder) { Metric = "accuracy", Maximize = true, Patience = 10, RestoreBest = true };
    RunResult<FitSimpleNN.Report>? run = null;
    TrainingDisplay.Show("training", curve, progress => run = trainer.Run(fit, epochs: 40, batchSize: 32, options, validation, progress));
    AnsiConsole.MarkupLineInterpolated($"best validation accuracy [bold]{100 * run!.BestValue:F2}%[/] at step {run.BestStep} of {run.Steps}{(run.StoppedEarly ? ", stopped early" : "")}; {Path.Combine(folder, "report.html")} shows the curves");
}

int[] Predict(SimpleNN network) =>
    test.ToArray().Select(sample => IndexOfLargest(network.Predict(sample.X.Span))).ToArray();

static int IndexOfLargest(ReadOnlySpan<float> logits)
{
    var best = 0;
    for (var i = 1; i < logits.Length; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}
