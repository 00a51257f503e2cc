using System;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;

/// <summary>
/// A build task that copies TorchSharp's own library so that it loads here. TorchSharp 0.107.0 was linked with GCC 13 and names the version GLIBCXX_3.4.32
/// of libstdc++, for one symbol that nothing calls. Systems whose libstdc++ ends at 3.4.30 refuse the library for it, so the copy names 3.4.30 instead.
/// Where the system is new enough, or the library is another one, the copy is the same, byte for byte.
/// </summary>
public sealed class LoadableLibrary : Microsoft.Build.Utilities.Task
{
    private const string TooNew = "GLIBCXX_3.4.32", Available = "GLIBCXX_3.4.30";
    private const uint VersionNeeds = 0x6ffffffe;
    private byte[] _file;

    /// <summary>The library of the package.</summary>
    [Required]
    public string Library { get; set; }

    /// <summary>Where the copy goes.</summary>
    [Required]
    public string Result { get; set; }

    public override bool Execute()
    {
        _file = File.ReadAllBytes(Library);
        var isElf64 = _file.Length > 64 && Int(0) == 0x464C457F && _file[4] == 2;
        if (isElf64 && !SystemHas(TooNew) && Rename()) Log.LogMessage(MessageImportance.Normal, "{0} names {1} instead of {2}.", Result, Available, TooNew);
        Directory.CreateDirectory(Path.GetDirectoryName(Result));
        // Moved into place, so that nobody loads half a library.
        var partial = Result + ".partial";
        File.WriteAllBytes(partial, _file);
        if (File.Exists(Result)) File.Delete(Result);
        File.Move(partial, Result);
        return true;
    }

    /// <summary>The build runs in .NET, which has loaded the system's libstdc++. Where it is not found, it counts as new enough: then nothing is changed.</summary>
    private static bool SystemHas(string version)
    {
        var system = File.ReadLines("/proc/self/maps").Select(line => line.Substring(line.LastIndexOf(' ') + 1))
            .FirstOrDefault(file => Path.GetFileName(file).StartsWith("libstdc++.so", StringComparison.Ordinal));
        return system == null || Encoding.ASCII.GetString(File.ReadAllBytes(system)).Contains(version + "\0");
    }

    /// <summary>Makes every entry for the version that is too new a second one for the version that is there (ELF: Verneed and Vernaux).</summary>
    private bool Rename()
    {
        var sections = (int)Long(0x28);
        int size = Short(0x3A), count = Short(0x3C);
        var found = false;
        for (var i = 0; i < count; i++)
        {
            var section = sections + (i * size);
            if (Int(section + 4) != VersionNeeds) continue;
            var need = (int)Long(section + 24);
            var names = (int)Long(sections + ((int)Int(section + 40) * size) + 24);
            for (var libraries = Int(section + 44); libraries > 0; libraries--)
            {
                found |= RenameIn(need, names);
                need += (int)Int(need + 12);
            }
        }
        return found;
    }

    private bool RenameIn(int need, int names)
    {
        int old = 0, available = 0, entry = need + (int)Int(need + 8);
        for (var versions = Short(need + 2); versions > 0; versions--)
        {
            var name = names + (int)Int(entry + 8);
            var text = Encoding.ASCII.GetString(_file, name, Array.IndexOf(_file, (byte)0, name) - name);
            if (text == TooNew) old = entry;
            if (text == Available) available = entry;
            entry += (int)Int(entry + 12);
        }
        if (old == 0 || available == 0) return false;
        Array.Copy(_file, available, _file, old, 4); // the hash of the name
        Array.Copy(_file, available + 8, _file, old + 8, 4); // where the name stands
        return true;
    }

    private ushort Short(int place) => BitConverter.ToUInt16(_file, place);

    private uint Int(int place) => BitConverter.ToUInt32(_file, place);

    private long Long(int place) => BitConverter.ToInt64(_file, place);
}
