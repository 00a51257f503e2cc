using System.Runtime.CompilerServices;

namespace FeedbackNN.Examples.Tests;

/// <summary>
/// Real data that the project does not ship: in the folder that <c>FNN_DATA</c> names, else in <c>../shared/data</c> beside the repository. Tests that want a set that is
/// not there are skipped with a message that says so.
/// </summary>
internal static class SharedData
{
    public static string Find(string set)
    {
        var given = Environment.GetEnvironmentVariable("FNN_DATA");
        var folder = Path.Combine(given ?? Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "..", "shared", "data")), set);
        Skip.IfNot(Directory.Exists(folder), $"There is no data set '{set}': set FNN_DATA to a folder that has it.");
        return folder;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
