using FeedbackNN;
using Spectre.Console;
using Surnames;

if (args is not [var folder, .. var typed] || !Directory.Exists(folder))
{
    Console.Error.WriteLine("""
        Pass a folder with a file of surnames for each of 18 languages (Arabic.txt … Vietnamese.txt, a name a line), and names to ask about, if you like:

            dotnet run -c Release --project examples/Surnames -- path/to/names Rossi Yamamoto

        The usual set is the folder data/names of https://github.com/spro/practical-pytorch.
        """);
    return 1;
}

var files = NameFiles.Read(folder);
var (train, test) = files.Names.Split(0.8, seed: 1);
using var net = new Reader(seed: 1);
using var trainer = new Fit(net, seed: 1);
trainer.Run(train, epochs: 5, batchSize: 64, new Epochs());
Console.WriteLine($"{test.Count:N0} names that training never saw: {100 * trainer.Evaluate(test).Accuracy:F1}% are given their language");

var confusion = Reading.Confusion(net, test);
var table = new Table().AddColumns("language", "held-out names", "found");
for (var i = 0; i < files.Languages.Length; i++)
    table.AddRow(files.Languages[i], $"{confusion.ActualCount(i)}", $"{100 * confusion.Recall(i):F0}%");
AnsiConsole.Write(table);

foreach (var name in typed is [] ? ["Rossi", "Yamamoto", "Fitzgerald", "Dostoevsky", "Nguyen"] : typed)
{
    var likely = Reading.Likely(net, name);
    var best = Enumerable.Range(0, likely.Length).OrderByDescending(language => likely[language]).Take(3);
    Console.WriteLine($"{name,-14} {string.Join(", ", best.Select(language => $"{files.Languages[language]} {100 * likely[language]:F0}%"))}");
}

var output = Directory.CreateDirectory("output").FullName;
Charts.Confusion(Path.Combine(output, "surnames.png"), confusion, files.Languages);
Console.WriteLine($"chart: {Path.Combine(output, "surnames.png")}");
return 0;

internal sealed class Epochs : IProgress<TrainingProgress<Fit.Report>>
{
    public void Report(TrainingProgress<Fit.Report> progress)
    {
        if (progress.IsEndOfEpoch)
            Console.WriteLine($"epoch {progress.Epoch}: {100 * progress.EpochReport.Accuracy:F1}% right while learning, {progress.SamplesPerSecond:N0} names/s");
    }
}
