using FeedbackNN;

namespace Feedback;

/// <summary>Trains the three nets on the same digits and measures them on the same others.</summary>
internal sealed class Experiment(LabelledData digits, int epochs, ulong seed)
{
    private const int BatchSize = 32;

    private readonly (IDataSource<LabelledSample> Train, IDataSource<LabelledSample> Test) _data = digits.Split(2.0 / 3, seed);

    public int TrainCount => _data.Train.Count;

    public int TestCount => _data.Test.Count;

    public double Plain()
    {
        using var net = new Plain(seed: seed);
        using var trainer = new FitPlain(net, seed: seed);
        trainer.Run(_data.Train.Select(digit => new FitPlain.Sample(digit.Features, digit.Label)), epochs, BatchSize);
        return trainer.Evaluate(_data.Test.Select(digit => new FitPlain.Sample(digit.Features, digit.Label))).Accuracy;
    }

    /// <summary>The accuracy after each round.</summary>
    public double[] ByRound()
    {
        using var net = new Recurrent(seed: seed);
        using var trainer = new FitRecurrent(net, seed: seed);
        trainer.Run(_data.Train.Select(digit => new FitRecurrent.Sample(digit.Features, digit.Label)), epochs, BatchSize);

        using var x = TestPictures();
        using var answers = net.Forward(x);
        return Enumerable.Range(0, Rounds.Size).Select(round => Enumerable.Range(0, TestCount).Average(i => Answer(i, round) == _data.Test[i].Label ? 1.0 : 0)).ToArray();

        int Answer(int i, int round) => Enumerable.Range(0, Classes.Size).MaxBy(digit => answers[i, round, digit]);
    }

    /// <summary>The accuracy at rest, how many rounds that needs, and the median residual after each round of both methods.</summary>
    public (double Accuracy, double Needed, double[] Repeated, double[] Anderson) AtRest()
    {
        using var net = new Equilibrium(seed: seed);
        using var trainer = new FitEquilibrium(net, seed: seed);
        trainer.Run(_data.Train.Select(digit => new FitEquilibrium.Sample(digit.Features, digit.Label)), epochs, BatchSize);
        var report = trainer.Evaluate(_data.Test.Select(digit => new FitEquilibrium.Sample(digit.Features, digit.Label)));

        using var residuals = new Residuals();
        foreach (var (to, from) in residuals.AllParameters.Zip(net.AllParameters))
            from.Value.CopyTo(to.Value);
        using var x = TestPictures();
        var (repeated, anderson) = residuals.Forward(x);
        return (report.Accuracy, report.MeanNeeded, Medians(repeated), Medians(anderson));
    }

    private Tensor<float, Batch, Pixels> TestPictures() => new([.. _data.Test.ToArray().SelectMany(digit => digit.Features.ToArray())], TestCount, Pixels.Size);

    private static double[] Medians(Tensor<float> table) => Enumerable.Range(0, table.Shape[1])
        .Select(column => (double)Enumerable.Range(0, table.Shape[0]).Select(row => table[row, column]).Order().ElementAt(table.Shape[0] / 2)).ToArray();
}
