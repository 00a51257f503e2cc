using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;

namespace FeedbackNN.Runtime.Tests.Data;

public sealed class DataDownloadTests : IDisposable
{
    private static readonly byte[] Content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("seven digits ", 20_000)));
    private static readonly string Checksum = Convert.ToHexString(SHA256.HashData(Content));
    private static readonly Uri First = new("https://first.example/digits.gz"), Second = new("https://second.example/digits.gz");

    private readonly TemporaryFolder _folder = new();
    private readonly List<Uri> _asked = [];

    private string Target => System.IO.Path.Combine(_folder.Path, "cache", "digits.gz");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_is_fetched_once_and_kept()
    {
        using var client = Serving(_ => Answer(Content));
        await DataDownload.FetchAsync(Target, [First, Second], Checksum, client);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        await DataDownload.FetchAsync(Target, [First, Second], Checksum.ToLowerInvariant(), client);
        Assert.Equal([First], _asked);
    }

    [Fact]
    public async Task The_next_address_is_asked_when_one_has_not_got_it()
    {
        using var client = Serving(uri => uri == First ? new HttpResponseMessage(HttpStatusCode.NotFound) : Answer(Content));
        await DataDownload.FetchAsync(Target, [First, Second], Checksum, client);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
        Assert.Equal([First, Second], _asked);
    }

    [Fact]
    public async Task A_file_that_was_damaged_is_fetched_again()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Target)!);
        await File.WriteAllBytesAsync(Target, Content[..1000]);
        using var client = Serving(_ => Answer(Content));
        await DataDownload.FetchAsync(Target, [First], Checksum, client);
        Assert.Equal(Content, await File.ReadAllBytesAsync(Target));
    }

    [Fact]
    public async Task What_is_wrong_with_each_address_is_said_and_nothing_is_left()
    {
        using var client = Serving(uri => uri == First ? new HttpResponseMessage(HttpStatusCode.Forbidden) : Answer([1, 2, 3]));
        var error = await Assert.ThrowsAsync<DataException>(() => DataDownload.FetchAsync(Target, [First, Second], Checksum, client));
        Assert.StartsWith($"{Target}: it could not be fetched: {First} answers 403 (Forbidden); what {Second} has is another file, of SHA-256 039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81 and not ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_nothing()
    {
        using var client = Serving(_ => new HttpResponseMessage { Content = new StreamContent(new BreakingStream(Content, 100_000)) });
        var error = await Assert.ThrowsAsync<DataException>(() => DataDownload.FetchAsync(Target, [First], Checksum, client));
        Assert.Contains($"{First} can't be read (The connection broke", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Cancelling_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        using var client = Serving(_ =>
        {
            stop.Cancel();
            return Answer(Content);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => DataDownload.FetchAsync(Target, [First], Checksum, client, stop.Token));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_folder_that_can_not_be_made_is_told_of()
    {
        _folder.Write("cache", "a file where the folder would be");
        using var client = Serving(_ => Answer(Content));
        var error = await Assert.ThrowsAsync<DataException>(() => DataDownload.FetchAsync(Target, [First], Checksum, client));
        Assert.StartsWith(Target, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("zz9058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81")]
    public async Task A_checksum_that_is_none_is_refused(string checksum) =>
        await Assert.ThrowsAsync<ArgumentException>(() => DataDownload.FetchAsync(Target, [First], checksum));

    private static HttpResponseMessage Answer(byte[] content) => new() { Content = new ByteArrayContent(content) };

    private HttpClient Serving(Func<Uri, HttpResponseMessage> answer) => new(new Server(uri =>
    {
        _asked.Add(uri);
        return answer(uri);
    }));

    private sealed class Server(Func<Uri, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request.RequestUri!));
    }

    // As a response ends whose connection is lost.
    private sealed class BreakingStream(byte[] content, int length) : MemoryStream(content, 0, length)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Position < Length
            ? base.ReadAsync(buffer, cancellationToken)
            : ValueTask.FromException<int>(new HttpIOException(HttpRequestError.ResponseEnded, "The connection broke."));
    }
}
