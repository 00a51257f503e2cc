using FeedbackNN;
using Spectre.Console;
using Transfer;

// 8 x 8 pixels from 0 to 16.
var digits = CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f);
var scanner = new OtherScanner(digits, labelled: 30, seed: 1);
using var reader = scanner.LearnFirst();
var adapters = Path.Combine(Path.GetTempPath(), $"adapters-{Environment.ProcessId}.safetensors");

var table = new Table().AddColumns("learnt", "weights trained", "read rightly");
foreach (var outcome in new[] { scanner.Untouched(reader), scanner.FromNothing(), scanner.Head(reader), scanner.Slowly(reader), scanner.LowRank(reader, adapters) })
    table.AddRow(outcome.Way, outcome.Trained.ToString("N0"), $"{100 * outcome.Accuracy:F1} %");
AnsiConsole.MarkupLineInterpolated($"Pale pictures on grey paper: {scanner.Counts.Few} are labelled, {scanner.Counts.Unseen} are to be read.");
AnsiConsole.Write(table);
AnsiConsole.MarkupLineInterpolated($"the updates alone are {new FileInfo(adapters).Length:N0} bytes, the network {4 * reader.ParameterCount:N0}");
File.Delete(adapters);
