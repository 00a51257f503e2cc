using Families;

namespace FeedbackNN.Examples.Tests;

/// <summary>Members of a family of trains, in one loop: they do what the same trains do when each is written out.</summary>
public sealed class FamiliesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("families-").FullName;
    private readonly Narrow _narrow = new(seed: 1);
    private readonly Wide _wide = new(seed: 2);

    public void Dispose()
    {
        _narrow.Dispose();
        _wide.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static (float[] X, float[] Noise, int Label)[] Samples(int noise)
    {
        var random = new Random(3);
        return Enumerable.Range(0, 100).Select(i => (Numbers(6, i % 3), Numbers(noise, 0), i % 3)).ToArray();

        float[] Numbers(int count, float shift) => Enumerable.Range(0, count).Select(_ => random.NextSingle() + shift).ToArray();
    }

    private static IDataSource<Fit.Sample> Data(int noise) => DataSource.From(Samples(noise).Select(sample => new Fit.Sample(sample.X, sample.Noise, sample.Label)).ToArray());

    [Fact]
    public void A_loop_over_members_trains_each_to_the_bits_of_a_train_written_by_hand()
    {
        Fit[] members = [new FitNarrow(_narrow, seed: 7), new FitWide(_wide, seed: 7)];
        var noise = new[] { 10, 48 };
        var found = members.Select((fit, i) => (Trained: fit.Run(Data(noise[i]), epochs: 5, batchSize: 16), Evaluated: fit.Evaluate(Data(noise[i])), Weights: Weights(fit.Net))).ToArray();

        using var narrow = new Narrow(seed: 1);
        using var wide = new Wide(seed: 2);
        using var narrowByHand = new NarrowByHand(narrow, seed: 7);
        using var wideByHand = new WideByHand(wide, seed: 7);
        var first = narrowByHand.Run(DataSource.From(Samples(10).Select(sample => new NarrowByHand.Sample(sample.X, sample.Noise, sample.Label)).ToArray()), epochs: 5, batchSize: 16);
        var data = DataSource.From(Samples(48).Select(sample => new WideByHand.Sample(sample.X, sample.Noise, sample.Label)).ToArray());
        var second = wideByHand.Run(data, epochs: 5, batchSize: 16);
        var evaluated = wideByHand.Evaluate(data);
        Assert.Equal((first.Step, first.Loss, first.Accuracy), (found[0].Trained.Step, found[0].Trained.Loss, found[0].Trained.Accuracy));
        Assert.Equal((second.Step, second.Loss, second.Accuracy), (found[1].Trained.Step, found[1].Trained.Loss, found[1].Trained.Accuracy));
        Assert.Equal(Weights(narrow), found[0].Weights);
        Assert.Equal(Weights(wide), found[1].Weights);
        // The average is a network of the member's own class, and what evaluations are made with.
        Assert.Equal(Weights(narrowByHand.Average), Weights(((FitNarrow)members[0]).Average));
        Assert.Equal((evaluated.Step, evaluated.Loss, evaluated.Accuracy), (found[1].Evaluated.Step, found[1].Evaluated.Loss, found[1].Evaluated.Accuracy));
        foreach (var fit in members) fit.Dispose();
    }

    private static float[] Weights(Model net) => net.AllParameters.SelectMany(parameter => parameter.Value.ToArray()).ToArray();

    [Fact]
    public void What_members_have_in_common_is_of_the_family()
    {
        using var member = new FitWide(_wide, seed: 7);
        Fit fit = member;
        Assert.Same(_wide, fit.Net);
        Wide own = member.Net;
        Assert.Same(own, fit.Net);
        Assert.Same(member.Optimizer, fit.Optimizer);
        Assert.Equal(typeof(Fit.Sample), typeof(FitWide).BaseType!.GetNestedType("Sample"));
        Assert.Null(typeof(FitWide).GetNestedType("Sample"));
        Assert.True(typeof(FitWide).IsSealed && typeof(Fit).IsAbstract && typeof(Trainer<Fit.Sample, Fit.MiniBatch, Fit.Report>) == typeof(Fit).BaseType);
        using var slow = new ShakeSlowly(_narrow);
        Narrow plain = ((Shake)slow).Net;
        Assert.Same(_narrow, plain);
        Assert.Equal(1e-3, slow.Optimizer.LearningRate.At(0));
    }

    [Fact]
    public void Sizes_that_members_choose_are_checked_by_each()
    {
        using var fit = new FitNarrow(_narrow, seed: 7);
        var sample = Assert.Throws<ArgumentException>(() => fit.Run(Data(48), epochs: 1, batchSize: 16));
        Assert.Contains("noise", sample.Message);
        Assert.Contains("10", sample.Message);
        using var x = new Tensor<float, Batch, N6>(2, 6);
        using var label = new Tensor<int, Batch>(2);
        using var right = new Tensor<float, Batch, N10>(2, 10);
        Assert.Equal(1, fit.Step(new Fit.MiniBatch(x, right, label)).Step);
        using var wide = new Tensor<float>(2, 48);
        Assert.Contains("2 * net.width", Assert.Throws<ArgumentException>(() => fit.Step(new Fit.MiniBatch(x, wide, label))).Message);
        using var flat = new Tensor<float>(20);
        Assert.Throws<ArgumentException>(() => fit.Step(new Fit.MiniBatch(x, flat, label)));
    }

    [Fact]
    public void A_run_of_a_member_with_a_folder_goes_on_and_is_no_other_members()
    {
        var folder = Path.Combine(_folder, "run");
        var options = new RunOptions(folder) { Metric = "accuracy", Maximize = true, MaxSteps = 9 };
        using (var fit = new FitNarrow(_narrow, seed: 7)) ((Fit)fit).Run(Data(10), epochs: 5, batchSize: 16, options, Data(10));
        using var again = new Narrow(seed: 1);
        using var resumed = new FitNarrow(again, seed: 7);
        var result = resumed.Run(Data(10), epochs: 5, batchSize: 16, new RunOptions(folder) { Metric = "accuracy", Maximize = true }, Data(10));
        Assert.Equal(35, result.Steps);
        using var whole = new Narrow(seed: 1);
        using var uninterrupted = new FitNarrow(whole, seed: 7);
        uninterrupted.Run(Data(10), epochs: 5, batchSize: 16);
        Assert.Equal(Weights(whole), Weights(again));
        using var other = new FitWide(_wide, seed: 7);
        Assert.Throws<CheckpointException>(() => other.Run(Data(48), epochs: 5, batchSize: 16, new RunOptions(folder), Data(48)));
    }
}
