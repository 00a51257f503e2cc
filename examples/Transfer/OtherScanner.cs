using FeedbackNN;

namespace Transfer;

/// <summary>A way to learn: how it is called, how many weights it trains, and what share of pictures it reads that no training saw.</summary>
public sealed record Outcome(string Way, long Trained, double Accuracy);

/// <summary>
/// A network reads digits from one scanner. Another scanner's pictures are pale on grey paper, and only a few of them are labelled: they are learnt by a network that knows nothing, and in three ways from the first
/// one's weights.
/// </summary>
public sealed class OtherScanner
{
    private const int Epochs = 40, BatchSize = 10;
    private readonly LabelledSample[] _known;
    private readonly LabelledSample[] _few;
    private readonly LabelledSample[] _unseen;
    private readonly ulong _seed;

    /// <param name="digits">The pictures with their labels, 0 to 9, pixels from 0 to 1.</param>
    /// <param name="labelled">How many pictures of the other scanner are labelled.</param>
    /// <param name="seed">Of everything that is drawn.</param>
    public OtherScanner(IDataSource<LabelledSample> digits, int labelled, ulong seed)
    {
        _seed = seed;
        var (known, rest) = digits.Split(0.6, seed);
        _known = known.ToArray();
        var other = rest.ToArray().Select(digit => digit with { Features = Paled(digit.Features.Span) }).ToArray();
        (_few, _unseen) = (other[..labelled], other[labelled..]);
    }

    /// <summary>How many pictures of the other scanner are learnt from, and how many are left to read.</summary>
    public (int Few, int Unseen) Counts => (_few.Length, _unseen.Length);

    /// <summary>A network that reads the first scanner's pictures.</summary>
    public Reader LearnFirst()
    {
        var net = new Reader(seed: _seed);
        using var trainer = new FitAll(net, _seed);
        trainer.Run(DataSource.From(_known).Select(digit => new FitAll.Sample(digit.Features, digit.Label)), epochs: 15, batchSize: 32);
        return net;
    }

    public Outcome Untouched(Reader reader) => new("nothing", 0, Accuracy(reader));

    public Outcome FromNothing()
    {
        using var net = new Reader(seed: _seed + 1);
        using var trainer = new FitAll(net, _seed);
        trainer.Run(DataSource.From(_few).Select(digit => new FitAll.Sample(digit.Features, digit.Label)), Epochs, BatchSize);
        return new("all, from nothing", trainer.TrainedCount, Accuracy(net));
    }

    public Outcome Head(Reader reader)
    {
        using var net = new Reader(seed: _seed + 1);
        // Only what is below "body" is taken over: the head is a new one.
        net.Transfer(reader, from: "body", to: "body");
        using var trainer = new FitHead(net, _seed);
        trainer.Run(DataSource.From(_few).Select(digit => new FitHead.Sample(digit.Features, digit.Label)), Epochs, BatchSize);
        return new("a new head", trainer.TrainedCount, Accuracy(net));
    }

    public Outcome Slowly(Reader reader)
    {
        using var net = Copy(reader);
        using var trainer = new FitSlowly(net, _seed);
        trainer.Run(DataSource.From(_few).Select(digit => new FitSlowly.Sample(digit.Features, digit.Label)), Epochs, BatchSize);
        return new("all, the body slowly", trainer.TrainedCount, Accuracy(trainer.Average));
    }

    /// <param name="reader">Whose weights stay as they are.</param>
    /// <param name="adaptersPath">Takes the updates alone.</param>
    public Outcome LowRank(Reader reader, string adaptersPath)
    {
        using var net = Copy(reader);
        using var trainer = new FitLowRank(net, _seed);
        trainer.Run(DataSource.From(_few).Select(digit => new FitLowRank.Sample(digit.Features, digit.Label)), Epochs, BatchSize);
        trainer.Adapters.Save(adaptersPath);

        // Merged, the network is one like any other.
        trainer.Adapters.Merge();
        return new("updates of low rank", trainer.TrainedCount, Accuracy(net));
    }

    private Reader Copy(Reader reader)
    {
        var net = new Reader(seed: _seed + 1);
        net.Transfer(reader);
        return net;
    }

    private double Accuracy(Reader net)
    {
        var right = 0;
        foreach (var digit in _unseen)
        {
            var logits = net.Predict(digit.Features.Span);
            if (Array.IndexOf(logits, logits.Max()) == digit.Label) right++;
        }
        return (double)right / _unseen.Length;
    }

    // Grey paper and pale ink.
    private static float[] Paled(ReadOnlySpan<float> picture)
    {
        var paled = new float[picture.Length];
        for (var i = 0; i < paled.Length; i++) paled[i] = 0.3f + (0.4f * picture[i]);
        return paled;
    }
}
