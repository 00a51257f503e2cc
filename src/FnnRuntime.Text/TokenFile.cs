using System.Buffers.Binary;
using System.Globalization;
using System.IO.MemoryMappedFiles;
using Microsoft.ML.Tokenizers;

namespace FeedbackNN.Text;

/// <summary>
/// A corpus as tokens in a file, two or four bytes each, read through the file system's cache: it may be larger than memory.
/// Written once by <see cref="Write"/>, then opened as often as training needs it.
/// </summary>
/// <remarks>Reading is safe from several threads at once.</remarks>
public sealed unsafe class TokenFile : IDisposable
{
    private const int HeaderLength = 32;
    private const int FormatVersion = 1;
    private static ReadOnlySpan<byte> Magic => "FNNTOKEN"u8;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _tokens;
    private readonly int _width;

    private TokenFile(MemoryMappedFile file, MemoryMappedViewAccessor view, int width, long length, int vocabularySize)
    {
        (_file, _view, _width, Length, VocabularySize) = (file, view, width, length, vocabularySize);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _tokens = start + view.PointerOffset + HeaderLength;
    }

    /// <summary>How many tokens there are.</summary>
    public long Length { get; }

    /// <summary>All tokens lie in 0 … this - 1.</summary>
    public int VocabularySize { get; }

    /// <summary>Encodes documents into a file: complete, or when it fails not at all. One document is in memory at a time.</summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="documents">The corpus.</param>
    /// <param name="tokenizer">Makes tokens of a text.</param>
    /// <param name="vocabularySize">How many different tokens it can give.</param>
    /// <param name="separator">A token that is put behind each document, such as the end of a text; null for none.</param>
    /// <returns>How many tokens were written.</returns>
    /// <exception cref="DataException">The file can't be written, a document can't be read, or there is not one token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A token is not of the vocabulary.</exception>
    public static long Write(string path, IEnumerable<Document> documents, Tokenizer tokenizer, int vocabularySize, int? separator = null)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        if (separator is { } token) CheckToken(token, vocabularySize, "the separator");
        long count = 0;
        TextFiles.Write(path, stream =>
        {
            var width = WidthFor(vocabularySize);
            Span<byte> header = stackalloc byte[HeaderLength];
            stream.Write(header);
            var buffer = new byte[1 << 16];
            var used = 0;
            foreach (var document in documents)
            {
                foreach (var id in tokenizer.EncodeToIds(document.Text)) Put(CheckToken(id, vocabularySize, document.Source));
                if (separator is { } end) Put(end);
            }
            stream.Write(buffer, 0, used);
            if (count == 0) throw new DataException(null, "the documents have not one token", "Check where they come from and what cleaning leaves of them");
            Magic.CopyTo(header);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], FormatVersion);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], width);
            BinaryPrimitives.WriteInt64LittleEndian(header[16..], count);
            BinaryPrimitives.WriteInt32LittleEndian(header[24..], vocabularySize);
            stream.Position = 0;
            stream.Write(header);

            void Put(int id)
            {
                if (used == buffer.Length)
                {
                    stream.Write(buffer);
                    used = 0;
                }
                if (width == 2) BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(used), (ushort)id);
                else BinaryPrimitives.WriteInt32LittleEndian(buffer.AsSpan(used), id);
                used += width;
                count++;
            }
        });
        return count;
    }

    /// <summary>Opens a file that <see cref="Write"/> has written.</summary>
    /// <exception cref="DataException">The file is not there, of another kind or version, or cut short.</exception>
    public static TokenFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Span<byte> header = stackalloc byte[HeaderLength];
        long bytes;
        using (var stream = DataFile.Open(path))
        {
            if (stream is not FileStream file || file.Length < HeaderLength || file.ReadAtLeast(header, HeaderLength) < HeaderLength || !header.StartsWith(Magic))
                throw new DataException(path, "it is no token file", "Give a file that TokenFile.Write has written");
            bytes = file.Length;
        }
        var version = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        if (version != FormatVersion)
            throw new DataException(path, string.Create(CultureInfo.InvariantCulture, $"it is a token file of version {version}, and this program reads version {FormatVersion}"), "Write it anew");
        var (width, count, vocabulary) = (BinaryPrimitives.ReadInt32LittleEndian(header[12..]), BinaryPrimitives.ReadInt64LittleEndian(header[16..]), BinaryPrimitives.ReadInt32LittleEndian(header[24..]));
        if (vocabulary < 1 || width != WidthFor(vocabulary) || count < 1)
            throw new DataException(path, string.Create(CultureInfo.InvariantCulture, $"its header tells of {count} tokens of {width} bytes from a vocabulary of {vocabulary}, which can't be"), "It is damaged: write or copy it again");
        // By a division: the product of what a damaged header says may be too large for a number.
        if ((bytes - HeaderLength) / width != count || (bytes - HeaderLength) % width != 0)
            throw new DataException(path, string.Create(CultureInfo.InvariantCulture, $"it has {bytes} bytes, which is not a header of {HeaderLength} and {count} tokens of {width}"), "It is damaged: write or copy it again");
        var mapped = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        return new TokenFile(mapped, mapped.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read), width, count, vocabulary);
    }

    /// <summary>Copies tokens from a position on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not as many behind the position.</exception>
    public void Read(long start, Span<int> tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length - tokens.Length);
        ObjectDisposedException.ThrowIf(_view.SafeMemoryMappedViewHandle.IsClosed, this);
        if (_width == 4)
        {
            for (var i = 0; i < tokens.Length; i++) tokens[i] = BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(_tokens + ((start + i) * 4), 4));
            return;
        }
        for (var i = 0; i < tokens.Length; i++) tokens[i] = BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(_tokens + ((start + i) * 2), 2));
    }

    /// <summary>
    /// Pieces of the corpus as samples: so many tokens each, every one beginning so many behind the one before. For a language model, with one token more than its context:
    /// <c>file.Windows(context + 1, context).Select(w => new Fit.Sample(w[..^1], w[1..]))</c>.
    /// </summary>
    /// <param name="length">Tokens of a window.</param>
    /// <param name="stride">From one window's beginning to the next; the length where it isn't given, so that no token is in two.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length or the stride is below 1, or the corpus is shorter than a window, or there are more windows than an int counts.</exception>
    public IDataSource<ReadOnlyMemory<int>> Windows(int length, int? stride = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        var step = stride ?? length;
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1, nameof(stride));
        var count = ((Length - length) / step) + 1;
        if (count > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(stride), step, string.Create(CultureInfo.InvariantCulture, $"That makes {count} windows, more than a data source can have: take a longer stride."));
        return DataSource.From((int)count, index =>
        {
            var tokens = new int[length];
            Read((long)index * step, tokens);
            return (ReadOnlyMemory<int>)tokens;
        });
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (_view.SafeMemoryMappedViewHandle.IsClosed) return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static int WidthFor(int vocabularySize) => vocabularySize <= 1 << 16 ? 2 : 4;

    private static int CheckToken(int token, int vocabularySize, string where) => (uint)token < (uint)vocabularySize
        ? token
        : throw new ArgumentOutOfRangeException(
            nameof(vocabularySize), vocabularySize, string.Create(CultureInfo.InvariantCulture, $"{(where.Length == 0 ? "A document" : where)} has token {token}, and tokens lie in 0..{vocabularySize - 1}."));
}
