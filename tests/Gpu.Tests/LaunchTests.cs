using FeedbackNN.Dsl;
using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Planning;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Gpu.Nets;

namespace FeedbackNN.Gpu.Tests;

/// <summary>A training step launches as many kernels as <c>fnn plan</c> says: programs, losses, clipping, optimizers, running statistics.</summary>
public sealed class LaunchTests
{
    private const int Rows = 7, Length = 3;

    [SkippableFact]
    public void A_step_with_momentum_and_running_statistics()
    {
        using var net = new Mixed(Pocl.Require(), seed: 1);
        using var trainer = new FitMixedSgd(net, seed: 2);
        AssertPlanned("FitMixedSgd", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, Length), new(Rows))), accumulated: false);
    }

    [SkippableFact]
    public void Steps_that_add_gradients_up_and_the_one_that_uses_them()
    {
        using var net = new Mixed(Pocl.Require(), seed: 1);
        using var trainer = new FitMixedAdamW(net, seed: 2);
        for (var step = 0; step < 6; step++)
        {
            AssertPlanned("FitMixedAdamW", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, Length), new(Rows))), accumulated: step % 3 < 2);
        }
    }

    [SkippableFact]
    public void Gradients_that_are_clipped_one_by_one()
    {
        using var net = new Line(Pocl.Require(), seed: 1);
        using var trainer = new FitLine(net, seed: 2);
        AssertPlanned("FitLine", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, 1))), accumulated: false);
    }

    [SkippableFact]
    public void Two_losses_of_which_the_first_is_remembered()
    {
        var device = Pocl.Require();
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 2);
        using var trainer = new FitPair(first, second, seed: 2);
        AssertPlanned("FitPair", device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, 1))), accumulated: false);
    }

    [SkippableFact]
    public void A_loss_that_is_scaled()
    {
        using var net = new Small(Pocl.Require(), seed: 1);
        using var trainer = new FitSmallF16(net, seed: 2);
        AssertPlanned("FitSmallF16", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows))), accumulated: false);
    }

    [SkippableFact]
    public void Scaled_losses_whose_gradients_are_added_up()
    {
        using var net = new Line(Pocl.Require(), seed: 1);
        using var trainer = new FitSteepParts(net, seed: 2);
        for (var step = 0; step < 3; step++) AssertPlanned("FitSteepParts", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, 1))), accumulated: step < 2);
    }

    [SkippableFact]
    public void Two_losses_that_are_scaled()
    {
        var device = Pocl.Require();
        using var first = new Line(device, seed: 1);
        using var second = new Line(device, seed: 2);
        using var trainer = new FitScaledPair(first, second, seed: 2);
        AssertPlanned("FitScaledPair", device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, 1))), accumulated: false);
    }

    [SkippableFact]
    public void Updates_of_low_rank()
    {
        using var net = new Mixed(Pocl.Require(), seed: 1);
        using var trainer = new FitMixedLowRank(net, seed: 2);
        AssertPlanned("FitMixedLowRank", net.Device, () => trainer.Step(new(new(Rows, Features.Size), new(Rows, Length), new(Rows))), accumulated: false);
    }

    /// <summary>A step launches what its train's plan says, at so many rows of this length.</summary>
    internal static void AssertPlanned(string train, Device device, Action step, bool accumulated, int rows = Rows)
    {
        var planned = TrainLaunches.Of(Compiled(train));
        var sizes = new Dictionary<string, long> { ["batch"] = rows, ["length"] = Length };
        var expected = planned.Others + planned.Objectives.Sum(objective => objective.Program.Always.Evaluate(axis => sizes[axis]) + 1 + (accumulated ? objective.Accumulation : objective.Update));
        var before = ((GpuDevice)device).Launches;
        step();
        Assert.Equal(expected, ((GpuDevice)device).Launches - before);
    }

    private static CompiledTrain Compiled(string train)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "nets.fnn");
        var scope = Binder.Collect([FnnParser.Parse(new SourceText(path, File.ReadAllText(path)))], "");
        return FnnCompiler.CompileTrain(scope, "FeedbackNN.Gpu.Nets", train).Result!;
    }
}
