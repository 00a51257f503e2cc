using System.Text;

namespace FeedbackNN.Runtime.Tests.Data;

public sealed class GzipTests : IDisposable
{
    private static readonly byte[] Content = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(row => $"{row},{row * row % 97}\n")));
    private static readonly byte[] Packed = TemporaryFolder.Pack(Content);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_first_bytes_tell_a_packed_file_not_its_name()
    {
        Assert.Equal(500, Read("t.csv.gz", Packed).RowCount);
        Assert.Equal(500, Read("t.csv", Packed).RowCount);
        Assert.Contains(
            "it is called .gz but does not begin as gzip data does (bytes 1F 8B). Fetch or copy the file again, or rename it if it is not packed.",
            Assert.Throws<DataException>(() => Read("u.csv.gz", Content)).Message);
        Assert.Contains("it is empty", Assert.Throws<DataException>(() => Read("e.csv.gz", [])).Message);
    }

    [Fact]
    public void A_packed_file_cut_short_anywhere_is_noticed()
    {
        for (var length = 2; length < Packed.Length; length++)
        {
            var error = Assert.Throws<DataException>(() => Read("t.csv.gz", Packed[..length]));
            Assert.Contains("it was cut short. Fetch or copy the file again.", error.Message);
        }
    }

    [Fact]
    public void Any_flipped_bit_in_the_data_is_noticed()
    {
        for (var place = 10; place < Packed.Length; place += 3)
        {
            var damaged = (byte[])Packed.Clone();
            damaged[place] ^= (byte)(1 << place % 8);
            Assert.Throws<DataException>(() => Read("t.csv.gz", damaged));
        }
    }

    [Fact]
    public void Packed_files_one_after_another_are_one_file()
    {
        Assert.Equal(1000, Read("two.csv.gz", [.. Packed, .. Packed]).RowCount);
        Assert.Equal(500, Read("empty-end.csv.gz", [.. Packed, .. TemporaryFolder.Pack([])]).RowCount);
        Assert.Contains("it was cut short", Assert.Throws<DataException>(() => Read("cut.csv.gz", [.. Packed, .. Packed[..^1]])).Message);
        Assert.Contains("it was cut short", Assert.Throws<DataException>(() => Read("cut.csv.gz", [.. Packed, .. Packed[..40]])).Message);
        Assert.Contains(
            $"byte {Packed.Length} begins neither gzip data nor the end of the file.", Assert.Throws<DataException>(() => Read("more.csv.gz", [.. Packed, 1, 2, 3])).Message);
    }

    [Fact]
    public void A_header_with_a_name_and_a_comment_is_skipped()
    {
        byte[] named = [.. Packed[..3], 8 + 16 + 4, .. Packed[4..10], 2, 0, 65, 66, .. "t.csv\0"u8, .. "a comment\0"u8, .. Packed[10..]];
        Assert.Equal(500, Read("t.csv.gz", named).RowCount);
        Assert.Equal(1000, Read("t.csv.gz", [.. Packed, .. named]).RowCount);
        Assert.Throws<DataException>(() => Read("t.csv.gz", named[..20]));
    }

    [Fact]
    public void The_checksum_is_that_of_the_standard()
    {
        Crc32 crc = default;
        crc.Append("123456"u8);
        crc.Append("789"u8);
        Assert.Equal(0xCBF43926, crc.Value);

        Crc32 whole = default, pieces = default;
        whole.Append(Content);
        for (var i = 0; i < Content.Length; i += 13)
            pieces.Append(Content.AsSpan(i, Math.Min(13, Content.Length - i)));
        Assert.Equal(whole.Value, pieces.Value);
    }

    private CsvTable Read(string name, byte[] content) => CsvFile.Read(_folder.Write(name, content));
}
