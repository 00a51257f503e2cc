using Feedback;
using FeedbackNN;
using Spectre.Console;

var output = Directory.CreateDirectory(args is [var folder] ? folder : "output").FullName;
var digits = CsvSource.Read(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz"), features: ..64, label: 64, classes: 10).Scaled(1 / 16f);
AnsiConsole.MarkupLineInterpolated($"{digits.Count:N0} handwritten digits, a third of them held out; means of three seeds:");

var experiments = Enumerable.Range(1, 3).Select(seed => new Experiment(digits, epochs: 40, (ulong)seed)).ToArray();
var plain = experiments.Average(experiment => experiment.Plain());
var byRound = Means(experiments.Select(experiment => experiment.ByRound()));
var rest = experiments.Select(experiment => experiment.AtRest()).ToArray();
var (repeated, anderson) = (Means(rest.Select(run => run.Repeated)), Means(rest.Select(run => run.Anderson)));

var nets = new Table().AddColumns("net", "rounds", "test accuracy");
nets.AddRow("plain: one look, through 3 units", "1", $"{100 * plain:F1}%");
for (var round = 0; round < byRound.Length; round++)
    nets.AddRow(round == 0 ? "feedback: the answer directs the next look" : "", $"{round + 1}", $"{100 * byRound[round]:F1}%");
nets.AddRow("equilibrium: until a state of 16 units rests", $"{rest.Average(run => run.Needed):F1} (mean)", $"{100 * rest.Average(run => run.Accuracy):F1}%");
AnsiConsole.Write(nets);

var residuals = new Table().Title("how far the equilibrium is from rest (median)").AddColumns("rounds", "repeating the round", "Anderson's method");
for (var i = 0; i < anderson.Length; i++)
    residuals.AddRow($"{1 << i}", $"{repeated[(1 << i) - 1]:0.0e+00}", $"{anderson[i]:0.0e+00}");
AnsiConsole.Write(residuals);

Charts.AccuracyByRound(Path.Combine(output, "accuracy-by-round.png"), plain, byRound);
Charts.ResidualByRound(Path.Combine(output, "residual-by-round.png"), repeated, anderson);
Console.WriteLine($"charts: {output}");

static double[] Means(IEnumerable<double[]> runs)
{
    var all = runs.ToArray();
    return all[0].Select((_, round) => all.Average(run => run[round])).ToArray();
}
