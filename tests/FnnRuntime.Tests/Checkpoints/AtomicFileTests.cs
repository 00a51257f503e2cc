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
