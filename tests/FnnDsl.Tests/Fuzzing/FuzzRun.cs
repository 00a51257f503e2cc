using System.Diagnostics;
using System.Globalization;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Tests;

namespace FeedbackNN.Dsl.Tests.Fuzzing;

/// <summary>
/// Puts numbered inputs through the compiler, as a build would: on a thread with a small stack, under a clock. An input is made by its number alone, so a number says
/// which one it was; what fails is also made smaller, line by line, and shown.
/// </summary>
internal static class FuzzRun
{
    /// <summary>So long may the process compute at one input. Not counted is what the machine does meanwhile; counted are tests that run beside.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>What has more nodes than this is checked and not compiled.</summary>
    private const int MostNodes = 5_000;

    /// <summary>After so many different failures a run ends.</summary>
    private const int MostFailures = 12;

    /// <summary>
    /// Which inputs: <c>FNN_FUZZ=1000000</c> for so many, <c>FNN_FUZZ=5000..6000</c> for those numbers; a million with <c>FNN_SLOW=1</c>.
    /// </summary>
    public static (int From, int To) Range(int ordinary)
    {
        if (Environment.GetEnvironmentVariable("FNN_FUZZ") is not { Length: > 0 } wish) return (0, SlowRun.Count(ordinary, slow: 1_000_000));
        var parts = wish.Split("..");
        return parts.Length == 2 ? (Number(parts[0]), Number(parts[1])) : (0, Number(wish));

        static int Number(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    /// <summary>Checks all inputs of a range and fails with what is wrong with any, each mistake once.</summary>
    /// <param name="make">The input of a number: the texts of its files.</param>
    /// <param name="check">What is wrong with it, or null.</param>
    /// <returns>What the run was like, for whoever reads along.</returns>
    public static string Over((int From, int To) range, Func<int, string[]> make, Func<string[], string?> check)
    {
        var number = range.From;
        var failures = new Dictionary<string, string>(StringComparer.Ordinal);
        var slowest = new PriorityQueue<int, long>();
        var begin = Stopwatch.GetTimestamp();
        var worker = new Thread(Work, 1024 * 1024) { IsBackground = true };
        worker.Start();
        using var process = Process.GetCurrentProcess();
        var (seen, since) = (-1, TimeSpan.Zero);
        while (!worker.Join(200))
        {
            var now = Volatile.Read(ref number);
            process.Refresh();
            if (now != seen) (seen, since) = (now, process.TotalProcessorTime);
            else if (process.TotalProcessorTime - since > Longest) return Fail(string.Join("\n\n", failures.Values.ToArray().Append(Message(now, $"takes longer than {Longest.TotalSeconds} s", make(now)))));
        }
        if (failures.Count > 0) Assert.Fail(string.Join("\n\n", failures.Values));
        var slow = string.Join(", ", slowest.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => $"{item.Element}: {item.Priority} ms"));
        return $"{range.To - range.From} inputs in {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s; the slowest: {slow}";

        void Work()
        {
            for (var k = range.From; k < range.To && failures.Count < MostFailures; k++)
            {
                Volatile.Write(ref number, k);
                var texts = make(k);
                var watch = Stopwatch.StartNew();
                if (Problem(texts, check) is { } problem && !failures.ContainsKey(Summary(problem))) failures.Add(Summary(problem), Message(k, problem, Smaller(texts, text => Problem(text, check) is not null)));
                slowest.Enqueue(k, watch.ElapsedMilliseconds);
                if (slowest.Count > 5) slowest.Dequeue();
            }
        }
    }

    /// <summary>What is wrong with what the compiler says about some files, whatever they hold: an exception, a place outside, a message that can't be shown.</summary>
    public static string? CheckWhatIsSaid(string[] texts)
    {
        var sources = texts.Select((text, k) => new SourceText($"file{k}.fnn", text)).ToArray();
        foreach (var diagnostic in CorpusCompiler.Diagnose(sources))
        {
            foreach (var place in diagnostic.Labels.Select(label => label.Location).Append(diagnostic.Location))
            {
                var isOwn = sources.Contains(place.Source);
                if (!isOwn && place == diagnostic.Location) return $"{diagnostic.Code} is about {place.Source.Path}, which is none of the files";
                if (place.Span.Start < 0 || place.Span.Length < 0 || place.Span.End > place.Source.Text.Length) return $"{diagnostic.Code} is at {place.Span}, outside of a file of {place.Source.Text.Length} characters";
            }
            if (DiagnosticRenderer.Render(diagnostic).Length == 0 || diagnostic.Message.Length == 0) return $"{diagnostic.Code} says nothing";
        }
        return null;
    }

    /// <summary>What the checker has nothing against must compile: through derivatives, fusion and planning, each pass verified.</summary>
    public static string? CheckWhatIsMade(string[] texts)
    {
        var files = texts.Select((text, k) => FnnParser.Parse(new SourceText($"file{k}.fnn", text))).ToArray();
        if (FnnCompiler.Check(files, "Corpus").Any(diagnostic => diagnostic.Severity == Severity.Error)) return null;
        var scope = Binder.Collect(files, "Corpus");
        // Thousands of copies compile too, in minutes: that is no hang.
        if (scope.Models.Any(name => Binder.BindModel(scope, name.Namespace, name.Name).Result is { } model && model.Training.Nodes.Count > MostNodes)) return null;
        foreach (var name in scope.Models)
        {
            if (FnnCompiler.CompileModel(scope, name.Namespace, name.Name).Result is null) return $"the model {name.Name} has no errors and no result";
        }
        foreach (var name in scope.Trains)
        {
            if (FnnCompiler.CompileTrain(scope, name.Namespace, name.Name).Result is null) return $"the train {name.Name} has no errors and no result";
        }
        foreach (var name in scope.Pipelines)
        {
            if (FnnCompiler.CompilePipeline(scope, name.Namespace, name.Name).Result is null) return $"the pipeline {name.Name} has no errors and no result";
        }
        foreach (var name in scope.Generates)
        {
            if (FnnCompiler.CompileGenerate(scope, name.Namespace, name.Name).Result is null) return $"the generate {name.Name} has no errors and no result";
        }
        return null;
    }

    // Where it was thrown, or what was wrong: two inputs with the same summary have most likely met the same mistake.
    private static string Summary(string problem) => string.Join('\n', problem.Split('\n').Take(2));

    private static string? Problem(string[] texts, Func<string[], string?> check)
    {
        try
        {
            return check(texts);
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }

    private static string Fail(string message)
    {
        Assert.Fail(message);
        return "";
    }

    private static string Message(int number, string problem, string[] texts) =>
        $"Input {number} (FNN_FUZZ={number}..{number + 1}) {problem}\n{string.Join("\n---- and ----\n", texts)}";

    /// <summary>The input without all lines that its failure can do without.</summary>
    private static string[] Smaller(string[] texts, Func<string[], bool> fails)
    {
        var until = Stopwatch.StartNew();
        if (texts.Length > 1)
        {
            foreach (var text in texts.Where(text => fails([text])).Take(1)) texts = [text];
        }
        for (var file = 0; file < texts.Length; file++)
        {
            var lines = texts[file].Split('\n').ToList();
            for (var size = Math.Max(1, lines.Count / 2); size > 0; size /= 2)
            {
                for (var at = lines.Count - size; at >= 0 && until.Elapsed < Longest; at -= size)
                {
                    var fewer = lines.Where((_, k) => k < at || k >= at + size).ToList();
                    string[] smaller = [.. texts[..file], string.Join('\n', fewer), .. texts[(file + 1)..]];
                    if (fails(smaller)) (lines, texts) = (fewer, smaller);
                }
            }
        }
        return texts;
    }
}
