using System.Diagnostics;

namespace FeedbackNN.Tests;

/// <summary>
/// A program that is killed without warning, again and again, and started anew on what it left: three times as a rule, thirty with <c>FNN_SLOW=1</c>. The program is the assembly of the tests.
/// </summary>
internal static class Kills
{
    /// <summary>Whether the moment to kill has come. It returns at the moment, or when the process has ended.</summary>
    /// <param name="process">The program, whose output nobody else reads.</param>
    /// <param name="folder">What it was given.</param>
    /// <param name="left">How many kills are left, this one included.</param>
    public delegate bool Moment(Process process, string folder, int left);

    /// <param name="argument">What the program is started with, before the folder.</param>
    /// <param name="folder">Where each run keeps its state, by its number.</param>
    /// <param name="moment">When it is killed.</param>
    /// <param name="left">Looks at what a kill or the end has left in the folder.</param>
    /// <param name="ended">Looks at a run that has come to its end.</param>
    public static void Run(string argument, Func<int, string> folder, Moment moment, Action<string> left, Action<string> ended)
    {
        var wanted = SlowRun.Count(3, slow: 30);
        var kills = 0;
        // On a busy machine a run may end before anybody looks: then another one is killed.
        for (var run = 0; kills < wanted; run++)
        {
            Assert.True(run < 10 * wanted, "Runs end before they can be killed.");
            var path = folder(run);
            int code;
            do
            {
                using var process = Start(argument, path);
                var isKilled = kills < wanted && moment(process, path, wanted - kills);
                if (isKilled)
                {
                    process.Kill();
                    kills++;
                }
                process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                code = process.ExitCode;
                left(path);
                Assert.True(isKilled || code == 0, $"It ended by itself, with {code}.");
            }
            while (code != 0);
            ended(path);
        }
    }

    private static Process Start(string argument, string folder) => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["exec", typeof(Kills).Assembly.Location, argument, folder])
    {
        RedirectStandardOutput = true, UseShellExecute = false,
    })!;
}
