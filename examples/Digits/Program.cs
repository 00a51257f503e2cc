using Digits;
using FeedbackNN;
using Spectre.Console;

const ulong seed = 1;

// The processor, unless an argument names another device: `-- --device best`, `cuda`, `opencl:0`. `-- --profile` shows where the time of a training step goes.
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
TrainingDisplay.Show("training", curve, progress => trainer.Run(train, epochs: 40, batchSize: 32, progress));
curve.Draw();
if (args is ["--profile"]) Console.Write(trainer.Profile(train, batchSize: 32));

var result = trainer.Evaluate(test);
AnsiConsole.MarkupLineInterpolated($"test accuracy [bold]{100 * result.Accuracy:F2}%[/] (loss {result.Loss:F4}, {test.Count} pictures that training never saw)");

var confusion = new ConfusionMatrix(10);
var predictions = Predict(net);
for (var i = 0; i < test.Count; i++)
    confusion.Add(actual: test[i].Label, predictions[i]);
ConfusionTable.Draw(confusion);
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

int[] Predict(SimpleNN network) =>
    test.ToArray().Select(sample => IndexOfLargest(network.Predict(sample.X.Span))).ToArray();

static int IndexOfLargest(ReadOnlySpan<float> logits)
{
    var best = 0;
    for (var i = 1; i < logits.Length; i++)
        best = logits[i] > logits[best] ? i : best;
    return best;
}
