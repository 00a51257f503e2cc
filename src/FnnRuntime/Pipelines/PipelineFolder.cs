namespace FeedbackNN;

/// <summary>The folder of a pipeline while one process runs it.</summary>
internal sealed class PipelineFolder : IDisposable
{
    private readonly FolderLock _lock;

    /// <exception cref="CheckpointException">Another process runs a pipeline here, or the folder can't be written.</exception>
    public PipelineFolder(string path)
    {
        StatePath = Path.Combine(path, "pipeline.safetensors");
        _lock = FolderLock.Take(path, "pipeline.lock", FileOptions.None, why => $"no pipeline can run in this folder: {why}. Wait until another that runs here has ended, or take another folder.");
    }

    /// <summary>The file with everything that a run needs to go on.</summary>
    public string StatePath { get; }

    public void Dispose() => _lock.Dispose();
}
