using System.Runtime.CompilerServices;

namespace FeedbackNN.Generator.Tests;

/// <summary>Finds files of the repository, from where this file was compiled.</summary>
internal static class Repository
{
    public static string PathOf(params string[] parts) => Path.Combine([Root(), .. parts]);

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
