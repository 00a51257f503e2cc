using System.IO.Compression;
using System.Net;
using Mnist;

namespace FeedbackNN.Examples.Tests;

/// <summary>The example's way from files to a trained network, on small files of its own: bars in ten places, which take the digits' part.</summary>
public sealed class MnistTests : IDisposable
{
    private const int Side = 28;

    private readonly string _folder = Directory.CreateTempSubdirectory("fnn-mnist").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_network_learns_from_files_packed_or_not()
    {
        WritePart("train", 300, isPacked: true);
        WritePart("t10k", 100, isPacked: false);
        var data = MnistData.Read(_folder);
        Assert.Equal((300, 100), (data.Train.Count, data.Test.Count));
        using var net = new Reader(seed: 1);
        using var untrained = new Fit(net, seed: 1);
        var before = untrained.Evaluate(data.Test).Accuracy;
        var after = Training.Run(net, data, epochs: 3, seed: 1).Accuracy;
        // Nine steps.
        Assert.True(after > 0.6 && after > before + 0.3, $"accuracy {before} before, {after} after");
    }

    [Fact]
    public void Pictures_of_another_size_are_refused()
    {
        WritePart("train", 10, isPacked: false, side: 8);
        var error = Assert.Throws<DataException>(() => MnistData.Read(_folder));
        Assert.EndsWith("its pictures have 64 pixels and those of MNIST 784. Check that it is the right file.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Assert.Throws<DataException>(() => MnistData.Read(_folder));
        Assert.StartsWith(Path.Combine(_folder, "train-images-idx3-ubyte.gz") + ": there is no such file", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The files are asked for at both homes, and what is another file than MNIST's does not get into the cache.</summary>
    [Fact]
    public async Task What_is_fetched_is_MNIST_or_an_error()
    {
        var asked = new List<Uri>();
        using var client = new HttpClient(new Server(asked));
        var error = await Assert.ThrowsAsync<DataException>(() => MnistData.FetchAsync(_folder, client));
        Assert.Equal(["ossci-datasets.s3.amazonaws.com", "storage.googleapis.com"], asked.Select(uri => uri.Host));
        Assert.Contains("answers 404 (Not Found); what https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz has is another file, of SHA-256 ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    private void WritePart(string part, int count, bool isPacked, int side = Side)
    {
        var random = new Random(count);
        var labels = Enumerable.Range(0, count).Select(_ => random.Next(10)).ToArray();
        var pixels = labels.SelectMany(label => Enumerable.Range(0, side * side).Select(place => (byte)(IsBar(label, place / side, place % side) ? 255 : random.Next(40))));
        Write($"{part}-images-idx3-ubyte", [0, 0, 8, 3, .. Number(count), .. Number(side), .. Number(side), .. pixels], isPacked);
        Write($"{part}-labels-idx1-ubyte", [0, 0, 8, 1, .. Number(count), .. labels.Select(label => (byte)label)], isPacked);
    }

    // Five lengths of bars that stand, five of bars that lie: what moving a picture does not change.
    private static bool IsBar(int label, int row, int column)
    {
        var length = 4 + (4 * (label % 5));
        return label < 5 ? row is >= 12 and < 16 && column >= 4 && column < 4 + length : column is >= 12 and < 16 && row >= 4 && row < 4 + length;
    }

    private static byte[] Number(int value) => [0, 0, (byte)(value >> 8), (byte)value];

    private void Write(string name, byte[] content, bool isPacked)
    {
        using var file = File.Create(Path.Combine(_folder, isPacked ? name + ".gz" : name));
        using Stream stream = isPacked ? new GZipStream(file, CompressionLevel.Fastest) : file;
        stream.Write(content);
    }

    private sealed class Server(List<Uri> asked) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            asked.Add(request.RequestUri!);
            return Task.FromResult(request.RequestUri!.Host.StartsWith("ossci", StringComparison.Ordinal) ? new HttpResponseMessage(HttpStatusCode.NotFound) : new HttpResponseMessage { Content = new ByteArrayContent([1, 2, 3]) });
        }
    }
}
