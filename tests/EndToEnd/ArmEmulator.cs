using System.Runtime.InteropServices;
using FeedbackNN.Tests;

namespace FeedbackNN.EndToEnd;

/// <summary>QEMU, in which a program for ARM runs on a machine with another processor: its vectors are those of ARM, bit for bit.</summary>
internal static class ArmEmulator
{
    private const string Emulator = "/usr/bin/qemu-aarch64-static", Libraries = "/usr/aarch64-linux-gnu";

    /// <summary>What stands before the program on the command line.</summary>
    public static string[] Command => [Emulator, "-L", Libraries];

    /// <summary>Skips the test where it is missing, or fails it where <c>FNN_REQUIRE</c> says that this machine has it.</summary>
    public static void Require()
    {
        Skip.If(RuntimeInformation.ProcessArchitecture == Architecture.Arm64, "This machine is an ARM: the other tests say as much.");
        const string Name = "arm";
        Requirement.Check(Name, File.Exists(Emulator), $"there is no {Emulator} (Debian: qemu-user-static)");
        Requirement.Check(Name, File.Exists($"{Libraries}/lib/libstdc++.so.6"), $"there is no C++ library for ARM in {Libraries} (Debian: libstdc++6-arm64-cross)");
    }
}
