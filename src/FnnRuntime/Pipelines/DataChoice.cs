using System.ComponentModel;

namespace FeedbackNN;

/// <summary>Computes the numbers of one sample, taken as a batch of its own.</summary>
/// <param name="program">What to compute; null for the losses and metrics of an evaluation.</param>
/// <param name="sample">Which sample.</param>
internal delegate ReadOnlySpan<double> SampleEvaluation(TrainingProgram? program, int sample);

/// <summary>Samples that a step of a pipeline has chosen: kept with its state, because the weights that chose them change while it trains.</summary>
/// <param name="Samples">Their indices, rising.</param>
/// <param name="Answers">For each what takes the place of its label; null where labels stay.</param>
internal sealed record ChosenSamples(int[] Samples, int[]? Answers)
{
    public static ChosenSamples Of(List<int> samples, List<int>? answers = null) => new(Pinned(samples), answers is null ? null : Pinned(answers));

    /// <summary>Room for so many, to be read from a file.</summary>
    public static ChosenSamples OfLength(int count, bool hasAnswers) => new(Allocate(count), hasAnswers ? Allocate(count) : null);

    private static int[] Pinned(List<int> values)
    {
        var array = Allocate(values.Count);
        values.CopyTo(array);
        return array;
    }

    // The file is read into them and written from them.
    private static int[] Allocate(int count) => GC.AllocateArray<int>(count, pinned: true);
}

/// <summary>A way to choose a part of a pipeline's data by what its networks make of it; for generated code.</summary>
/// <typeparam name="TSample">One sample.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class DataChoice<TSample>
{
    private protected DataChoice() { }

    internal abstract ChosenSamples Choose(int count, SampleEvaluation evaluate);

    internal virtual IDataSource<TSample> Of(IDataSource<TSample> data, ChosenSamples chosen) => DataSource.From(chosen.Samples.Length, i => data[chosen.Samples[i]]);
}

/// <summary><c>hardest(data, by: loss, top: 0.2)</c>: the samples with the largest loss, each taken alone. Of equal ones the first come first.</summary>
/// <param name="objective">Which loss of the training.</param>
/// <param name="top">Their share of all; at least one sample is taken.</param>
/// <typeparam name="TSample">One sample.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class HardestChoice<TSample>(int objective, double top) : DataChoice<TSample>
{
    internal override ChosenSamples Choose(int count, SampleEvaluation evaluate)
    {
        if (count == 0) return ChosenSamples.Of([]);
        var losses = new double[count];
        var order = new int[count];
        for (var sample = 0; sample < count; sample++)
        {
            var numbers = evaluate(null, sample);
            var loss = numbers[2 * objective] / numbers[2 * objective + 1];
            // Nothing is harder than what has no loss that is a number.
            losses[sample] = double.IsNaN(loss) ? double.PositiveInfinity : loss;
            order[sample] = sample;
        }
        Array.Sort(order, (a, b) => losses[a] == losses[b] ? a.CompareTo(b) : losses[b].CompareTo(losses[a]));
        var taken = Math.Clamp((int)Math.Round(top * count, MidpointRounding.AwayFromZero), 1, count);
        return ChosenSamples.Of([.. order.Take(taken).Order()]);
    }
}

/// <summary>
/// <c>confident(data, by: logits, above: 0.9)</c>: the samples of which the network is sure, with its answers as labels (pseudo-labels: Lee, "Pseudo-Label",
/// ICML workshop 2013).
/// </summary>
/// <param name="answers">Makes the program whose numbers are the largest probability of a sample's classes, and which class has it.</param>
/// <param name="above">The probability must be above this.</param>
/// <param name="answered">A sample with that class as its label.</param>
/// <typeparam name="TSample">One sample.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ConfidentChoice<TSample>(Func<TrainingProgram> answers, double above, Func<TSample, int, TSample> answered) : DataChoice<TSample>
{
    internal override ChosenSamples Choose(int count, SampleEvaluation evaluate)
    {
        var program = answers();
        try
        {
            List<int> samples = [], classes = [];
            for (var sample = 0; sample < count; sample++)
            {
                var numbers = evaluate(program, sample);
                if (!(numbers[0] > above)) continue;
                samples.Add(sample);
                classes.Add((int)numbers[1]);
            }
            return ChosenSamples.Of(samples, classes);
        }
        finally
        {
            program.Program.Dispose();
        }
    }

    internal override IDataSource<TSample> Of(IDataSource<TSample> data, ChosenSamples chosen) =>
        DataSource.From(chosen.Samples.Length, i => answered(data[chosen.Samples[i]], chosen.Answers![i]));
}
