using System.CommandLine;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;

namespace FeedbackNN.Tool;

/// <summary><c>fnn plan</c>: what the compiler makes of models or of a training: the steps of their programs, the values in memory and why they are there, the kernels.</summary>
internal static class PlanCommand
{
    public static Command Create(TextWriter output, TextWriter errors)
    {
        var paths = FnnFiles.Compiled();
        var model = new Option<string?>("--model") { Description = "The model to look at. Default: all." };
        var train = new Option<string?>("--train") { Description = "A training to look at instead of models: the programs of its steps and of its evaluation." };
        var at = new Option<string[]>("--at") { Description = "Sizes of run-time axes, to know how much memory is needed: batch=64,time=128." };
        var command = new Command("plan", "Shows the programs that models and trainings become: steps, fused kernels, values in memory and why they are there.") { paths, model, train, at };
        command.SetAction(parsed => parsed.GetValue(train) is { } name
            ? RunTrain(parsed.GetValue(paths) ?? [], name, parsed.GetValue(at) ?? [], output, errors)
            : Run(parsed.GetValue(paths) ?? [], parsed.GetValue(model), parsed.GetValue(at) ?? [], output, errors));
        return command;
    }

    public static int Run(IReadOnlyList<string> paths, string? name, IReadOnlyList<string> at, TextWriter output, TextWriter errors)
    {
        if (!AskedModels.TryRead(paths, name, at, errors, out var asked, out var exitCode)) return exitCode;
        var isFirst = true;
        foreach (var compiled in asked.Models)
        {
            foreach (var (title, plan) in Programs(compiled))
            {
                if (!isFirst) output.WriteLine();
                isFirst = false;
                new PlanReport(asked.Sources.Scope, PlaceNames.Of(compiled.Model), plan, asked.Sizes, output).Write($"{new DeclarationName(compiled.Model.Namespace, compiled.Model.Name).FullName}, {title}");
            }
        }
        foreach (var train in Trainings(asked)) WriteLaunches(train, asked.Sizes, output);
        return ExitCodes.Success;
    }

    /// <summary>The trainings of these models.</summary>
    private static IEnumerable<CompiledTrain> Trainings(AskedModels asked)
    {
        var models = asked.Models.Select(compiled => (compiled.Model.Namespace, compiled.Model.Name)).ToHashSet();
        return asked.Sources.Scope.Trains.Select(asked.Sources.CompileTrain).Where(compiled => compiled.Train.Nets.Any(net => models.Contains((net.ModelNamespace, net.ModelName))));
    }

    private static void WriteLaunches(CompiledTrain compiled, IReadOnlyDictionary<string, long> sizes, TextWriter output)
    {
        var train = compiled.Train;
        var hasSizes = train.RuntimeAxes.All(sizes.ContainsKey);
        output.WriteLine();
        output.WriteLine($"{new DeclarationName(train.Namespace, train.Name).FullName}, a step on a GPU launches");
        foreach (var line in LaunchText.Lines(compiled, size => hasSizes ? LaunchText.Number(size.Evaluate(axis => sizes[axis])) : size.ToString())) output.WriteLine("  " + line);
    }

    /// <summary>The programs of a training.</summary>
    public static int RunTrain(IReadOnlyList<string> paths, string name, IReadOnlyList<string> at, TextWriter output, TextWriter errors)
    {
        if (!AskedModels.TryRead(paths, at, errors, out var sources, out var sizes, out var exitCode)) return exitCode;
        if (!sources.TryFindTrain(name, errors, out var found)) return ExitCodes.BadArguments;
        var compiled = sources.CompileTrain(found);
        if (!AskedModels.AreKnown(sizes, [.. compiled.Train.RuntimeAxes], "train", errors)) return ExitCodes.BadArguments;
        var names = PlaceNames.Of(compiled);
        for (var i = 0; i < compiled.Objectives.Count; i++)
        {
            new PlanReport(sources.Scope, names, compiled.Objectives[i], sizes, output).Write($"{found.FullName}, a step for '{compiled.Train.Objectives[i].Name}'");
            output.WriteLine();
        }
        new PlanReport(sources.Scope, names, compiled.Evaluation, sizes, output).Write($"{found.FullName}, an evaluation");
        return ExitCodes.Success;
    }

    private static IEnumerable<(string Title, ProgramPlan Plan)> Programs(CompiledModel compiled)
    {
        yield return ("one call", compiled.Inference);
        yield return ("a training step", compiled.Training);
        if (compiled.Stream is { } stream) yield return ($"one step along {stream.Axis}", stream.Program);
    }
}
