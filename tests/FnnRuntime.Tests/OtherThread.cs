namespace FeedbackNN.Runtime.Tests;

/// <summary>A call on a thread of its own, which has ended when it returns.</summary>
internal static class OtherThread
{
    /// <summary>What the call throws; null for nothing.</summary>
    public static Exception? Run(Action use)
    {
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(use));
        thread.Start();
        thread.Join();
        return thrown;
    }
}
