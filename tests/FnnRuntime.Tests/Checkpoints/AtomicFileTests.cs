namespace FeedbackNN.Runtime.Tests.Checkpoints;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_nothing_else()
    {
        var path = _folder.Write("m.safetensors", "old");
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.Equal("old", File.ReadAllText(path));
            throw new InvalidOperationException();
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_full_disk_is_told_with_the_file()
    {
        var path = _folder.Write("m.safetensors", "old");
        var error = Assert.Throws<CheckpointException>(() => AtomicFile.Write(path, _ => throw new IOException("No space left on device")));
        Assert.Equal($"{path}: it could not be written: No space left on device", error.Message);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_write_replaces_the_old_file()
    {
        var path = _folder.Write("m.safetensors", "old and long");
        AtomicFile.Write(path, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_link_stays_a_link_to_the_file_that_is_replaced()
    {
        if (OperatingSystem.IsWindows()) return;
        Directory.CreateDirectory(_folder["disk"]);
        var file = _folder.Write("disk/m.safetensors", "old");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(_folder["m.safetensors"], file);
        File.CreateSymbolicLink(_folder["new.safetensors"], _folder["disk/new.safetensors"]);
        AtomicFile.Write(_folder["m.safetensors"], stream => stream.Write("new"u8));
        AtomicFile.Write(_folder["new.safetensors"], stream => stream.Write("first"u8));
        Assert.Equal("new", File.ReadAllText(file));
        Assert.Equal("first", File.ReadAllText(_folder["disk/new.safetensors"]));
        Assert.Equal(file, new FileInfo(_folder["m.safetensors"]).LinkTarget);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        File.CreateSymbolicLink(_folder["circle"], _folder["circle"]);
        Assert.Throws<CheckpointException>(() => AtomicFile.Write(_folder["circle"], stream => stream.Write("new"u8)));
    }

    [Fact]
    public void A_file_that_may_not_be_written_is_not_replaced()
    {
        var path = _folder.Write("m.safetensors", "old");
        File.SetAttributes(path, FileAttributes.ReadOnly);
        try
        {
            var error = Assert.Throws<CheckpointException>(() => AtomicFile.Write(path, stream => stream.Write("new"u8)));
            Assert.Equal($"{path}: it could not be written: the file is read-only", error.Message);
            Assert.Equal("old", File.ReadAllText(path));
        }
        finally
        {
            File.SetAttributes(path, FileAttributes.Normal);
        }
    }

    [Fact]
    public void No_file_takes_the_place_of_a_device()
    {
        if (OperatingSystem.IsWindows()) return;
        // Of a name that no device has: a test that fails is to do no harm.
        var path = $"/dev/feedbacknn-{Guid.NewGuid():N}";
        try
        {
            Assert.Contains("it is the place of a device", Assert.Throws<CheckpointException>(() => AtomicFile.Write(path, stream => stream.Write("new"u8))).Message);
            Assert.False(File.Exists(path));
        }
        finally
        {
            File.Delete(path);
        }
        Assert.True(AtomicFile.IsDevice("/dev/null"));
        Assert.False(AtomicFile.IsDevice("/dev/shm/m.safetensors"));
        Assert.False(AtomicFile.IsDevice("/device/m.safetensors"));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_told()
    {
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Write(_folder["none/m.safetensors"], []));
        Assert.EndsWith($"there is no folder {_folder["none"]}; make it first", error.Message);
    }

    [Fact]
    public void A_folder_in_the_files_place_is_told_and_left_alone()
    {
        Directory.CreateDirectory(_folder["m.safetensors"]);
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Write(_folder["m.safetensors"], []));
        Assert.True(Directory.Exists(_folder["m.safetensors"]));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}
