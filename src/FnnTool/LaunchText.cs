using System.Globalization;
using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Tool;

/// <summary>How many kernels a training step launches, for people to read: a line for each loss.</summary>
internal static class LaunchText
{
    /// <summary>The lines under a training's name.</summary>
    /// <param name="compiled">The training.</param>
    /// <param name="amount">A size as text: a number where its axes are known.</param>
    public static IEnumerable<string> Lines(CompiledTrain compiled, Func<Size, string> amount)
    {
        var launches = TrainLaunches.Of(compiled);
        for (var i = 0; i < launches.Objectives.Count; i++)
        {
            var (name, program, update, accumulation) = (launches.Objectives[i].Name, launches.Objectives[i].Program, launches.Objectives[i].Update, launches.Objectives[i].Accumulation);
            var every = compiled.Train.Objectives[i].Every;
            var rest = accumulation == 0 ? $"{Number(update)} to update weights" : $"{Number(update)} to update weights, or {Number(accumulation)} where gradients are only added up";
            // A loss is looked at on the device, before its gradients are used.
            yield return $"'{name}'{(every > 1 ? $", every {Number(every)} steps" : "")}: {Kernels(program.Always + Size.Constant(1 + update), amount)}, {amount(program.Always)} for its value and gradients, 1 to look at it, {rest}"
                + string.Concat(program.Loops.Select(loop => $"; and {amount(loop.EachRound)} for each of at most {amount(loop.AtMost)} rounds"));
        }
        if (launches.Others > 0) yield return $"{Kernels(Size.Constant(launches.Others), amount)} for values that are kept from step to step";
    }

    /// <summary><c>1 kernel</c>, <c>12 kernels</c>.</summary>
    public static string Kernels(Size count, Func<Size, string> amount) => count.IsOne ? "1 kernel" : $"{amount(count)} kernels";

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
