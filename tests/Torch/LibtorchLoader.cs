using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace FeedbackNN.Torch;

/// <summary>
/// Makes TorchSharp load, or says why it does not. TorchSharp 0.107.0's own library was linked with GCC 13 and names the version GLIBCXX_3.4.32 of
/// libstdc++, for one symbol that nothing calls. Systems whose libstdc++ ends at 3.4.30 refuse the library for it, so its copy in the output folder is
/// made to name 3.4.30 instead. Where the system is new enough nothing is changed.
/// </summary>
internal static class LibtorchLoader
{
    private const string TooNew = "GLIBCXX_3.4.32", Available = "GLIBCXX_3.4.30";
    private const uint VersionNeeds = 0x6ffffffe;

    /// <summary>Loads it with a number of threads.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? Load(int threads)
    {
        try
        {
            MakeLoadable(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
            torch.set_num_threads(threads);
            using var one = torch.ones(1);
            return one.item<float>() == 1 ? null : "it computes nonsense";
        }
        catch (Exception exception)
        {
            return exception.GetBaseException().Message;
        }
    }

    private static void MakeLoadable(string path)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || !File.Exists(path)) return;
        var system = File.ReadLines("/proc/self/maps").Select(line => line[(line.LastIndexOf(' ') + 1)..]).FirstOrDefault(file => Path.GetFileName(file).StartsWith("libstdc++.so", StringComparison.Ordinal));
        if (system is null || File.ReadAllBytes(system).AsSpan().IndexOf(Encoding.ASCII.GetBytes(TooNew + "\0")) >= 0) return;
        var file = File.ReadAllBytes(path);
        if (!Rename(file)) return;
        // Moved into place, so that no other process sees half a library.
        var changed = $"{path}.{Environment.ProcessId}";
        File.WriteAllBytes(changed, file);
        File.Move(changed, path, overwrite: true);
    }

    /// <summary>Makes every entry for the version that is too new a second one for the version that is there (ELF: Verneed and Vernaux).</summary>
    private static bool Rename(byte[] file)
    {
        var sections = (int)Long(file, 0x28);
        int size = Short(file, 0x3A), count = Short(file, 0x3C);
        var found = false;
        for (var i = 0; i < count; i++)
        {
            var section = sections + (i * size);
            if (Int(file, section + 4) != VersionNeeds) continue;
            var need = (int)Long(file, section + 24);
            var names = (int)Long(file, sections + ((int)Int(file, section + 40) * size) + 24);
            for (var libraries = Int(file, section + 44); libraries > 0; libraries--)
            {
                found |= RenameOf(file, need, names);
                need += (int)Int(file, need + 12);
            }
        }
        return found;
    }

    private static bool RenameOf(byte[] file, int need, int names)
    {
        int old = 0, available = 0, entry = need + (int)Int(file, need + 8);
        for (var versions = Short(file, need + 2); versions > 0; versions--)
        {
            var name = file.AsSpan(names + (int)Int(file, entry + 8));
            var text = Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]);
            if (text == TooNew) old = entry;
            if (text == Available) available = entry;
            entry += (int)Int(file, entry + 12);
        }
        if (old == 0 || available == 0) return false;
        file.AsSpan(available, 4).CopyTo(file.AsSpan(old)); // the hash of the name
        file.AsSpan(available + 8, 4).CopyTo(file.AsSpan(old + 8)); // where the name stands
        return true;
    }

    private static ushort Short(byte[] file, int place) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(place));

    private static uint Int(byte[] file, int place) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(place));

    private static long Long(byte[] file, int place) => BinaryPrimitives.ReadInt64LittleEndian(file.AsSpan(place));
}
