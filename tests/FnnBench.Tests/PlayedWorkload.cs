using FeedbackNN;
using FnnBench.Frame;

namespace FnnBench.Tests;

/// <summary>A workload whose sides answer what a test wants and count their steps.</summary>
internal sealed class PlayedWorkload(Agreement agreement) : IWorkload
{
    private readonly Agreement _agreement = agreement;

    public string Name => "played";

    public string Summary => "For tests.";

    public IReadOnlyList<ICase> Cases => [new PlayedCase(this)];

    /// <summary>The steps in their order: o for ours, t for the other side's.</summary>
    public List<char> Steps { get; } = [];

    public Exception? Failure { get; init; }

    private sealed class PlayedCase(PlayedWorkload workload) : ICase, IContest
    {
        public string Name => "batch 1, \"quoted\"";

        public IContest Open(Device device) => this;

        public Agreement Compare() => workload._agreement;

        public void StepOurs()
        {
            if (workload.Failure is { } failure) throw failure;
            workload.Steps.Add('o');
        }

        public void StepTorch() => workload.Steps.Add('t');

        public void Dispose()
        {
        }
    }
}
