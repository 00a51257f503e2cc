using FeedbackNN;

namespace Mnist;

/// <summary>MNIST: 60,000 handwritten digits to learn from and 10,000 to be tested on, 28x28 each (LeCun, Cortes and Burges).</summary>
internal sealed record MnistData(IDataSource<Fit.Sample> Train, IDataSource<Fit.Sample> Test)
{
    // The files as their authors packed them, at two places that many programs fetch them from.
    private static readonly string[] Homes = ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"];

    private static readonly (string Name, string Sha256)[] Files =
    [
        ("train-images-idx3-ubyte", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        ("train-labels-idx1-ubyte", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        ("t10k-images-idx3-ubyte", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        ("t10k-labels-idx1-ubyte", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ];

    /// <summary>The folder with the files that <c>FNN_DATA</c> names, by itself or as its folder <c>mnist</c>; else this user's cache, into which they are fetched.</summary>
    /// <exception cref="DataException">They are not there, or can't be fetched.</exception>
    public static async Task<string> FindAsync()
    {
        if (Environment.GetEnvironmentVariable("FNN_DATA") is { Length: > 0 } given)
        {
            var below = Path.Combine(given, "mnist");
            return Directory.Exists(below) ? below : given;
        }
        var cache = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "FeedbackNN", "mnist");
        await FetchAsync(cache);
        return cache;
    }

    /// <summary>Fetches what is not in the folder yet, 11 MB in all.</summary>
    /// <exception cref="DataException">A file can't be fetched.</exception>
    public static async Task FetchAsync(string folder, HttpClient? client = null)
    {
        foreach (var (name, sha256) in Files)
            await DataDownload.FetchAsync(Path.Combine(folder, name + ".gz"), [.. Homes.Select(home => new Uri($"{home}{name}.gz"))], sha256, client);
    }

    /// <summary>Reads the four files, packed (<c>.gz</c>) or not.</summary>
    /// <exception cref="DataException">One is missing or is not what it should be, or the pictures are not 28x28.</exception>
    public static MnistData Read(string folder) => new(ReadPart(folder, "train"), ReadPart(folder, "t10k"));

    private static IDataSource<Fit.Sample> ReadPart(string folder, string part)
    {
        var images = PathOf(folder, part + "-images-idx3-ubyte");
        var digits = IdxFile.ReadLabelled(images, PathOf(folder, part + "-labels-idx1-ubyte"), Classes.Size);
        if (digits.Width != Pixels.Size)
            throw new DataException(images, $"its pictures have {digits.Width} pixels and those of MNIST {Pixels.Size}", "Check that it is the right file");
        return digits.Select(digit => new Fit.Sample(digit.Features, digit.Label));
    }

    private static string PathOf(string folder, string name)
    {
        var plain = Path.Combine(folder, name);
        return File.Exists(plain) ? plain : plain + ".gz";
    }
}
