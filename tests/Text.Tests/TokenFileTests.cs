using System.Buffers.Binary;
using FeedbackNN.Runtime.Tests;
using Microsoft.ML.Tokenizers;

namespace FeedbackNN.Text.Tests;

public sealed class TokenFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CharacterTokenizer _tokenizer = CharacterTokenizer.Train([new Document("abcdefgh")]);

    public void Dispose() => _folder.Dispose();

    private string Write(int vocabularySize = 9, int? separator = 8)
    {
        TokenFile.Write(_folder["t"], [new Document("abc"), new Document("hgfed")], _tokenizer, vocabularySize, separator);
        return _folder["t"];
    }

    [Theory]
    [InlineData(9)]
    [InlineData(1 << 16)]
    [InlineData((1 << 16) + 1)]
    public void What_is_written_is_read(int vocabularySize)
    {
        using var file = TokenFile.Open(Write(vocabularySize));
        Assert.Equal((10, vocabularySize), (file.Length, file.VocabularySize));
        var tokens = new int[10];
        file.Read(0, tokens);
        Assert.Equal([0, 1, 2, 8, 7, 6, 5, 4, 3, 8], tokens);
        file.Read(4, tokens.AsSpan(0, 2));
        Assert.Equal([7, 6], tokens[..2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(9, new int[2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(-1, new int[2]));
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read(0, new int[2]));
    }

    [Fact]
    public void Windows_cover_the_corpus()
    {
        using var file = TokenFile.Open(Write());
        Assert.Equal([[0, 1, 2], [8, 7, 6], [5, 4, 3]], All(file.Windows(3)));
        Assert.Equal([[0, 1, 2], [2, 8, 7], [7, 6, 5], [5, 4, 3]], All(file.Windows(3, stride: 2)));
        Assert.Equal(1, file.Windows(10).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Windows(11));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Windows(3, stride: 0));

        static int[][] All(IDataSource<ReadOnlyMemory<int>> windows) => [.. Enumerable.Range(0, windows.Count).Select(i => windows[i].ToArray())];
    }

    [Fact]
    public void Long_corpora_are_written_piece_by_piece()
    {
        var documents = Enumerable.Range(0, 30_000).Select(i => new Document("abcdefgh"[..((i % 8) + 1)]));
        var count = TokenFile.Write(_folder["t"], documents, _tokenizer, 8);
        using var file = TokenFile.Open(_folder["t"]);
        Assert.Equal((135_000, 135_000), (count, file.Length));
        var tokens = new int[file.Length];
        file.Read(0, tokens);
        Assert.Equal(Enumerable.Range(0, 30_000).SelectMany(i => Enumerable.Range(0, (i % 8) + 1)), tokens);
    }

    [Fact]
    public void Nothing_is_left_of_a_file_that_fails()
    {
        Assert.Contains("has token 7, and tokens lie in 0..6", Assert.Throws<ArgumentOutOfRangeException>(() => Write(vocabularySize: 7, separator: null)).Message);
        Assert.Throws<DataException>(() => TokenFile.Write(_folder["t"], [], _tokenizer, 8));
        Assert.Contains("there is no folder", Assert.Throws<DataException>(() => TokenFile.Write(_folder["no/t"], [new Document("a")], _tokenizer, 8)).Message);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_damaged_file_is_refused()
    {
        var good = File.ReadAllBytes(Write());
        for (var length = 0; length < good.Length; length++) Refused(good[..length]);
        Refused([.. good, 0]);
        foreach (var place in (int[])[0, 8, 12, 16, 24])
        {
            var bad = good.ToArray();
            bad[place] ^= 0x55;
            if (place == 24) BinaryPrimitives.WriteInt32LittleEndian(bad.AsSpan(24), 1 << 20);
            Refused(bad);
        }

        // With tokens of four bytes, 2⁶² of them more are as many bytes in 64 bits.
        var wide = File.ReadAllBytes(Write(vocabularySize: 1 << 17));
        wide[23] ^= 0x40;
        Refused(wide);
        // What is wrong with the header is not told as a wrong length.
        var narrow = good.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(narrow.AsSpan(24), 1 << 20);
        Assert.Contains($"from a vocabulary of {1 << 20}, which can't be", Assert.Throws<DataException>(() => TokenFile.Open(_folder.Write("bad", narrow))).Message);

        void Refused(byte[] content) => Assert.Contains(_folder["bad"], Assert.Throws<DataException>(() => TokenFile.Open(_folder.Write("bad", content))).Message);
    }
}
