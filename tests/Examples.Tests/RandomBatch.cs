namespace FeedbackNN.Examples.Tests;

/// <summary>Samples of random numbers with random labels, for tests that compare trainings with each other.</summary>
internal static class RandomBatch
{
    /// <summary>Numbers from -0.5 to 0.5, then a class for each sample, of one stream of random numbers.</summary>
    public static (Tensor<float, TBatch, TFeatures> X, Tensor<int, TBatch> Label) Of<TBatch, TFeatures>(int size, int features, int classes, int seed)
        where TBatch : IAxis
        where TFeatures : IAxis
    {
        var random = new Random(seed);
        var x = new Tensor<float, TBatch, TFeatures>(size, features);
        var label = new Tensor<int, TBatch>(size);
        foreach (ref var number in x.Span) number = random.NextSingle() - 0.5f;
        foreach (ref var number in label.Span) number = random.Next(classes);
        return (x, label);
    }
}
