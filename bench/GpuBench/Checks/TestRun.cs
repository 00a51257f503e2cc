using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace GpuBench.Checks;

/// <summary>Runs tests of an assembly in this process, one after the other, without the test platform, which a machine without .NET does not have.</summary>
internal static class TestRun
{
    /// <param name="assembly">Which has the tests.</param>
    /// <param name="isWanted">Which of them run.</param>
    /// <param name="outcomes">Is told of each that ends.</param>
    public static void Run(Assembly assembly, Func<ITestCase, bool> isWanted, TestOutcomes outcomes)
    {
        using var framework = new XunitTestFramework(new Sink(outcomes.Add));
        var options = new Options();
        options.SetValue("xunit.execution.DisableParallelization", (bool?)true);
        var cases = new List<ITestCase>();
        using (var discoverer = framework.GetDiscoverer(Reflector.Wrap(assembly)))
        {
            Wait<IDiscoveryCompleteMessage>(sink => discoverer.Find(includeSourceInformation: false, sink, options), message =>
            {
                if (message is ITestCaseDiscoveryMessage found && isWanted(found.TestCase)) cases.Add(found.TestCase);
            });
        }
        if (cases.Count == 0) return;
        using var executor = framework.GetExecutor(assembly.GetName());
        Wait<ITestAssemblyFinished>(sink => executor.RunTests(cases, sink, options), outcomes.Add);
    }

    private static void Wait<TLast>(Action<IMessageSink> start, Action<IMessageSinkMessage> take)
    {
        using var ended = new ManualResetEventSlim();
        start(new Sink(message =>
        {
            take(message);
            if (message is TLast) ended.Set();
        }));
        ended.Wait();
    }

    private sealed class Sink(Action<IMessageSinkMessage> take) : Xunit.LongLivedMarshalByRefObject, IMessageSink
    {
        private readonly Lock _gate = new();

        public bool OnMessage(IMessageSinkMessage message)
        {
            lock (_gate) take(message);
            return true;
        }
    }

    /// <summary>All settings as xunit has them, but for those that are set.</summary>
    private sealed class Options : ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
    {
        private readonly Dictionary<string, object?> _values = [];

        public TValue GetValue<TValue>(string name) => _values.TryGetValue(name, out var value) ? (TValue)value! : default!;

        public void SetValue<TValue>(string name, TValue value) => _values[name] = value;
    }
}
