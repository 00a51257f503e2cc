using FeedbackNN.Cpu;

namespace FeedbackNN.Runtime.Tests.Models;

/// <summary>More than all the memory there is is refused by name, instead of being promised and ending the process when it is written.</summary>
public sealed unsafe class ProcessMemoryTests
{
    private const long Much = 1L << 50;

    [Fact]
    public void Intermediate_values_that_no_memory_holds_are_refused_and_the_next_batch_is_computed()
    {
        using var pool = new WorkerPool(1);
        using var program = new OneValue(pool);
        Run(program, Much);
        Run(program, 64);
        Assert.Equal(1, program.Runs);

        static void Run(OneValue program, long bytes)
        {
            var sizes = stackalloc nint[] { (nint)bytes, 3 };
            var call = new ProgramCall { Sizes = sizes };
            if (bytes < Much)
            {
                program.Run(call);
                return;
            }
            try
            {
                program.Run(call);
                Assert.Fail("It ran.");
            }
            catch (DeviceMemoryException failure)
            {
                Assert.Matches(@"^There is no room for the intermediate values of OneValue at 1125899906842624 x 3: 1,048,576\.0 GiB are needed in one piece, and this process may use [0-9,]+\.[0-9] in all\. Use smaller batches\.$", failure.Message);
                Assert.InRange(failure.NeededBytes, Much, Much + 4096);
            }
        }
    }

    [Fact]
    public void So_is_a_tensor() => Assert.Contains("There is no room for this: 1,048,576.0 GiB", Assert.Throws<DeviceMemoryException>(() => new NativeBuffer(Much)).Message, StringComparison.Ordinal);

    /// <summary>One value of as many bytes as the first size says.</summary>
    private sealed class OneValue(WorkerPool pool) : CpuProgram(pool, [new BufferLifetime(0, 1)])
    {
        public int Runs { get; private set; }

        protected override int AxisCount => 2;

        protected override ReadOnlySpan<string> Sources => [];

        protected override void Describe(nint* sizes, StepDescriptions descriptions) { }

        protected override void Measure(nint* sizes, Span<long> bytes) => bytes[0] = sizes[0];

        protected override void Execute(in ProgramCall call) => Runs++;
    }
}
