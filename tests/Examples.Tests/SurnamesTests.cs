using Surnames;

namespace FeedbackNN.Examples.Tests;

/// <summary>A short training of the example's GRU, and what it makes of names that are filled up.</summary>
public sealed class SurnamesTests
{
    [SkippableFact]
    public void Names_that_were_never_seen_are_told_apart()
    {
        var files = NameFiles.Read(SharedData.Find("surnames-by-language"));
        var (train, test) = files.Names.Split(0.8, seed: 1);
        using var net = new Reader(seed: 1);
        using var trainer = new Fit(net, seed: 1);
        trainer.Run(train.Take(4000), epochs: 2, batchSize: 64);
        var some = test.Take(500);
        // More than half of all names are Russian: that is where a network begins that learns nothing.
        var result = trainer.Evaluate(some);
        Assert.True(result.Accuracy > 0.6, $"accuracy {result.Accuracy}");
        Assert.Equal(result.Accuracy, Reading.Confusion(net, some).Accuracy, 0.005);
    }

    /// <summary>What fills up a name says nothing: the state after its last letter is what is read.</summary>
    [Fact]
    public void A_name_means_the_same_however_it_is_filled_up()
    {
        using var net = new Reader(seed: 1);
        var letters = NameFiles.Encode("Dostoevsky");
        var filled = letters.Concat(new int[10]).ToArray();
        using var alone = net.Forward(new(letters, 1, letters.Length), new([letters.Length])).Logits;
        using var among = net.Forward(new(filled, 1, filled.Length), new([letters.Length])).Logits;
        Assert.All(alone.ToArray().Zip(among.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }
}
