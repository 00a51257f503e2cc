namespace FeedbackNN;

/// <summary>The folder of a pipeline while one process runs it: nobody else may meanwhile, and what a killed one left half-written goes.</summary>
internal sealed class PipelineFolder : IDisposable
{
    private const string StateName = "pipeline.safetensors";
    private readonly FileStream _lock;

    private PipelineFolder(string path, FileStream taken)
    {
        StatePath = Path.Combine(path, StateName);
        _lock = taken;
    }

    /// <summary>The file with everything that a run needs to go on.</summary>
    public string StatePath { get; }

    /// <exception cref="CheckpointException">Another process runs a pipeline here, or the folder can't be written.</exception>
    public static PipelineFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            // The system lets go of it when the process ends, however it ends.
            var taken = new FileStream(Path.Combine(path, "pipeline.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            foreach (var left in Directory.GetFiles(path, StateName + ".*.tmp")) File.Delete(left);
            return new PipelineFolder(path, taken);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"no pipeline can run in this folder: {error.Message.TrimEnd('.')}. Wait until another that runs here has ended, or take another folder.", error);
        }
    }

    public void Dispose() => _lock.Dispose();
}
