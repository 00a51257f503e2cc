using FeedbackNN;

namespace GpuBench.Steps;

/// <summary>A network with its training and a batch, whatever their types are.</summary>
internal sealed class OpenStep(IDisposable[] owned) : IDisposable
{
    /// <summary>Makes a step, waits, and gives its loss.</summary>
    public required Func<double> Step { get; init; }

    /// <summary>Hands over so many steps, as a run does that nobody watches, and waits for the last.</summary>
    public required Action<int> Steps { get; init; }

    public required Func<Profile> Profile { get; init; }

    public required long ParameterCount { get; init; }

    /// <summary>Of intermediate values.</summary>
    public required long ArenaBytes { get; init; }

    public static OpenStep Of<TBatch, TReport>(Model net, Trainer<TBatch, TReport> trainer, TBatch batch, Func<TReport, double> loss) => new([trainer, net])
    {
        Step = () => loss(trainer.Step(batch)),
        Steps = count =>
        {
            for (var i = 0; i < count; i++) trainer.RunStep(batch, isAsked: false);
            trainer.Settle();
        },
        Profile = () => trainer.Profile(batch),
        ParameterCount = net.AllParameters.Sum(parameter => (long)parameter.Value.Length),
        ArenaBytes = trainer.ArenaBytes(batch),
    };

    public void Dispose()
    {
        foreach (var one in owned) one.Dispose();
    }
}
