using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Models;

/// <summary>Two threads in one network, or one generate, are told; calls within a call on one thread are not.</summary>
public sealed unsafe class ExclusiveUseTests
{
    [Fact]
    public void A_call_while_another_threads_is_under_way_is_refused_by_name()
    {
        using var net = new Busy();
        Exception? other = null;
        var isComputed = false;
        net.Compute(() => other = OtherThread.Run(() => net.Compute(() => isComputed = true)));
        Assert.Contains("The model Tests.Busy is being used by another thread", Assert.IsType<InvalidOperationException>(other).Message);
        Assert.False(isComputed);
        // Over is over, also after an error.
        Assert.Throws<TimeoutException>(() => net.Compute(() => throw new TimeoutException()));
        Assert.Null(OtherThread.Run(() => net.Compute(() => isComputed = true)));
        Assert.True(isComputed);
    }

    [Fact]
    public void A_call_within_a_call_is_part_of_it()
    {
        using var net = new Busy();
        Exception? other = null;
        var depth = 0;
        net.Compute(() =>
        {
            net.Compute(() => depth++);
            // The inner call has not ended the outer one.
            other = OtherThread.Run(() => net.Compute(() => depth++));
        });
        Assert.IsType<InvalidOperationException>(other);
        Assert.Equal(1, depth);
    }

    [Fact]
    public void A_generate_is_for_one_thread_and_its_network_for_others_meanwhile()
    {
        using var net = new Busy();
        using var draw = new BusyGenerate(net);
        using var second = new BusyGenerate(net);
        var others = new List<Exception?>();
        draw.Run(() =>
        {
            others.Add(OtherThread.Run(() => draw.Run(() => { })));
            others.Add(OtherThread.Run(() => second.Run(() => { })));
            others.Add(OtherThread.Run(() => net.Compute(() => { })));
        });
        Assert.Contains("generate FeedbackNN.Runtime.Tests.Models.ExclusiveUseTests+BusyGenerate", Assert.IsType<InvalidOperationException>(others[0]).Message);
        Assert.Equal([null, null], others[1..]);
    }

    private sealed class Busy() : Model(Described, device: null, seed: 0)
    {
        private static readonly ModelManifest Described = new("Tests.Busy", parameters: [], buffers: []);

        public void Compute(Action within)
        {
            using var program = new Within(Device.Pool, within);
            Run(program, null, null, null);
        }
    }

    private sealed class BusyGenerate(Model net) : Generation(net)
    {
        public void Run(Action within)
        {
            using var program = new Within(Device.Pool, within);
            Run(program, default);
        }
    }

    private sealed class Within(WorkerPool pool, Action within) : CpuProgram(pool, [])
    {
        protected override int AxisCount => 0;

        protected override ReadOnlySpan<string> Sources => [];

        protected override void Describe(nint* sizes, StepDescriptions descriptions) { }

        protected override void Measure(nint* sizes, Span<long> bytes) { }

        protected override void Execute(in ProgramCall call) => within();
    }
}
