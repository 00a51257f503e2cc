using FeedbackNN.Tests;

namespace FeedbackNN.EndToEnd;

/// <summary>What NativeAOT needs of a machine beside the SDK: a linker, the headers of zlib, and a package source that has the compiler.</summary>
internal static class NativeTools
{
    private const string Name = "aot";

    /// <summary>Skips the test where something is missing, or fails it where <c>FNN_REQUIRE</c> says that this machine has it all.</summary>
    public static void RequireLinker()
    {
        if (!OperatingSystem.IsLinux()) return; // elsewhere the SDK finds or names what is missing
        Requirement.Check(Name, IsOnPath("clang") || IsOnPath("gcc"), "there is no clang and no gcc on the path");
        Requirement.Check(Name, File.Exists("/usr/include/zlib.h"), "there is no /usr/include/zlib.h (Debian: zlib1g-dev)");
    }

    /// <summary>The same for what a publish has printed: packages that no source has are not the program's fault.</summary>
    public static void RequirePackages(string publishOutput) =>
        Requirement.Check(Name, !publishOutput.Contains("NU1101") && !publishOutput.Contains("NU1301"), $"a package of the SDK's compilers cannot be restored:\n{publishOutput}");

    private static bool IsOnPath(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, command)));
}
