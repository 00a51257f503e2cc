using TorchSharp;
using static TorchSharp.torch;

namespace FeedbackNN.Parity;

/// <summary>
/// Every schedule beside TorchSharp's of the same form, update by update, and beside its formula where TorchSharp has no such one. Ours stay at their end;
/// CosineAnnealingLR goes up again there, so it is compared until then.
/// </summary>
public sealed class ScheduleTests
{
    private const double Rate = 0.08;

    private static readonly Row[] Table =
    [
        new("constant", Schedule.Constant(Rate), 30, optimizer => optim.lr_scheduler.ConstantLR(optimizer, 1, 10)),
        new("number", Rate, 30, optimizer => optim.lr_scheduler.LambdaLR(optimizer, _ => 1)),
        new("cosine", Schedule.Cosine(Rate, 20), 21, optimizer => optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)),
        new("cosine to an end", Schedule.Cosine(Rate, 13, end: 0.01), 14, optimizer => optim.lr_scheduler.CosineAnnealingLR(optimizer, 13, 0.01)),
        new("cosine after its end", Schedule.Cosine(Rate, 7, end: 0.01), 30, optimizer => optim.lr_scheduler.LambdaLR(optimizer, update => Cosine(Rate, 0.01, update / 7.0) / Rate)),
        new("linear", Schedule.Linear(Rate, 12), 30, optimizer => optim.lr_scheduler.LinearLR(optimizer, 1, 0, 12)),
        new("linear to an end", Schedule.Linear(Rate, 12, end: 0.02), 30, optimizer => optim.lr_scheduler.LinearLR(optimizer, 1, 0.25, 12)),
        new("linear upwards", Schedule.Linear(Rate, 12, end: 0.16), 30, optimizer => optim.lr_scheduler.LambdaLR(optimizer, update => 1 + Math.Min(1, update / 12.0))),
        new("linear as a polynomial", Schedule.Linear(Rate, 12), 30, optimizer => optim.lr_scheduler.PolynomialLR(optimizer, 12, 1)),
        new("step", Schedule.Step(Rate, 5), 30, optimizer => optim.lr_scheduler.StepLR(optimizer, 5)),
        new("step by a factor", Schedule.Step(Rate, 4, 0.5), 30, optimizer => optim.lr_scheduler.StepLR(optimizer, 4, 0.5)),
        new("step each time", Schedule.Step(Rate, 1, 0.9), 30, optimizer => optim.lr_scheduler.ExponentialLR(optimizer, 0.9)),
        // TorchSharp has no warm-up: the rise is its LinearLR, the whole the formula.
        new("warm-up", Schedule.WarmupCosine(Rate, 6, 20), 6, optimizer => optim.lr_scheduler.LinearLR(optimizer, 1 / 6.0, 1, 5)),
        new("warm-up and cosine", Schedule.WarmupCosine(Rate, 6, 20, end: 0.01), 40, optimizer =>
            optim.lr_scheduler.LambdaLR(optimizer, update => update < 6 ? (update + 1) / 6.0 : Cosine(Rate, 0.01, (update - 6) / 14.0) / Rate)),
        new("no warm-up", Schedule.WarmupCosine(Rate, 0, 20), 21, optimizer => optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)),
        new("a formula", Schedule.From(update => Rate / (1 + update)), 30, optimizer => optim.lr_scheduler.LambdaLR(optimizer, update => 1.0 / (1 + update))),
    ];

    public static TheoryData<string> Names() => [.. Table.Select(row => row.Name)];

    [SkippableTheory]
    [MemberData(nameof(Names))]
    public void Rates_agree(string name)
    {
        Libtorch.Require();
        using var scope = NewDisposeScope();
        var row = Table.Single(row => row.Name == name);
        using var weight = new TorchSharp.Modules.Parameter(zeros(1));
        using var optimizer = optim.SGD([weight], Rate);
        var theirs = row.Theirs(optimizer);
        for (var update = 0; update < row.Updates; update++)
        {
            var rate = Assert.Single(optimizer.ParamGroups).LearningRate;
            Assert.True(Math.Abs(row.Ours.At(update) - rate) <= 1e-9 * Rate, $"update {update}: {row.Ours.At(update)} against {rate}");
            optimizer.step();
            theirs.step();
        }
    }

    private static double Cosine(double start, double end, double progress) => end + ((start - end) * 0.5 * (1 + Math.Cos(Math.PI * Math.Min(1, progress))));

    private sealed record Row(string Name, Schedule Ours, int Updates, Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> Theirs);
}
