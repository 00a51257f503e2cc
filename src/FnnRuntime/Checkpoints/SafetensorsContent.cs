using Microsoft.Win32.SafeHandles;

namespace FeedbackNN;

/// <summary>
/// An opened safetensors file whose header has been checked in full. The tensors stay in the file until they are copied out, one after another, so
/// that a large model is never in memory twice. May be read from several threads at once.
/// </summary>
public sealed unsafe class SafetensorsContent : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly long _dataStart;
    private readonly Dictionary<string, SafetensorsTensor> _byName;

    internal SafetensorsContent(
        string path, SafeFileHandle file, long dataStart, IReadOnlyList<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        _path = path;
        _file = file;
        _dataStart = dataStart;
        _byName = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The tensors in the order in which their bytes lie in the file.</summary>
    public IReadOnlyList<SafetensorsTensor> Tensors { get; }

    /// <summary>The free text that the file carries; empty when it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name, or null.</summary>
    public SafetensorsTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Copies a tensor's bytes.</summary>
    /// <exception cref="CheckpointException">The file has no such tensor, or can't be read any more.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    public void CopyTo(string name, Span<byte> destination)
    {
        fixed (byte* pointer = destination)
            CopyTo(name, pointer, destination.Length);
    }

    /// <summary>Copies a tensor's bytes into native memory.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="destination">Where the first byte goes.</param>
    /// <param name="byteLength">The size of the memory; must be the tensor's.</param>
    /// <exception cref="CheckpointException">The file has no such tensor, or can't be read any more.</exception>
    /// <exception cref="ArgumentException"><paramref name="byteLength"/> is not the tensor's length.</exception>
    public void CopyTo(string name, void* destination, long byteLength)
    {
        var tensor = Require(name);
        if (byteLength != tensor.ByteLength)
            throw new ArgumentException($"'{name}' has {tensor.ByteLength} bytes, and the destination {byteLength}.", nameof(byteLength));

        const int piece = 1 << 24;
        long done = 0;
        while (done < byteLength)
        {
            var target = new Span<byte>((byte*)destination + done, (int)Math.Min(piece, byteLength - done));
            int read;
            try
            {
                read = RandomAccess.Read(_file, target, _dataStart + tensor.Offset + done);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointException(_path, $"'{name}' could not be read: {error.Message}", error);
            }
            if (read == 0)
                throw new CheckpointException(_path, $"the file became shorter while '{name}' was read.");
            done += read;
        }
    }

    /// <summary>A tensor's elements in a new array.</summary>
    /// <typeparam name="T">The C# type that is the tensor's element type: float for F32 and so on.</typeparam>
    /// <exception cref="CheckpointException">The file has no such tensor, it has another element type, or it is too large for an array.</exception>
    public T[] ToArray<T>(string name)
        where T : unmanaged
    {
        var tensor = Require(name);
        var wanted = SafetensorsShape.DtypeOf<T>();
        if (tensor.Dtype != wanted)
            throw new CheckpointException(_path, $"'{tensor}' was asked for as {wanted.Name()}.");
        if (tensor.ElementCount > Array.MaxLength)
            throw new CheckpointException(_path, $"'{tensor}' does not fit an array; copy it to native memory.");

        var values = new T[tensor.ElementCount];
        fixed (T* pointer = values)
            CopyTo(name, pointer, tensor.ByteLength);
        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private SafetensorsTensor Require(string name) =>
        Find(name) ?? throw new CheckpointException(_path, $"it has no tensor '{name}'.");
}
